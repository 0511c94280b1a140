"""Options that several commands share. Not here: options of one command."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import click

_KEPT_BYTE = re.compile("[\udc80-\udcff]")


class Text(click.types.StringParamType):
    """Text as UTF-8, whatever the locale is: in one that knows ASCII alone, Python keeps the bytes of all else."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return what was typed, or say that it is no text."""
        written = str(super().convert(value, param, ctx))
        try:
            return os.fsencode(written).decode() if _KEPT_BYTE.search(written) else written
        except UnicodeDecodeError:
            self.fail(
                "it is no text: write it in UTF-8, or set LC_ALL to the locale that it is written in.", param, ctx
            )


TEXT = Text()
archive_option = click.option(
    "--archive",
    envvar="FINEWS_ARCHIVE",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("output/archive.db"),
    show_default=True,
    show_envvar=True,
    help="The archive's file.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
mirror_option = click.option(
    "--mirror",
    metavar="URL",
    help="Ask this server in place of the site's own hosts, e.g. http://127.0.0.1:8000.",
)
posts_option = click.option(
    "--posts",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("output/_posts"),
    show_default=True,
    help="Where Markdown posts go.",
)
no_posts_option = click.option("--no-posts", is_flag=True, help="Write no Markdown.")
site_option = click.option(
    "--site",
    metavar="NAME|FILE.yaml",
    default="finews",
    show_default=True,
    help="A bundled site, or a definition of your own.",
)
log_format_option = click.option(
    "--log-format",
    "log",
    type=click.Choice(["text", "json"]),
    help="Log to standard error, a line an event; text is the default where that is no terminal.",
)
MOST = 2**31 - 1
"""The largest number accepted for any count."""

since_option = click.option("--since", metavar="D", help="Published then at the earliest: 2022-04-20, 2022-04, 2022.")
drafts_option = click.option(
    "--drafts", is_flag=True, help="Drafts too: what its source says is not to be published."
)
limit_option = click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(0, MOST),
    default=20,
    show_default=True,
    help="How many posts to print.",
)
offset_option = click.option(
    "--offset", metavar="N", type=click.IntRange(0, MOST), default=0, help="How many to pass over first."
)
