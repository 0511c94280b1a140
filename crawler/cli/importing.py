"""The command that imports files: `import`. It does not load Scrapy."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crawler.cli import printing, reports
from crawler.cli.options import archive_option, json_option, no_posts_option, posts_option, site_option
from crawler.errors import ExitCode

if TYPE_CHECKING:
    from crawler.archive.store.files import RefusedFile
    from crawler.ops.importing.run import ImportReport

_SHOWN = 20  # refused files to name


@click.command("import")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@archive_option
@site_option
@posts_option
@no_posts_option
@click.option(
    "--history", is_flag=True, help="Import every version of each file that git has, with the time of its commit."
)
@json_option
@click.pass_context
def import_(
    ctx: click.Context,
    paths: tuple[Path, ...],
    archive: Path,
    site: str,
    posts: Path,
    *,
    no_posts: bool,
    history: bool,
    as_json: bool,
) -> None:
    """Import posts from Markdown files.

    PATH is a file, or a folder such as a Jekyll site's _posts. A file that cannot be read is refused with the reason,
    and the import continues. With --history, PATH is in a git repository, checked out or bare.

    \b
    Example:
      finews import old_post/
      finews import --history finews.git
      finews import --site blog.yaml ~/blog/_posts
    """
    from crawler.ops.importing.run import ImportOptions, import_posts  # noqa: PLC0415  # --help needs no database

    watched = not as_json and sys.stderr.isatty()
    options = ImportOptions(
        archive=archive,
        posts=None if no_posts else posts,
        site=site,
        history=history,
        progress=_show if watched else lambda _: None,
    )
    report = import_posts(paths, options)
    if as_json:
        printing.json_document(report)
    else:
        if watched:
            click.echo("\r\x1b[K", nl=False, err=True)
        reports.report(report)
        _name_refused(report["refused"])
        click.echo(f"Archive: {archive}" + ("" if no_posts else f" · Markdown: {posts}"))
    _exit(ctx, report)


def _name_refused(refused: list[RefusedFile]) -> None:
    for file in refused[:_SHOWN]:
        commit = f" at {file['commit'][:12]}" if file["commit"] else ""
        click.echo(f"refused {file['path']}{commit}: {file['reason']}", err=True)
    if len(refused) > _SHOWN:
        click.echo(f"… and {len(refused) - _SHOWN} more; the table `files` lists them all.", err=True)


def _show(count: int) -> None:
    click.echo(f"\r{count} files", nl=False, err=True)


def _exit(ctx: click.Context, report: ImportReport) -> None:
    if report["outcome"] == "interrupted":
        ctx.exit(ExitCode.INTERRUPTED)
    posts = report["posts"]
    if posts["refused"] == sum(posts.values()):
        what = "Every file was refused" if posts["refused"] else "There are no posts there"
        click.echo(f"Error: {what}, so nothing was imported.", err=True)
        ctx.exit(ExitCode.FOUND_WRONG)
