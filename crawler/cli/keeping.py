"""Commands that look after the archive: `stats`, `top`, `runs`, `export`, `check`, `backup`. None loads Scrapy."""

from __future__ import annotations

from functools import partial
from gettext import gettext as _
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from crawler.cli import printing, reports
from crawler.cli.captures.exporting import export_served
from crawler.cli.options import (
    TEXT,
    Count,
    archive_option,
    archives_option,
    author_option,
    category_option,
    drafts_option,
    json_option,
    open_archives,
    since_option,
    sites_option,
    source_option,
    stock_option,
    time_limit,
    until_option,
)
from crawler.cli.output.coverage import coverage as print_coverage
from crawler.cli.serving import needing_web
from crawler.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawler.archive.asking import Asked
    from crawler.archive.care.top import Kind
    from crawler.cli.options import Archives

_OF_ALL = {"site", "datasette"}


@click.command()
@archives_option
@click.option("--coverage", is_flag=True, help="Show what was listed but is not stored, and how to fill each gap.")
@click.option("--since", metavar="D", help="With --coverage: only from this day on: 2022-04-20, 2022-04, 2022.")
@sites_option
@drafts_option
@json_option
def stats(
    archive: Archives, since: str | None, site: tuple[str, ...], *, coverage: bool, drafts: bool, as_json: bool
) -> None:
    """Show what the archive holds, in numbers.

    With --coverage: how much of what was listed is stored, per category and day.

    \b
    Example:
      finews stats --json
      finews stats --coverage --since 2022-04
    """
    if since is not None and not coverage:
        raise click.UsageError(_("--since goes with --coverage: finews stats --coverage --since D."))
    with open_archives(archive, time_limit()) as opened:
        if coverage:
            printing.result(opened.coverage(since, site=site), print_coverage, as_json=as_json)
        else:
            show = partial(reports.stats, view=printing.View.of(opened))
            printing.result(opened.stats(site=site, drafts=drafts), show, as_json=as_json)


@click.command()
@click.argument("kind", type=click.Choice(["outlets", "authors", "categories", "securities", "days", "sites"]))
@archive_option
@since_option
@until_option
@click.option("--limit", metavar="N", type=Count(), default=20, show_default=True, help="How many to print.")
@sites_option
@drafts_option
@json_option
def top(kind: Kind, archive: Path, *, as_json: bool, **options: Any) -> None:
    """Show what there is most of: which outlets, authors, categories, securities, days or sites have most posts.

    A post counts for each of its authors, in each of its categories, and for each security it mentions. Days are
    those of the site's calendar.

    \b
    Example:
      finews top outlets
      finews top securities --since 2022-04 --until 2022-04 --limit 5
    """
    from crawler.archive import Archive  # noqa: PLC0415  # --help needs no database

    with Archive(archive, time_limit=time_limit()) as opened:
        printing.result(opened.top(kind, **options), reports.top, as_json=as_json)


@click.command()
@archive_option
@click.option(
    "--limit",
    metavar="N",
    type=Count(1),
    default=20,
    show_default=True,
    help="How many runs to print.",
)
@click.option("--silent", is_flag=True, help="Instead: report only what is amiss, and exit with 1 if anything is.")
@click.option("--site", metavar="NAME", multiple=True, help="Only runs of this site; may be repeated.")
@json_option
@click.pass_context
def runs(
    ctx: click.Context, archive: Path, limit: int, site: tuple[str, ...], *, silent: bool, as_json: bool
) -> None:
    """List what each run did, and what was unusual about it.

    The latest run comes first. With --silent: one sentence for each thing that you would notice too late, such as no
    new post for far longer than is usual at this hour, an outlet gone quiet, a jump in refusals, or runs that fail or
    do not happen.

    \b
    Example:
      finews runs --limit 5
      finews runs --silent
    """
    from itertools import islice  # noqa: PLC0415

    from crawler.archive import Archive  # noqa: PLC0415  # --help needs no database

    with Archive(archive, time_limit=time_limit()) as opened:
        if not silent:
            done = opened.localised(list(islice(opened.runs(site=site), limit)))
            printing.result(done, partial(reports.runs, view=printing.View.of(opened)), as_json=as_json)
            return
        alarms = opened.localised(opened.alarms(site=site))
    printing.result({"archive": str(archive), "alarms": alarms}, reports.alarms, as_json=as_json)
    if alarms:
        ctx.exit(ExitCode.FOUND_WRONG)


@click.command()
@click.argument("directory", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@archive_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["markdown", "jekyll", "hugo", "jsonl", "csv", "site", "datasette", "wacz"]),
    default="markdown",
    show_default=True,
    help="What to write, see above.",
)
@click.option("--query", metavar="QUERY", type=TEXT, help="Only posts that `finews search QUERY` finds.")
@since_option
@until_option
@source_option
@author_option
@category_option
@stock_option
@sites_option
@click.option("--url", metavar="URL", default="", help="With --format site: where the site will be, if you know.")
@drafts_option
@json_option
def export(
    directory: Path, archive: Path, form: str, query: str | None, url: str, *, as_json: bool, **asked: Any
) -> None:
    """Write posts to files in DIR: all of them, or those that are asked for.

    \b
    markdown  Markdown with all that is known of a post, as a crawl writes it
    jekyll    the site's own form, for a folder _posts: a file that was imported
              comes back to the letter, unless it would run something
    hugo      Markdown for a folder content/posts of a Hugo site
    jsonl     a JSON object a line, with every column
    csv       for spreadsheets. By OWASP's rule a cell that begins with =, +, -, @,
              a tab or a return gets an apostrophe in front, and so do digits that
              a spreadsheet would round (ids of 18 digits), dates, and apostrophes:
              programs drop one apostrophe from the start of each cell
    site      the pages that `serve` shows, with feeds, a sitemap and a search, for
              any web server or to be opened from a disk
    datasette a file metadata.json: what Datasette should know of the archive's
              tables
    wacz      captures.wacz: pages as they were served, for ReplayWeb.page and
              pywb; without a choice of posts, all that is kept

    If the archive holds several sites, each gets a folder of its own for its files. Posts are asked for as in a
    search: --query finds exactly what `finews search` finds, and what finds none is explained likewise. Files of
    other posts that are in DIR already stay.

    \b
    Example:
      finews export backup/ --format jsonl
      finews export site/content/posts --format hugo
      finews export hits --format csv --query '江西 5G' --since 2022-04
      finews export public/ --format site --url https://news.example.org/
    """
    if url and form != "site":
        raise click.UsageError(_("--url goes with --format site."))
    if form in _OF_ALL and any([query, *({**asked, "drafts": False}).values()]):
        raise click.UsageError(
            _("--format {form} is about all posts: leave out what asks for some.").format(form=form)
        )
    if form == "site":
        result = _published(archive, directory, url, drafts=asked["drafts"])
    elif form == "datasette":
        result = _described(archive, directory)
    elif form == "wacz":
        result = export_served(archive, directory, query, asked)
    else:
        result = _exported(archive, directory, form, query, asked)
    printing.result(result, reports.exported, as_json=as_json)


def _exported(
    archive: Path, directory: Path, form: str, query: str | None, asked: Mapping[str, Any]
) -> dict[str, Any]:
    from crawler.archive import Archive, asking  # noqa: PLC0415  # --help needs no database
    from crawler.archive.store.files import written_file  # noqa: PLC0415  # likewise
    from crawler.ops.export import export_posts  # noqa: PLC0415  # likewise
    from crawler.recording.file_names import FileNames  # noqa: PLC0415  # likewise

    with Archive(archive) as opened:
        several = opened.top("sites", drafts=asked["drafts"])["total"] > 1
        result = export_posts(
            opened.posts(query, **asked),
            directory,
            form,
            by_site=several,
            sites=opened.sites(),
            name=FileNames(opened.db).of,
            file_of=partial(written_file, opened.db),
        )
        told = asking.told(opened.whole, query, asking.meant(opened.whole, cast("Asked", asked)), result["posts"])
    return {**result, **told}


def _published(archive: Path, directory: Path, url: str, *, drafts: bool) -> dict[str, Any]:
    with needing_web("finews export --format site"):
        from crawler.web.published.site import publish  # noqa: PLC0415  # not always installed

    return publish(archive, directory, url=url, drafts=drafts)


def _described(archive: Path, directory: Path) -> dict[str, Any]:
    from crawler.archive import Archive  # noqa: PLC0415  # --help needs no database
    from crawler.ops.exporting.datasette import write_metadata  # noqa: PLC0415  # likewise

    with Archive(archive):  # says so if there is none
        return write_metadata(archive, directory)


@click.command()
@archive_option
@click.option(
    "--posts",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder with its Markdown posts; by default _posts beside the archive.",
)
@click.option("--no-posts", is_flag=True, help="Leave the Markdown alone.")
@click.option("--repair", is_flag=True, help="Rebuild what is derived: index, stories, counts, Markdown.")
@json_option
@click.pass_context
def check(ctx: click.Context, archive: Path, posts: Path, *, no_posts: bool, repair: bool, as_json: bool) -> None:
    """Check the archive: its file, its search index, its Markdown.

    Each finding is a sentence that says what to do. If there are any, the exit code is 1.

    \b
    Example:
      finews check
      finews check --repair
    """
    from crawler.ops.check import check as check_all  # noqa: PLC0415  # --help needs no database

    result = check_all(archive, None if no_posts else posts or archive.parent / "_posts", repair=repair)
    printing.result(result, reports.checked, as_json=as_json)
    if result["findings"]:
        ctx.exit(ExitCode.FOUND_WRONG)


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@archive_option
@json_option
def backup(file: Path, archive: Path, *, as_json: bool) -> None:
    """Copy the archive to FILE, and verify the copy.

    This works during a crawl too. An earlier backup is replaced.

    \b
    Example:
      finews backup backups/archive.db
    """
    from crawler.archive import Archive  # noqa: PLC0415  # --help needs no database

    with Archive(archive) as opened:
        result = opened.backup(file)
    printing.result(result, reports.backed_up, as_json=as_json)
