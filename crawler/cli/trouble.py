"""What a person should look into after a run, in a sentence. Pure functions of its report.

Not here: alarms, which compare a run with those before it (`crawler.archive.watch`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.archive.ledger.runs import Report

_GONE = "gone: "
_FORBIDDEN = "refused: forbidden by robots.txt"
_MANY = 3  # posts refused and none kept: of one or two that is chance


def of(report: Report, asked: Sequence[str] = ()) -> str | None:
    """Return what a person should look into after a run; `None` when all is well.

    `asked` are the pages that a person has named, as they were typed.
    """
    return _forbidden(report) or _absent(report, asked) or _failure(report) or _misfit(report)


def _absent(report: Report, asked: Sequence[str]) -> str | None:
    """Say that the site has none of the pages that a person has named."""
    reasons = list(report["listing_reasons"])
    are_gone = bool(reasons) and all(reason.startswith(_GONE) for reason in reasons)
    if not asked or not are_gone or report["listings"] or sum(report["posts"].values()):
        return None
    why = ", ".join(reason.removeprefix(_GONE) for reason in reasons)
    return (
        f"The site has no page for {' or '.join(asked)} ({why}): give a slug or an address that its own pages link"
        " to; a crawl of the whole site finds every category."
    )


def _failure(report: Report) -> str | None:
    """Say that something could not be fetched, what stood in its place included, or the run not come to its end."""
    if report["posts"]["failed"] or report["listings_failed"]:
        return "Some pages could not be fetched; the next run asks for them again."
    if report["outcome"] == "failed":
        given_up = "; ".join(f"{host} was {reason}" for host, reason in report["hosts"].items())
        return f"The run ended early ({given_up or 'see the log'}); the next one continues."
    return None


def _forbidden(report: Report) -> str | None:
    """Say that robots.txt forbids whatever was to be read, and nothing else is amiss."""
    posts, listings = sum(report["posts"].values()), report["listings_failed"]
    if posts + listings == report["reasons"].get(_FORBIDDEN, 0) + report["listing_reasons"].get(_FORBIDDEN, 0) > 0:
        return "The site's robots.txt forbids these pages, and it is obeyed: ask whoever runs the site."
    return None


def _misfit(report: Report) -> str | None:
    """Say that what was fetched is not what it should be, by all appearance."""
    posts, ask = report["posts"], "has the site changed, or does its definition not fit?"
    if report["hosts"] and not report["listings"]:
        return None  # the site asked to be left alone, and was
    if not sum(posts.values()) + report["pending"] + report["not_modified"]:
        return f"Not one post was named: {ask}"
    if posts["refused"] == sum(posts.values()) >= _MANY:
        return f"Every post was refused: {ask}"
    return None
