"""Posts that were found, as rows to take along: a table, CSV or JSON Lines.

Each row is written as soon as it is read, so any number of them takes the same memory. Not here: the layout for
reading (`crawler.cli.printing`), and which posts were found.
"""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass
from gettext import gettext as _
from itertools import count
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from crawler.cli import options, printing
from crawler.cli.output.pager import paged
from crawler.text.outside import terminal_safe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from crawler.cli.printing import View

FORMS = ("table", "csv", "jsonl")
HIT_COLUMNS = (
    "id", "site", "title", "published_at", "source", "category", "categories", "authors", "url", "snippet", "text",
    "highlights", "others", "found_in", "now",
)  # fmt: skip
"""The columns of CSV for a search: the keys of a hit. Of most hits the last three are empty."""
MENTION_COLUMNS = (*HIT_COLUMNS, "printed", "odd")
"""The columns of CSV for the posts that mention a security."""

# Columns of the terminal; what is wider moves the rest of its line.
_ID_WIDTH, _SOURCE_WIDTH, _SITE_WIDTH, _ARCHIVE_WIDTH = 20, 14, 10, 16
_MARK = "\ufeff"

format_option = click.option(
    "--format",
    "form",
    type=click.Choice(FORMS),
    help="Print a post a line: a table to read, CSV for spreadsheets, or a JSON object for programs.",
)
all_option = click.option(
    "--all", "every", is_flag=True, help="Print all that was found, not just the first; without a time limit."
)


@dataclass(frozen=True, slots=True)
class Taking:
    """How a reader wants what was found: in one of the `FORMS`, as one JSON document, or laid out for reading.

    `page` has the `limit` and `offset` to ask for; nothing, if `every` result is wanted.
    """

    form: str | None
    as_json: bool
    every: bool
    no_pager: bool
    page: dict[str, Any]

    @classmethod
    def of(cls, ctx: click.Context, given: dict[str, Any]) -> Taking:
        """Take the options that this is about out of those `given` to a command. Raises `click.UsageError`."""
        form, as_json, every = given.pop("form"), given.pop("as_json"), given.pop("every")
        if form and as_json:
            raise click.UsageError(
                _("--json prints one document, --format {form} a line a post: give one of them.").format(form=form)
            )
        for name in ("limit", "offset"):
            if every and ctx.get_parameter_source(name) is not ParameterSource.DEFAULT:
                raise click.UsageError(
                    _("--all prints all that was found, --{name} a part of it: give one of them.").format(name=name)
                )
        page = {name: given.pop(name) for name in ("limit", "offset")}
        return cls(form, as_json, every, given.pop("no_pager"), {} if every else page)

    def time_limit(self) -> float | None:
        """Return how many seconds the question may take; all that was found may take any time to read."""
        return None if self.every else options.time_limit()

    def show(
        self,
        found: Mapping[str, Any],
        for_people: Callable[[Mapping[str, Any], View], None],
        columns: tuple[str, ...],
        view: View,
    ) -> None:
        """Print what was found: `for_people` lays it out for reading as `view` says, `columns` are those of CSV."""
        if self.as_json:
            printing.json_document({**found, "results": list(found["results"])})
        elif self.form is None:
            with paged(wanted=not self.no_pager):
                for_people(found, view)
        else:
            printing.told(found)
            printed = count()
            posts = (post for post, _number in zip(found["results"], printed, strict=False))
            with paged(wanted=not self.no_pager and self.form == "table"):
                for line in _lines(posts, self.form, (*columns, *(["archive"] * view.names_archives)), view):
                    click.echo(line, nl=False)
            self._say_of_others(next(printed), found["total"])

    def _say_of_others(self, printed: int, total: int) -> None:
        """Say on standard error whether there are more posts after those of a page."""
        if not self.every and self.page["offset"] + printed < total:
            click.echo(
                _("{printed:,} of {total:,} posts; --all prints all of them.").format(printed=printed, total=total),
                err=True,
            )


def _lines(posts: Iterable[Mapping[str, Any]], form: str, columns: tuple[str, ...], view: View) -> Iterator[str]:
    if form == "jsonl":
        return (f"{printing.json_line(post)}\n" for post in posts)
    if form == "table":
        return _table(posts, view)
    return _csv(posts, columns)


def _csv(posts: Iterable[Mapping[str, Any]], columns: tuple[str, ...]) -> Iterator[str]:
    from crawler.ops.exporting.spreadsheet import csv_lines  # noqa: PLC0415  # only here

    if _begins_a_file():
        yield _MARK
    lines = csv_lines(columns, posts)
    yield from map(terminal_safe, lines) if sys.stdout.isatty() else lines


def _begins_a_file() -> bool:
    """Return whether output goes into an empty file: there, a mark tells spreadsheets that it is UTF-8."""
    try:
        status = os.fstat(sys.stdout.fileno())
    except OSError:  # a stream of a program that has put its own in place of standard output
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size == 0


def _table(posts: Iterable[Mapping[str, Any]], view: View) -> Iterator[str]:
    """Yield a line for each post: when it was published, its id and outlet, site and archive if told, its title."""
    from rich.cells import cell_len  # noqa: PLC0415  # the other commands answer sooner without it

    def padded(text: str, width: int) -> str:
        return text + " " * (width - cell_len(text))

    def row(published: str, post_id: str, source: str, site: str, archive: str, title: str) -> str:
        told = [padded(site, _SITE_WIDTH)] if view.names_sites else []
        told += [padded(archive, _ARCHIVE_WIDTH)] if view.names_archives else []
        cells = (padded(published, 16), padded(post_id, _ID_WIDTH), padded(source, _SOURCE_WIDTH), *told, title)
        return terminal_safe("  ".join(cells)) + "\n"

    headings = row(_("published"), _("id"), _("source"), _("site"), _("archive"), _("title"))
    yield click.style(headings.rstrip("\n"), bold=True) + "\n"
    for post in posts:
        published = view.time(post["published_at"], "minutes")
        title, archive = " ".join(post["title"].split()), post.get("archive", "")
        yield row(published, post["id"], post["source"] or "", post["site"], archive, title)
