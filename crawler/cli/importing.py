"""The commands that take in what others have: `import` and `merge`. They do not load Scrapy."""

from __future__ import annotations

import sys
from gettext import gettext as _
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crawler import reasons
from crawler.cli import printing, reports
from crawler.cli.options import TEXT, Count, archive_option, json_option, no_posts_option, posts_option
from crawler.cli.output import merges
from crawler.errors import ExitCode
from crawler.language import said
from crawler.text.outside import terminal_safe
from crawler.text.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from crawler.archive.store.files import RefusedFile
    from crawler.ops.importing.run import ImportReport

_SHOWN = 20  # refused files to name


@click.command("import")
@click.argument("paths", metavar="PATH...", nargs=-1, type=click.Path(path_type=Path))
@archive_option
@click.option(
    "--site",
    metavar="NAME|FILE.yaml",
    help="Whose posts these are: a bundled site, the file of a definition, or notes for files of no site. By default"
    " finews, and files that do not say so themselves are refused.",
)
@posts_option
@no_posts_option
@click.option(
    "--history", is_flag=True, help="Import every version of each file that git has, with the time of its commit."
)
@click.option("--undo", metavar="RUN", type=Count(1), help="Instead: take back what an import brought.")
@json_option
@click.pass_context
def import_(
    ctx: click.Context,
    paths: tuple[Path, ...],
    archive: Path,
    site: str | None,
    posts: Path,
    *,
    no_posts: bool,
    history: bool,
    undo: int | None,
    as_json: bool,
) -> None:
    """Import posts from Markdown files, or from pages that were captured.

    PATH is a file, or a folder such as a Jekyll site's _posts. A file that cannot be read is refused with the reason,
    and the import continues. With --history, PATH is in a git repository, checked out or bare. Of a WARC or WACZ
    file, whoever has made it, the pages of posts of the site are imported, with the times at which they were served.

    With --undo, the posts that an import brought go, and those that it changed are again what they were, unless
    something newer stands on them. It needs no PATH.

    \b
    Example:
      finews import old_post/
      finews import --history finews.git
      finews import others.warc.gz
      finews import --site notes notes/
      finews import --site blog.yaml ~/blog/_posts
      finews import --undo 3
    """
    if undo is not None:
        if paths or history or site is not None:
            raise click.UsageError(_("--undo goes with the number of a run alone: finews import --undo RUN."))
        _undo(ctx, undo, archive, None if no_posts else posts, as_json=as_json)
        return
    if not paths:
        raise click.UsageError(_("Give files or folders to import, or the run to undo with --undo RUN."))

    from crawler.ops.importing.run import ImportOptions, import_posts  # noqa: PLC0415  # --help needs no database

    watched = not as_json and sys.stderr.isatty()
    options = ImportOptions(
        archive=archive,
        posts=None if no_posts else posts,
        site=site,
        history=history,
        progress=_show if watched else lambda _count: None,
    )
    report = import_posts(paths, options)
    if as_json:
        printing.json_document(report)
    else:
        if watched:
            click.echo("\r\x1b[K", nl=False, err=True)
        reports.report(report)
        _name_refused(report["refused"])
        printing.places(archive, None if no_posts else posts)
    _exit(ctx, report)


def _undo(ctx: click.Context, run: int, archive: Path, posts: Path | None, *, as_json: bool) -> None:
    from crawler.ops.importing.undoing import undo_import  # noqa: PLC0415  # --help needs no database

    result = undo_import(archive, run, posts)
    printing.result(result, _undone, as_json=as_json)
    if result["kept"]:
        ctx.exit(ExitCode.FOUND_WRONG)


def _undone(result: Mapping[str, Any]) -> None:
    for kept in result["kept"]:
        click.echo(
            terminal_safe(_("{id} stays as it is: {reason}.").format(id=kept["id"], reason=said(kept["reason"])))
        )
    undone = _(
        "Run {run} undone: {removed} removed, {restored} brought back to what they were, {kept} left as they are"
    )
    click.echo(
        undone.format(
            run=result["run"],
            removed=said(counted(len(result["removed"]), "post")),
            restored=len(result["restored"]),
            kept=len(result["kept"]),
        )
    )


def _name_refused(refused: list[RefusedFile]) -> None:
    for file in refused[:_SHOWN]:
        commit = _(" at {commit}").format(commit=file["commit"][:12]) if file["commit"] else ""
        named = _("refused {file}: {reason}").format(
            file=f"{file['path']}{commit}", reason=reasons.said(file["reason"])
        )
        click.echo(named, err=True)
    if len(refused) > _SHOWN:
        click.echo(
            _("… and {count} more; the table `files` lists them all.").format(count=len(refused) - _SHOWN), err=True
        )


def _show(count: int) -> None:
    click.echo(_("\r{count} files").format(count=count), nl=False, err=True)


def _exit(ctx: click.Context, report: ImportReport) -> None:
    if report["outcome"] == "interrupted":
        ctx.exit(ExitCode.INTERRUPTED)
    posts = report["posts"]
    if posts["refused"] == sum(posts.values()):
        refused = _("Every file was refused, so nothing was imported.")
        message = refused if posts["refused"] else _("There are no posts there, so nothing was imported.")
        click.echo(_("Error: {message}").format(message=message), err=True)
        ctx.exit(ExitCode.FOUND_WRONG)


@click.command()
@click.argument("archives", metavar="ARCHIVE…", nargs=-1, required=True, type=TEXT)
@archive_option
@posts_option
@no_posts_option
@click.option(
    "--captures/--no-captures",
    default=True,
    envvar="FINEWS_CAPTURES",
    show_envvar=True,
    help="Whether to copy answers as they were served, from the folders captures beside archives that are files.",
)
@click.option("--again", is_flag=True, help="Read all of them, also what was merged before.")
@json_option
def merge(
    archives: tuple[str, ...],
    archive: Path,
    posts: Path,
    *,
    no_posts: bool,
    captures: bool,
    again: bool,
    as_json: bool,
) -> None:
    """Take other archives into this one.

    They may be files, addresses of backups (http or https), or -, which reads their list from standard input. They
    are not changed, may be of older versions, and may be written to meanwhile. Nothing is taken twice, and the order
    does not matter.

    \b
    Example:
      finews merge laptop.db
      ls nodes/*.db | finews merge - --archive all.db --no-posts
    """
    from crawler.ops.merging.run import MergeOptions  # noqa: PLC0415  # --help needs no database
    from crawler.ops.merging.run import merge as merge_all  # noqa: PLC0415  # likewise
    from crawler.ops.merging.sources import named  # noqa: PLC0415  # likewise

    watched = not as_json and sys.stderr.isatty()
    options = MergeOptions(
        archive=archive,
        posts=None if no_posts else posts,
        captures=captures,
        again=again,
        **({"progress": merges.progress, "captures_progress": merges.captures_progress} if watched else {}),
    )
    result = merge_all(named(archives, sys.stdin), options)
    if watched:
        click.echo("\r\x1b[K", nl=False, err=True)
    printing.result(result, merges.merged, as_json=as_json)
    if not as_json:
        printing.places(archive, None if no_posts else posts)
