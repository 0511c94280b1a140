"""What to tell a person after a run, beside its report: what to look into, and when posts are checked again.

Not here: the report itself (`crawler.archive.ledger.runs`), and alarms, which look at several runs
(`crawler.archive.watch`).
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from crawler import dates
from crawler.archive import Archive
from crawler.archive.ledger import deletions, frontier
from crawler.archive.watch.phrases import MINUTE, lasting
from crawler.language import Sentence
from crawler.nearby import either
from crawler.ops.listing_advice import on_listings
from crawler.reasons import sentence

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from crawler.archive.ledger.runs import Report

_FORBIDDEN = "refused: forbidden by robots.txt"
_GONE = "gone: "
_DELETED = f"refused: {deletions.BEGINS}"
_MANY = 3  # posts refused and none kept: of one or two that is chance
_GIVEN_UP = re.compile(r"given up.*? \((?:robots\.txt: )?(.*)\)")  # as `hosts.troubles` says it
# Reasons that a machine without a network gives, among others, see `crawler.network.failures`.
_OFFLINE = ("cannot resolve host", "no route to the host", "cannot connect to the host", "timeout", "refused")


def trouble(report: Report, mirror: str | None = None, asked: Sequence[str] = (), site: str = "finews") -> str | None:
    """Return what a person should look into after a run from this `mirror`, if any; `None` when all is well.

    `asked` are the pages that a person has named, and `site` is the site or the file of a definition, as typed.
    """
    return (
        _forbidden(report)
        or _silence(report, mirror)
        or _absent(report, asked)
        or on_listings(report, site, mirror)
        or _failure(report)
        or _misfit(report)
    )


def not_checked(archive: Path, report: Report, now: datetime | None = None) -> str | None:
    """Return when known posts are checked again, and how to check them at once.

    `None` unless a run of a whole site has ended without anything new and has not checked them all. `now` is
    timezone-aware, and the present by default.
    """
    posts = report["posts"]
    if report["scope"] != "usual" or report["outcome"] != "finished" or posts["new"] + posts["changed"]:
        return None
    with Archive(archive) as opened:
        count, due = frontier.not_requested(opened.db, report["site"], report["run"])
    if not count:
        return None
    wait = (datetime.fromisoformat(due) - (now or dates.now())).total_seconds()
    first = Sentence("in {wait} at the earliest, ", wait=lasting(max(wait, MINUTE))) if wait > 0 else ""
    if count == 1:
        return Sentence(
            "Nothing new. 1 known post was not checked again: a run does that {first}if the home page has"
            " changed. To check it now, add --full.",
            first=first,
        )
    return Sentence(
        "Nothing new. {count} known posts were not checked again: a run does that {first}if the home page"
        " has changed. To check them now, add --full.",
        count=count,
        first=first,
    )


def _forbidden(report: Report) -> str | None:
    """Say that robots.txt forbids whatever was to be read, and nothing else is amiss."""
    posts, listings = sum(report["posts"].values()), report["listings_failed"]
    if posts + listings == report["reasons"].get(_FORBIDDEN, 0) + report["listing_reasons"].get(_FORBIDDEN, 0) > 0:
        return Sentence("The site's robots.txt forbids these pages, and it is obeyed: ask whoever runs the site.")
    return None


def _silence(report: Report, mirror: str | None) -> str | None:
    """Say that nothing answered, and which of the things between here and there to look at first."""
    given_up = (_GIVEN_UP.fullmatch(said) for said in report["hosts"].values())
    reasons = "; ".join(dict.fromkeys(match[1] for match in given_up if match))
    if not report["requests"] or report["bytes"] or not any(words in reasons for words in _OFFLINE):
        return None
    if "the proxy" in reasons:
        first = Sentence("see whether the proxy runs at that address")
    elif mirror:
        first = Sentence("see whether a server runs at {mirror}, the mirror", mirror=mirror)
    else:
        first = Sentence("see whether this machine is online")
    return Sentence(
        "No answer from {hosts} ({reasons}): {first}; the next run asks again.",
        hosts=", ".join(report["hosts"]),
        reasons=sentence(reasons),
        first=first,
    )


def _absent(report: Report, asked: Sequence[str]) -> str | None:
    """Say that the site has none of the pages that a person has named."""
    reasons = list(report["listing_reasons"])
    are_gone = bool(reasons) and all(reason.startswith(_GONE) for reason in reasons)
    if not asked or not are_gone or report["listings"] or sum(report["posts"].values()):
        return None
    return Sentence(
        "The site has no page for {asked} ({why}): give a slug or an address that its own pages link to; a crawl of"
        " the whole site finds every category.",
        asked=either(asked),
        why=", ".join(reason.removeprefix(_GONE) for reason in reasons),
    )


def _failure(report: Report) -> str | None:
    """Say that pages, or what was served in their place, could not be used, or why the run ended early."""
    if report["posts"]["failed"] or report["listings_failed"]:
        return Sentence("Some pages could not be fetched; the next run asks for them again.")
    if report["outcome"] == "failed":
        given_up = "; ".join(f"{host} was {reason}" for host, reason in report["hosts"].items())
        return Sentence(
            "The run ended early ({given_up}); the next one continues.", given_up=given_up or Sentence("see the log")
        )
    return None


def _misfit(report: Report) -> str | None:
    """Say that what was fetched is not what it should be, by all appearance."""
    posts = report["posts"]
    if report["hosts"] and not report["listings"]:
        return None  # the site asked to be left alone, and was
    if not sum(posts.values()) + report["pending"] + report["not_modified"]:
        return Sentence("Not one post was named: has the site changed, or does its definition not fit?")
    are_deleted = any(reason.startswith(_DELETED) for reason in report["reasons"])
    pages = sum(posts.values()) - posts["gone"]
    if posts["refused"] == pages >= max(_MANY, posts["gone"]) and not are_deleted:
        return Sentence("Every post was refused: has the site changed, or does its definition not fit?")
    return None
