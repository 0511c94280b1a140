"""Printing how much of what was listed is stored. Not here: counting it (`crawler.archive.watch.coverage`)."""

from __future__ import annotations

from datetime import date
from gettext import gettext as _
from typing import TYPE_CHECKING, Any

import click

from crawler.cli.output.words import numbered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


def coverage(found: Mapping[str, Any]) -> None:
    """Print how much of what was listed is stored, and each gap, latest first, with the command that fills it."""
    since = _(" since {since}").format(since=found["since"]) if found["since"] else ""
    click.echo(f"{found['archive']}{since}: {_covered(found['totals'])}")
    several = len({row["site"] for row in found["rows"]}) > 1
    gaps = [row for row in found["rows"] if not row["stored"] == row["listed"] > 0]
    for row, *days_before in _joined(gaps):
        site, category = row["site"], row["category"] or _("(no category)")
        if row["listed"]:
            click.echo(f"{row['day']} {f'{site} ' if several else ''}{category}: {_covered(row)}")
        else:
            days = row["day"]
            if days_before:
                days = _("{first} to {last}").format(first=days_before[-1]["day"], last=row["day"])
            nothing = _("{days}: nothing of {site} was listed, and it can no longer be fetched")
            click.echo(nothing.format(days=days, site=site))
        for each in row["commands"]:
            click.echo(f"  {each}")
    if not gaps:
        click.echo(_("All of it is stored.") if found["rows"] else _("Nothing has been listed."))


def _covered(numbers: Mapping[str, int]) -> str:
    """Return `25 listed, 24 stored, 1 refused`."""
    others = [name for name in ("refused", "failed", "missing") if numbers[name]]
    return _(", ").join(numbered(name, numbers[name]) for name in ("listed", "stored", *others))


def _joined(gaps: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """Yield the gaps as groups: successive days on which a site listed nothing are one group."""
    joined: list[Mapping[str, Any]] = []
    for gap in gaps:
        if joined and not _goes_on(joined[-1], gap):
            yield joined
            joined = []
        joined.append(gap)
    if joined:
        yield joined


def _goes_on(later: Mapping[str, Any], earlier: Mapping[str, Any]) -> bool:
    """Return whether a site listed nothing both on a day and on the day before it."""
    apart = date.fromisoformat(later["day"]) - date.fromisoformat(earlier["day"])
    return not later["listed"] + earlier["listed"] and later["site"] == earlier["site"] and apart.days == 1
