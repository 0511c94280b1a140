"""The command that takes posts out of the archive: `delete`. It does not load Scrapy."""

from __future__ import annotations

import sys
from gettext import gettext as _
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crawler.cli import printing
from crawler.cli.options import TEXT, archive_option, json_option
from crawler.errors import ExitCode, UsageError
from crawler.language import said
from crawler.text.outside import terminal_safe
from crawler.text.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any


@click.command()
@click.argument("names", metavar="ID...", nargs=-1, required=True, type=TEXT)
@archive_option
@click.option("--site", metavar="NAME", help="Whose posts, where an id is that of posts of several sites.")
@click.option(
    "--posts",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder with its Markdown posts; by default _posts beside the archive.",
)
@click.option("--no-posts", is_flag=True, help="Leave the Markdown alone.")
@click.option(
    "--keep-address",
    is_flag=True,
    help="Keep what `finews why` tells of its addresses: where they were found, and each fetch.",
)
@click.option("--yes", "-y", is_flag=True, help="Do not ask first.")
@json_option
@click.pass_context
def delete(
    ctx: click.Context,
    names: tuple[str, ...],
    archive: Path,
    site: str | None,
    posts: Path | None,
    *,
    no_posts: bool,
    keep_address: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Delete posts, with all their versions and their Markdown.

    ID is a post's id, any of its addresses, or its file. What will go is shown first, and you are asked whether to go
    on. No run brings a deleted post back by itself, wherever it is listed; `finews why` says so. To have it again,
    name it: `finews crawl ADDRESS`, `finews share ID`, or `finews import FILE`.

    \b
    Example:
      finews delete NW202204202350104915
      finews delete NW202204202350104915 --keep-address --yes
    """
    from crawler import dates  # noqa: PLC0415  # --help needs no database
    from crawler.ops.deleting import delete_posts, doomed_posts  # noqa: PLC0415  # likewise

    folder = None if no_posts else posts or archive.parent / "_posts"
    if not yes:
        doomed = doomed_posts(archive, names, folder, site)
        _show(doomed, to_stderr=as_json)
        if not _agrees(len(doomed)):
            click.echo(_("Nothing was deleted."), err=True)
            ctx.exit(ExitCode.FOUND_WRONG)
    result = delete_posts(archive, names, folder, dates.now(), site=site, keep_history=keep_address)
    printing.result(result, _deleted, as_json=as_json)


def _agrees(count: int) -> bool:
    """Ask whether to go on; raise `UsageError` where there is nobody to ask."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError("There is no terminal to ask whether to delete: say --yes to go on without asking.")
    return click.confirm(_("Delete {posts}?").format(posts=said(counted(count, "post"))), err=True)


def _show(doomed: Iterable[Mapping[str, Any]], *, to_stderr: bool = False) -> None:
    for post in doomed:
        parts = [
            said(counted(post["versions"], "version")),
            said(counted(post["mentions"], "mention")),
            said(counted(len(post["addresses"]), "address", "addresses")),
            said(counted(len(post["files"]), "file")),
        ]
        line = f"{post['published_at'][:10]} {post['id']} ({post['site']}) {post['title']}: {_(', ').join(parts)}"
        click.echo(terminal_safe(line), err=to_stderr)


def _deleted(result: Mapping[str, Any]) -> None:
    deleted: Sequence[Mapping[str, Any]] = result["deleted"]
    _show(deleted)
    said_so = _("Deleted {posts} from {archive}; no run brings them back by itself.")
    click.echo(said_so.format(posts=said(counted(len(deleted), "post")), archive=result["archive"]))
    for file in result["kept_files"]:
        stays = _("{file} stays: it was not written by this program.")
        click.echo(stays.format(file=terminal_safe(file)), err=True)
    for file in result["captures"]:
        stays = _("{file} still has what was served of them: delete it too if that must go.")
        click.echo(stays.format(file=terminal_safe(file)), err=True)
