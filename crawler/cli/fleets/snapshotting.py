"""The command `snapshot`, for nodes without scrapyd."""

from __future__ import annotations

from gettext import gettext as _
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crawler.cli import printing
from crawler.cli.options import archive_option, json_option
from crawler.cli.reports import size
from crawler.language import said
from crawler.text.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--full", is_flag=True, help="Write all there is, for a collector that lost something.")
@archive_option
@json_option
def snapshot(folder: Path, archive: Path, *, full: bool, as_json: bool) -> None:
    """Write what is new in the archive into DIR, as a file to be merged elsewhere.

    Each snapshot has what is new since the one before, also if that was moved away meanwhile. DIR/manifest.json says
    how far they go, and has to stay. With --full they begin anew, and those that are there are deleted.

    \b
    Example:
      finews snapshot out/
    """
    from crawler.snapshots.making import Making, make  # noqa: PLC0415  # --help needs no database

    printing.result(make(archive, Making(folder=folder, full=full)), _made, as_json=as_json)


def _made(result: Mapping[str, Any]) -> None:
    if result["file"] is None:
        click.echo(_("{archive} has nothing new for {folder}").format(**result))
        return
    whole = _("{file}: {size}, all {posts} of {archive}")
    line = whole if result["base"] is None else _("{file}: {size}, {posts} of {archive} that are new or changed")
    posts = said(counted(result["posts"], "post"))
    click.echo(line.format(**{**result, "size": size(result["bytes"]), "posts": posts}))
