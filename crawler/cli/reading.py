"""Commands that ask the archive: `show`, `search`, `history`, `why`, `stock`. None of them loads Scrapy."""

from __future__ import annotations

import sys
from functools import partial
from gettext import gettext as _
from typing import TYPE_CHECKING, Any

import click

from crawler.cli import printing
from crawler.cli.options import (
    TEXT,
    Count,
    Searching,
    archive_option,
    archives_option,
    author_option,
    category_option,
    drafts_option,
    json_option,
    limit_option,
    offset_option,
    one_site_option,
    open_archives,
    since_option,
    sites_option,
    source_option,
    stock_option,
    time_limit,
    until_option,
)
from crawler.cli.output import browser
from crawler.cli.output.addresses import histories as print_histories
from crawler.cli.output.hits import HIT_COLUMNS, MENTION_COLUMNS, Taking, all_option, format_option
from crawler.cli.output.pager import no_pager_option, paged
from crawler.errors import ExitCode
from crawler.text.outside import terminal_safe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from crawler.archive import Archive
    from crawler.archive.federation import Federation
    from crawler.cli.options import Archives


@click.command()
@click.argument("post", metavar="ID", type=TEXT)
@archives_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["markdown", "html", "text", "json", "page"]),
    default="markdown",
    show_default=True,
    help="html is the body as published, page the whole page as it was served; neither is safe to show as it is.",
)
@click.option("--revision", metavar="N", type=Count(1), help="Show its Nth revision instead of the latest.")
@click.option("--as-of", metavar="T", help="Show what the archive knew at that time: '2022-04-21 09:30'.")
@one_site_option
@click.option("--open", "browse", is_flag=True, help="Open the original in a browser, and print only its address.")
@no_pager_option
@json_option
def show(
    post: str, archive: Archives, form: str, revision: int | None, as_of: str | None, site: str | None, **options: Any
) -> None:
    """Show one post.

    ID is its id, any of its addresses, or its file. Posts that tell the same story are named on standard error. So is
    its site, if the archive holds several. On a terminal the post is shown through a pager, as git does it: PAGER and
    LESS are obeyed.

    \b
    Example:
      finews show NW202204202350104915
      finews show 'http://finews.zning.xyz/html_News/NewsShare.html?infoCode=NW202204202350104915' --format text
      finews show NW202204202350104915 --format page > page.html
    """
    from crawler.markdown.post_file import render_post  # noqa: PLC0415  # --help needs none of it

    if revision is not None and as_of is not None:
        raise click.UsageError(_("--revision and --as-of both choose a revision: give one of them."))
    with open_archives(archive, time_limit()) as opened:
        row = opened.post(post, revision=revision, as_of=as_of, site=site)
        view = printing.View.of(opened)
        markdown = render_post(row) if form == "markdown" else ""
        page = _page(opened, row, chosen=(revision or as_of) is not None) if form == "page" else b""
    if options["browse"]:
        browser.open_original(row)
    if options["as_json"] or form == "json":
        printing.json_document(row)
        return
    if options["browse"]:
        click.echo(terminal_safe(row["url"]))
        return
    if form == "page" and not sys.stdout.isatty():
        sys.stdout.buffer.write(page)
        return
    with paged(wanted=not options["no_pager"]):
        if form == "page":
            click.echo(terminal_safe(page.decode("utf-8", "replace")))
        elif form == "markdown":
            click.echo(terminal_safe(markdown), nl=False)
        elif form == "html":
            click.echo(terminal_safe(row["html"]))
        else:
            click.echo(terminal_safe(f"{row['title']}\n{printing.byline(row, view)}\n\n{row['text']}"))
    printing.site(row, view)
    printing.same_story(row, view)
    printing.taken_away(row)


def _page(opened: Archive | Federation, row: Mapping[str, Any], *, chosen: bool) -> bytes:
    from crawler.archive import Archive  # noqa: PLC0415  # --help needs no database
    from crawler.ops.served import page_of  # noqa: PLC0415  # reads WARC files

    archive = opened if isinstance(opened, Archive) else opened.holding(row)
    return page_of(archive, row, of_revision=chosen)


# A query may begin with a minus, so whatever is not an option is part of it, and so is -h beside other words.
@click.command(cls=Searching, context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
@click.argument("query", type=TEXT, nargs=-1, required=True)
@archives_option
@since_option
@until_option
@source_option
@author_option
@category_option
@stock_option
@sites_option
@click.option("--as-of", metavar="T", help="Search what the archive knew at that time: '2022-04-21 09:30'.")
@click.option(
    "--sort",
    type=click.Choice(["relevance", "date"]),
    default="relevance",
    show_default=True,
    help="Best matches first, or newest first.",
)
@click.option("--collapse", is_flag=True, help="Show a story only once if several outlets carry it.")
@drafts_option
@limit_option
@offset_option
@all_option
@format_option
@no_pager_option
@json_option
@click.pass_context
def search(ctx: click.Context, /, query: tuple[str, ...], archive: Archives, **options: Any) -> None:
    """Search the titles and texts of posts.

    Words must all occur; "…" is one term, -term excludes posts, OR accepts either. Traditional and simplified
    characters match each other: 臺灣 finds 台湾; ="臺灣" finds only this exact spelling. The best matches are posts
    with all of it in the title.

    Times are in the archive's time zone, that of its first site, unless they have an offset of their own (Z, UTC,
    +08:00); 2022-04 is the whole month. What any command prints as a time may be given back. Of an option that is
    repeated, any value will do. If nothing is found, standard error says how it was understood, and what is near.

    With --json, each post has a `text`, the excerpt that is shown, and `highlights`, where the hits are in it, as
    [[start, end], …]. --format csv and jsonl have the same columns. On a terminal, what was found is shown through a
    pager, as git does it. `finews search -h` prints this help; beside other words, -h excludes posts with an h.

    \b
    Example:
      finews search 江西 5G -广告
      finews search '"5G+VR" OR ="萬科"'
      finews search 江西 --since 2022-04 --until 2022-04 --sort date
      finews search 巨化 --stock 600160 --as-of '2022-04-21 09:30'
      finews search 江西 --all --format csv
    """
    if query == ("-h",):
        click.echo(ctx.get_help())
        return
    taking = Taking.of(ctx, options)
    with open_archives(archive, taking.time_limit()) as opened:
        ask: Callable[..., Mapping[str, Any]] = opened.search_all if taking.every else opened.search
        found = ask(" ".join(query), **taking.page, **options)
        taking.show(found, printing.search, HIT_COLUMNS, printing.View.of(opened))


@click.command()
@click.argument("post", metavar="ID", type=TEXT)
@archive_option
@click.option("--diff", is_flag=True, help="Show what changed from each revision to the next.")
@one_site_option
@no_pager_option
@json_option
def history(post: str, archive: Path, site: str | None, *, diff: bool, no_pager: bool, as_json: bool) -> None:
    """List the revisions of a post, oldest first.

    ID is its id, any of its addresses, or its file. A revision that its source did not want published is a draft. A
    time at which a revision was seen, given to search as --as-of, searches the archive as it stood then.

    \b
    Example:
      finews history NW202204202350104915 --diff
    """
    from crawler.archive import Archive  # noqa: PLC0415  # --help needs no database

    with Archive(archive, time_limit=time_limit()) as opened:
        revisions, view = opened.localised(opened.history(post, site=site)), printing.View.of(opened)
        changes = opened.changes(post, site=site) if diff else {}
    if as_json:
        from crawler.text.changes import as_dict  # noqa: PLC0415  # only here

        printing.json_document(
            [
                {**row, "changes": as_dict(changes[row["revision"]])} if row["revision"] in changes else row
                for row in revisions
            ]
        )
    else:
        with paged(wanted=not no_pager):
            printing.history(revisions, changes, view)


@click.command()
@click.argument("name", metavar="ID_OR_URL", type=TEXT)
@archive_option
@click.option("--site", metavar="NAME|FILE.yaml", type=TEXT, help="Only addresses of this site; by default of all.")
@json_option
@click.pass_context
def why(ctx: click.Context, name: str, archive: Path, site: str | None, *, as_json: bool) -> None:
    """Tell what happened to an address.

    Shows which page named it, how each fetch of it ended, and which rule refused it. Of a post, all its addresses are
    shown, and the files it came from; of an id that several sites have, those of each. If it was never seen, the exit
    code is 1.

    \b
    Example:
      finews why NW202204202350104915
      finews why https://finews.withounder.com/category/dajiangwang.html
    """
    from crawler.archive import Archive  # noqa: PLC0415  # --help needs no database
    from crawler.archive.ledger import address_history, names  # noqa: PLC0415  # likewise

    with Archive(archive, time_limit=time_limit()) as opened:
        sites, view = names.definitions(opened.db, site), printing.View.of(opened)
        of_site = sites[0].name if site else None
        name = address_history.in_full(name, sites)
        histories = opened.localised(opened.why(name, site=of_site))
        imports = opened.localised(opened.imports(name, site=of_site))
        gone = [each for each in address_history.deleted(opened.db, name) if of_site in {None, each.site}]
        deleted = opened.localised([each._asdict() for each in gone])
        hint = address_history.advice(name, sites, site)
    seen = bool(histories or imports or deleted)
    document = {
        "name": name,
        "seen": seen,
        "advice": None if seen else hint,
        "deleted": deleted,
        "addresses": histories,
        "files": imports,
    }
    printing.result(document, partial(print_histories, view=view), as_json=as_json)
    if not seen:
        ctx.exit(ExitCode.FOUND_WRONG)


@click.command()
@click.argument("code", type=TEXT, nargs=-1, required=True)
@archives_option
@since_option
@sites_option
@drafts_option
@limit_option
@offset_option
@all_option
@format_option
@no_pager_option
@json_option
@click.pass_context
def stock(ctx: click.Context, /, code: tuple[str, ...], archive: Archives, **options: Any) -> None:
    """List the posts that mention a security, newest first.

    Also shows counts by day, and the names under which the security was printed. CODE is a code (600160, 600160.SH,
    00700.HK, NIO), a name, or a name in pinyin, in full or as initials. If that could mean several, they are listed.

    \b
    Example:
      finews stock 600160
      finews stock guizhou maotai
      finews stock 00700.HK --since 2022-04
      finews stock 600160 --all --format csv
    """
    taking = Taking.of(ctx, options)
    with open_archives(archive, taking.time_limit()) as opened:
        ask: Callable[..., Mapping[str, Any]] = opened.stock_all if taking.every else opened.stock
        found = ask(" ".join(code), **taking.page, **options)
        taking.show(found, printing.stock, MENTION_COLUMNS, printing.View.of(opened))
