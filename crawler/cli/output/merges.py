"""Printing what a merge has brought. Not here: merging (`crawler.ops.merging`)."""

from __future__ import annotations

from gettext import gettext as _
from typing import TYPE_CHECKING, Any

import click

from crawler.language import said
from crawler.text.outside import terminal_safe
from crawler.text.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHOWN = 20  # contradictions printed


def progress(name: str, done: int, count: int) -> None:
    """Say on standard error, in one line, how far a merge has come."""
    _say_in_place(_("{name}: {done} of {count} posts").format(name=name, done=done, count=count))


def captures_progress(name: str, done: int, count: int) -> None:
    """Say likewise how many answers were copied."""
    _say_in_place(_("{name}: {done} of {count} answers").format(name=name, done=done, count=count))


def _say_in_place(line: str) -> None:
    click.echo(f"\r{terminal_safe(line)}\x1b[K", nl=False, err=True)


def merged(result: Mapping[str, Any]) -> None:
    """Print what a merge has brought, contradictions first."""
    for conflict in result["conflicts"][:_SHOWN]:
        click.echo(terminal_safe(_conflict(conflict)))
    more = sum(result["conflict_counts"].values()) - _SHOWN
    if more > 0:
        click.echo(_("… and {count} more; --json lists them.").format(count=more))
    for source in result["archives"]:
        click.echo(terminal_safe(_source(source)))
        if "gap" in source:
            click.echo(terminal_safe(_gap(source["path"])))
        if source["captures"]["note"] is not None:
            click.echo(terminal_safe(said(source["captures"]["note"])))


def _gap(path: str) -> str:
    return _(
        "{path} begins after something that this archive does not have: merge the snapshots before it, or the archive"
        " that they are of."
    ).format(path=path)


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
    if posts["deleted"]:
        line += _(", {deleted} deleted").format(deleted=posts["deleted"])
    if source["captures"]["taken"]:
        line += _("; {answers} copied").format(answers=said(counted(source["captures"]["taken"], "answer")))
    return line
