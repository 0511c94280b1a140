"""Help in the language of the process: the texts of commands and options are message ids, translated when shown.

So commands are written in English alone, and need not know of languages. Not here: the translations (`locale/`), and
click's own words, which it translates by itself.
"""

from __future__ import annotations

import copy
import inspect
from gettext import gettext
from typing import TYPE_CHECKING, TypeVar

import click

from crawler.cli.shell.wrapping import columns, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_Command = TypeVar("_Command", bound=click.Command)
_AS_IT_IS = "\b"  # click's mark of a paragraph that is not to be wrapped
_FIRST_COLUMN = 30  # at most


class _Formatter(click.HelpFormatter):
    """Wraps help by columns, so that Chinese fits too."""

    def write_heading(self, heading: str) -> None:
        line = gettext("{heading}:").format(heading=heading)
        self.write(f"{'':>{self.current_indent}}{line}\n")

    def write_text(self, text: str) -> None:
        indent = " " * self.current_indent
        paragraphs = _paragraphs(text, self.width - self.current_indent)
        self.write("\n\n".join("\n".join(indent + line for line in lines) for lines in paragraphs) + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = _FIRST_COLUMN, col_spacing: int = 2) -> None:
        rows = list(rows)
        margin = min(max(columns(term) for term, _ in rows), col_max) + col_spacing
        indent = " " * (self.current_indent + margin)
        for term, explained in rows:
            lines = wrapped(explained, max(self.width - margin - 2, 10))
            first = " " * self.current_indent + term
            if lines and columns(term) <= margin - col_spacing:
                first += " " * (margin - columns(term)) + lines.pop(0)
            self.write("\n".join([first, *(indent + line for line in lines)]) + "\n")


class HelpContext(click.Context):
    """The context of every command, for the sake of its help."""

    formatter_class = _Formatter


def in_language(command: _Command) -> _Command:
    """Return a copy of a command whose help, with that of its options and of the commands below it, is translated."""
    spoken = copy.copy(command)
    spoken.context_class = HelpContext
    spoken.help = _translated(command.help)
    first = (spoken.help or "").partition("\n\n")[0]
    if "。" in first:  # click finds the end of an English sentence only
        spoken.short_help = first.partition("。")[0]
    spoken.params = [_parameter(parameter) for parameter in command.params]
    if isinstance(spoken, click.Group):
        spoken.commands = {name: in_language(below) for name, below in spoken.commands.items()}
    return spoken


def message_ids(command: click.Command) -> Iterator[str]:
    """Yield each text of a command, its options and the commands below it that `in_language` translates."""
    for text in (command.help, *(getattr(parameter, "help", None) for parameter in command.params)):
        yield from (message for _, message, _ in _parts(text or ""))
    if isinstance(command, click.Group):
        for below in command.commands.values():
            yield from message_ids(below)


def _parameter(parameter: click.Parameter) -> click.Parameter:
    spoken = copy.copy(parameter)
    if isinstance(spoken, click.Option):
        spoken.help = _translated(spoken.help)
    return spoken


def _translated(text: str | None) -> str | None:
    return text and "\n\n".join(before + gettext(message) + after for before, message, after in _parts(text))


def _parts(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield each paragraph of a help text: its message, and what stands before and after it.

    Before it is click's mark, if it is not to be wrapped; after the word `Example:` are the examples.
    """
    for paragraph in filter(None, inspect.cleandoc(text).split("\n\n")):
        if not paragraph.startswith(_AS_IT_IS):
            yield "", " ".join(paragraph.split("\n")), ""
            continue
        mark, _, lines = paragraph.partition("\n")
        example = lines.startswith("Example:\n")
        message, end, after = lines.partition("\n") if example else (lines, "", "")
        yield f"{mark}\n", message, end + after


def _paragraphs(text: str, width: int) -> Iterator[list[str]]:
    """Yield the lines of each paragraph."""
    for paragraph in text.strip("\n").split("\n\n"):
        first, _, rest = paragraph.partition("\n")
        yield rest.splitlines() if first.strip() == _AS_IT_IS else wrapped(paragraph, width)
