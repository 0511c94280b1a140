"""The commands that read captured pages anew: `rehearse`, `reread`. Neither loads Scrapy."""

from __future__ import annotations

import sys
from gettext import gettext as _
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crawler.cli import printing, reports
from crawler.cli.options import TEXT, Count, archive_option, json_option, no_posts_option, posts_option
from crawler.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from crawler.sites.definition import Site

_site_option = click.option(
    "--site",
    metavar="NAME|FILE.yaml",
    type=TEXT,
    help="Read the pages of this site, by the definition in FILE if one is given; by default of all sites.",
)
_since_option = click.option("--since", metavar="D", help="Only pages that were served from this time on.")


@click.command()
@archive_option
@_site_option
@_since_option
@click.option("--all", "every", is_flag=True, help="Every page that is kept of an address, not only the last.")
@click.option("--sample", metavar="N", type=Count(1), help="Only pages of N posts, always the same.")
@click.option("--html", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Also write a page.")
@json_option
@click.pass_context
def rehearse(
    ctx: click.Context,
    archive: Path,
    site: str | None,
    since: str | None,
    html: Path | None,
    *,
    every: bool,
    sample: int | None,
    as_json: bool,
) -> None:
    """Read the captured pages by today's rules, and say what would be otherwise.

    Nothing is stored. Of each field, it is counted how often it would be unchanged, filled, emptied and changed, and
    of the posts, how many would be refused that are stored, and the other way round; by layout and outlet, with the
    worst examples. If fields would be emptied, or posts refused, the exit code is 1.

    \b
    Example:
      finews rehearse
      finews rehearse --site new.yaml --sample 1000 --html report.html
    """
    from crawler.archive import Archive  # noqa: PLC0415  # --help needs no database
    from crawler.ops.rehearsing.pages import Choice  # noqa: PLC0415  # likewise
    from crawler.ops.rehearsing.rehearsal import rehearse as read_all  # noqa: PLC0415  # likewise

    with Archive(archive) as opened:
        choice = Choice(since=_begin(opened, since), every=every, sample=sample)
        report = read_all(opened, _sites(opened, site), choice, progress=_progress(as_json=as_json))
    if html is not None:
        _write_page(html, report)
    printing.result(report, _print, as_json=as_json)
    if report["is_worse"]:
        ctx.exit(ExitCode.FOUND_WRONG)


@click.command()
@archive_option
@_site_option
@_since_option
@posts_option
@no_posts_option
@json_option
@click.pass_context
def reread(
    ctx: click.Context,
    archive: Path,
    site: str | None,
    since: str | None,
    posts: Path,
    *,
    no_posts: bool,
    as_json: bool,
) -> None:
    """Read the captured pages by today's rules, and store what these find as corrections.

    Only pages that were last read by other rules are read. A correction is a revision of its own, of the rules and
    not of the site, as `history` says; `--as-of` still answers what was known then. A field that the rules no longer
    find keeps its value, and a post that they refuse stays as it is: `finews rehearse` tells beforehand.

    \b
    Example:
      finews reread
      finews reread --site new.yaml --since 2022-04
    """
    from crawler.archive import Archive  # noqa: PLC0415  # --help needs no database
    from crawler.archive.ledger import lookup  # noqa: PLC0415  # likewise
    from crawler.ops.rehearsing.applying import reread as apply  # noqa: PLC0415  # likewise
    from crawler.ops.rehearsing.pages import Choice  # noqa: PLC0415  # likewise

    with Archive(archive) as opened:
        known = _sites(opened, site)
        captured = {link.site for link in lookup.captured_links(opened.db, list(known))} or set(list(known)[:1])
        choice = Choice(since=_begin(opened, since))
    if len(captured) > 1:
        raise UsageError(
            "Pages of several sites are kept ({names}): name one with --site.", names=", ".join(captured)
        )
    [name] = captured
    folder = None if no_posts else posts
    report = apply(archive, known[name], choice, folder, progress=_progress(as_json=as_json))
    printing.result(report, reports.report, as_json=as_json)
    if report["outcome"] == "interrupted":
        ctx.exit(ExitCode.INTERRUPTED)


def _sites(opened: Any, named: str | None) -> dict[str, Site]:
    """Return the definitions by which pages are read: the one that is named, or those that are known."""
    from crawler.sites.loading import load_site  # noqa: PLC0415  # --help needs none of it

    known: dict[str, Site] = opened.sites()
    if named is None:
        return {name: site for name, site in known.items() if site.has_addresses}
    site = known[named] if named in known else load_site(named)
    return {site.name: site}


def _begin(opened: Any, since: str | None) -> datetime | None:
    from crawler.archive import asking  # noqa: PLC0415  # --help needs no database

    return None if since is None else asking.span(opened.whole, since)[0]


def _progress(*, as_json: bool) -> Callable[[int], None]:
    if as_json or not sys.stderr.isatty():
        return lambda _count: None
    return lambda count: click.echo(_("\r{count} pages").format(count=count), nl=False, err=True)


def _write_page(file: Path, report: Mapping[str, Any]) -> None:
    from crawler.drafts import replacing  # noqa: PLC0415  # --help needs none of it
    from crawler.ops.rehearsing.html import page_of  # noqa: PLC0415  # likewise

    try:
        with replacing(file) as draft:
            draft.write_text(page_of(report, _("Rehearsal")), encoding="utf-8")
    except OSError as error:
        raise UsageError(
            "{file} cannot be written: {reason}; name another file.", file=file, reason=error.strerror
        ) from error


def _print(report: Mapping[str, Any]) -> None:
    """Print a report: totals, then each field that would be otherwise, by layout and outlet, then examples."""
    from crawler.ops.rehearsing.html import summary  # noqa: PLC0415  # --help needs none of it

    if sys.stderr.isatty():
        click.echo("\r\x1b[K", nl=False, err=True)
    printing.say(summary(report))
    for reason, count in report["reasons"].items():
        printing.say(_("  {count} refused: {reason}").format(count=count, reason=reason))
    _print_fields(report, "")
    for name, counts in report["layouts"].items():
        _print_fields(counts, _("layout {name}").format(name=name or "–"))
    for name, counts in report["outlets"].items():
        _print_fields(counts, _("outlet {name}").format(name=name or "–"))
    if report["unreadable"]:
        printing.say(_("{count} records cannot be read: see `finews check`.").format(count=report["unreadable"]))
    for example in report["examples"]:
        what = f"{example['field']} {example['change']}".strip()
        printing.say(f"{example['url']}\n  {what}: {example['was']} → {example['now'] or '–'}")


def _print_fields(counts: Mapping[str, Any], of: str) -> None:
    told = _("  {field}: {unchanged} unchanged, {filled} filled, {emptied} emptied, {changed} changed")
    lines = [
        told.format(field=field, **changes)
        for field, changes in counts["fields"].items()
        if not of or changes["filled"] + changes["emptied"] + changes["changed"]
    ]
    if of and lines:
        printing.say(of)
    for line in lines:
        printing.say(line)
