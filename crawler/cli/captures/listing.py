"""The command that says what was kept of the answers: `captures`. It loads nothing that reads WARC files."""

from __future__ import annotations

from gettext import gettext as _
from typing import TYPE_CHECKING, Any

import click

from crawler.cli import printing
from crawler.cli.options import archive_option, json_option, time_limit
from crawler.cli.reports import size
from crawler.language import said

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@click.command()
@archive_option
@click.option("--since", metavar="D", help="Only answers from this time on: 2022, 2022-04, 2022-04-20.")
@json_option
def captures(archive: Path, since: str | None, *, as_json: bool) -> None:
    """List what is kept of the answers as they were served.

    They are in WARC files in a folder captures beside the archive. Each file is listed with the number of its
    answers, their size, and the times of the first and the last.

    \b
    Example:
      finews captures
      finews captures --since 2022-04 --json
    """
    from crawler import dates  # noqa: PLC0415  # --help needs no database
    from crawler.archive import Archive, asking  # noqa: PLC0415  # likewise
    from crawler.archive import captures as table  # noqa: PLC0415  # likewise

    with Archive(archive, time_limit=time_limit()) as opened:
        begin = "" if since is None else dates.iso(dates.utc(asking.span(opened.whole, since)[0]))
        files, zone = table.files(opened.db, begin), opened.zone()
        document = {
            "files": [
                {
                    "file": file.file,
                    "records": file.records,
                    "bytes": file.bytes,
                    "from": dates.iso(dates.local(file.first, zone)),
                    "until": dates.iso(dates.local(file.last, zone)),
                }
                for file in files
            ],
            "records": sum(file.records for file in files),
            "bytes": sum(file.bytes for file in files),
        }
        view = printing.View.of(opened)
    printing.result(document, lambda told: _print(told, view), as_json=as_json)


def _print(told: Mapping[str, Any], view: printing.View) -> None:
    from crawler.text.words import counted  # noqa: PLC0415  # --help needs none of it

    for file in told["files"]:
        answers = said(counted(file["records"], "answer"))
        times = f"{view.time(file['from'])} – {view.time(file['until'])}"
        printing.say(f"{file['file']}  {times}  {answers}, {size(file['bytes'])}")
    total = _("{answers} in {files}, {size}")
    printing.say(
        total.format(
            answers=said(counted(told["records"], "answer")),
            files=said(counted(len(told["files"]), "file")),
            size=size(told["bytes"]),
        )
    )
