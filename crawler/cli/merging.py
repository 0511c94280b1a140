"""The command `merge`. Not here: merging (`crawler.ops.merging`)."""

from __future__ import annotations

import sys
from gettext import gettext as _
from typing import TYPE_CHECKING, Any

import click

from crawler.cli import printing
from crawler.cli.options import TEXT, archive_option, json_option, no_posts_option, posts_option
from crawler.language import said
from crawler.text.outside import terminal_safe
from crawler.text.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SHOWN = 20  # contradictions printed


@click.command()
@click.argument("archives", metavar="ARCHIVE…", nargs=-1, required=True, type=TEXT)
@archive_option
@posts_option
@no_posts_option
@click.option("--again", is_flag=True, help="Read all of them, also what was merged before.")
@json_option
def merge(
    archives: tuple[str, ...], archive: Path, posts: Path, *, no_posts: bool, again: bool, as_json: bool
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
        again=again,
        progress=_show if watched else lambda _name, _done, _of: None,
    )
    result = merge_all(named(archives, sys.stdin), options)
    if watched:
        click.echo("\r\x1b[K", nl=False, err=True)
    printing.result(result, _merged, as_json=as_json)
    if not as_json:
        printing.places(archive, None if no_posts else posts)


def _show(name: str, done: int, count: int) -> None:
    click.echo(
        terminal_safe(_("{name}: {done} of {count} posts").format(name=name, done=done, count=count)).join(
            ("\r", "")
        ),
        nl=False,
        err=True,
    )


def _merged(result: Mapping[str, Any]) -> None:
    for conflict in result["conflicts"][:_SHOWN]:
        click.echo(terminal_safe(_conflict(conflict)))
    more = sum(result["conflict_counts"].values()) - _SHOWN
    if more > 0:
        click.echo(_("… and {count} more; --json lists them.").format(count=more))
    for source in result["archives"]:
        click.echo(terminal_safe(_source(source)))


def _conflict(conflict: Mapping[str, str]) -> str:
    if conflict["kind"] == "deleted":
        return _("{id} was deleted on {day}, and is not taken in: {other}").format(
            id=conflict["post_id"], day=conflict["kept"][-10:], other=conflict["other"]
        )
    if conflict["kind"] == "published":
        return _("{id} was published at {kept}, or at {other} as another archive has it").format(
            id=conflict["post_id"], kept=conflict["kept"], other=conflict["other"]
        )
    return _("{id} is two posts that have nothing in common, kept as versions of one: {kept} / {other}").format(
        id=conflict["post_id"], kept=conflict["kept"], other=conflict["other"]
    )


def _source(source: Mapping[str, Any]) -> str:
    if source["already"]:
        return _("{path}: nothing new since it was last merged").format(path=source["path"])
    posts = source["posts"]
    line = _("{path}: {new} new, {changed} changed, {unchanged} unchanged").format(
        path=source["path"],
        new=said(counted(posts["new"], "post")),
        changed=posts["changed"],
        unchanged=posts["unchanged"],
    )
    return line + (_(", {deleted} deleted").format(deleted=posts["deleted"]) if posts["deleted"] else "")
