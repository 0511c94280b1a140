"""Commands that fetch: `crawl`, `share`. Scrapy is loaded when one of them runs."""

from __future__ import annotations

import sys
from gettext import gettext as _
from typing import IO, TYPE_CHECKING, Any

import click

from crawler.cli import printing, reports
from crawler.cli.options import (
    TEXT,
    Count,
    archive_option,
    captures_option,
    json_option,
    log_format_option,
    mirror_option,
    no_posts_option,
    posts_option,
    site_option,
)
from crawler.errors import ExitCode
from crawler.language import said

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from crawler.archive.ledger.runs import Report
    from crawler.archive.watch.alarm import Alarm

_list_option = click.option(
    "--list",
    "listed",
    metavar="FILE",
    type=click.File(encoding="utf-8", errors="replace"),
    help="Also take the addresses or ids in FILE, one per line; - is standard input.",
)


@click.command(no_args_is_help=False)
@click.argument("addresses", metavar="[ADDRESS]...", type=TEXT, nargs=-1)
@_list_option
@archive_option
@site_option
@mirror_option
@posts_option
@no_posts_option
@captures_option
@click.option(
    "--category",
    "categories",
    metavar="SLUG",
    type=TEXT,
    multiple=True,
    help="Only this category, by slug or name; may be repeated.",
)
@click.option(
    "--share",
    "share_use",
    type=click.Choice(["missing", "always", "never"]),
    default="missing",
    show_default=True,
    help="Which share links to request: those of posts that are gone or lack something, all, or none.",
)
@click.option("--no-share", is_flag=True, help="The same as --share never.")
@click.option("--full", is_flag=True, help="Visit every listing, and check every known post again, listed or not.")
@click.option("--limit", metavar="N", type=Count(1), help="Request at most N posts.")
@click.option("--alarm", is_flag=True, help="Report what is amiss, as `finews runs --silent` does, and exit with 1.")
@click.option(
    "--selftest",
    metavar="[N]",
    type=Count(1, 50),
    is_flag=False,
    flag_value=5,
    help="Instead: prove on a sample site that a run killed N times (default: 5) amid readers loses nothing.",
)
@log_format_option
@json_option
@click.pass_context
def crawl(
    ctx: click.Context,
    addresses: tuple[str, ...],
    listed: IO[str] | None,
    archive: Path,
    site: str,
    mirror: str | None,
    posts: Path,
    categories: tuple[str, ...],
    share_use: str,
    limit: int | None,
    selftest: int | None,
    log: str | None,
    *,
    no_posts: bool,
    captures: bool,
    no_share: bool,
    full: bool,
    alarm: bool,
    as_json: bool,
) -> None:
    """Crawl a site once, and store what is new or changed.

    A run requests the home page, and more only if that has changed. With an ADDRESS (a page of the site), a --list or
    a --category, it requests only these pages and the posts they name. A post whose page is gone is looked for in the
    site's own source and behind its share link.

    \b
    Example:
      finews crawl
      finews crawl --category dajiangwang --limit 20
      finews crawl --mirror http://127.0.0.1:8000 --json
      finews crawl --selftest
    """
    if selftest:
        _selftest(ctx, selftest, as_json=as_json)
        return
    folder = None if no_posts else posts
    report = _run(
        "category", archive, site, mirror, folder, log, captures=captures, as_json=as_json,
        category=list(categories), page=[*addresses, *_lines(listed)], full=full,
        share="never" if no_share else share_use, limit=limit,
    )  # fmt: skip
    alarms = _alarms(archive) if alarm else None
    asked = [*categories, *addresses]
    _finish(ctx, report, archive, folder, mirror, site, alarms, asked=asked, as_json=as_json)


@click.command()
@click.argument("links", metavar="[INFOCODE_OR_URL]...", type=TEXT, nargs=-1)
@_list_option
@archive_option
@site_option
@mirror_option
@posts_option
@no_posts_option
@captures_option
@log_format_option
@json_option
@click.pass_context
def share(
    ctx: click.Context,
    links: tuple[str, ...],
    listed: IO[str] | None,
    archive: Path,
    site: str,
    mirror: str | None,
    posts: Path,
    log: str | None,
    *,
    no_posts: bool,
    captures: bool,
    as_json: bool,
) -> None:
    """Fetch and store the texts behind share links.

    Name a link by the id of its post, by any address of the post, or by the name of its file. If there is no text
    behind a link and the post is not stored, it is looked for in the site's own source.

    \b
    Example:
      finews share NW202204202350104915
      finews share --list ids.txt
    """
    folder = None if no_posts else posts
    codes = [*links, *_lines(listed)]
    if not codes:
        raise click.UsageError(_("Give ids or addresses of posts, or a file of them with --list."))
    report = _run("share", archive, site, mirror, folder, log, captures=captures, as_json=as_json, code=codes)
    _finish(ctx, report, archive, folder, mirror, site, as_json=as_json)


def _lines(listed: IO[str] | None) -> list[str]:
    """Return the lines of a list, except empty lines and those that begin with #."""
    if listed is None:
        return []
    lines = [line.strip() for line in listed]
    named = [line for line in lines if line and not line.startswith("#")]
    if not named:
        raise click.UsageError(
            _("{name} names nothing: give ids or addresses, one per line.").format(name=listed.name)
        )
    return named


def _run(
    spider: str,
    archive: Path,
    site: str,
    mirror: str | None,
    posts: Path | None,
    log: str | None,
    *,
    captures: bool,
    as_json: bool,
    **arguments: Any,
) -> Report:
    from crawler.ops.run import RunOptions, run  # noqa: PLC0415  # loads Scrapy

    unwatched = not as_json and not sys.stderr.isatty()
    options = RunOptions(
        archive=archive,
        site=site,
        posts=posts,
        mirror=mirror,
        progress=not as_json and not log,
        log=log or ("text" if unwatched else ""),
        captures=captures,
    )
    return run(spider, options, **arguments)


def _finish(
    ctx: click.Context,
    report: Report,
    archive: Path,
    posts: Path | None,
    mirror: str | None,
    site: str,
    alarms: list[Alarm] | None = None,
    *,
    asked: Sequence[str] = (),
    as_json: bool,
) -> None:
    """Print a run's report, and what is amiss if that was requested; exit with the run's code.

    `asked` are the pages that a person has named.
    """
    from crawler.ops import advice  # noqa: PLC0415  # --help needs no database

    if as_json:
        printing.json_document(report if alarms is None else {**report, "alarms": alarms})
    else:
        reports.report(report)
        printing.places(archive, posts)
        if later := advice.not_checked(archive, report):
            click.echo(said(later))
    for alarm in alarms or []:
        click.echo(_("Alarm: {sentence}").format(sentence=said(alarm["sentence"])), err=True)
    if report["outcome"] == "interrupted":
        ctx.exit(ExitCode.INTERRUPTED)
    trouble = advice.trouble(report, mirror, asked, site)
    if trouble:
        click.echo(_("Error: {message}").format(message=said(trouble)), err=True)
    if trouble or alarms:
        ctx.exit(ExitCode.FOUND_WRONG)


def _alarms(archive: Path) -> list[Alarm]:
    from crawler.archive import Archive  # noqa: PLC0415  # --help needs no database

    with Archive(archive) as opened:
        return opened.alarms()


def _selftest(ctx: click.Context, kills: int, *, as_json: bool) -> None:
    from crawler.ops.selftest import run_selftest  # noqa: PLC0415  # makes a site

    result = run_selftest(kills)
    printing.result(result, reports.selftest, as_json=as_json)
    if result["lost"] or result["reader_failures"] or result["log_deleted"] or result["findings"]:
        ctx.exit(ExitCode.FOUND_WRONG)
