"""Printing how a fleet is doing and what was done in it. Not here: doing it (`crawler.ops.fleet`)."""

from __future__ import annotations

from datetime import datetime
from gettext import gettext as _
from typing import TYPE_CHECKING, Any

import click

from crawler.cli.output.words import ended
from crawler.cli.reports import size
from crawler.language import said
from crawler.text.outside import terminal_safe
from crawler.text.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_WIDEST = 10_000  # characters of a table


def deployment(result: Mapping[str, Any]) -> None:
    """Print what became of each node."""
    words = {"deployed": _("deployed"), "unchanged": _("has it already"), "failed": _("not deployed: {why}")}
    for node in result["nodes"]:
        outcome = words[node["outcome"]].format(why=said(node["why"] or ""))
        removed = _(", {count} removed").format(count=said(counted(len(node["removed"]), "older version")))
        _say(f"{node['node']}: {outcome}{removed if node['removed'] else ''}")
    click.echo(_("Version {version}, {size}").format(version=result["version"], size=size(result["bytes"])))


def run(result: Mapping[str, Any]) -> None:
    """Print what was done about each site; of those that only wait, how many there are."""
    acted = [site for site in result["sites"] if site["action"] != "wait"]
    for site in acted:
        line = _("{site} on {node}: {why}").format(site=site["site"], node=site["node"], why=said(site["why"]))
        failed = _(" – not done: {failed}").format(failed=said(site["failed"])) if site["failed"] else ""
        _say(line + failed)
    waiting: dict[str, list[str]] = {}
    for site in result["sites"]:
        if site["action"] == "wait":
            waiting.setdefault(said(site["why"]), []).append(site["site"])
    for why, sites in waiting.items():
        _say(_("{sites}: {why}").format(sites=", ".join(sites), why=why))
    _troubles(result["troubles"])


def status(result: Mapping[str, Any]) -> None:
    """Print a table of nodes, one of sites, and what is amiss."""
    headings = [_("node"), _("address"), _("version"), _("sites"), _("waiting"), _("at work"), ""]
    _table(
        headings,
        [
            [
                node["node"],
                node["address"],
                "–" if node["trouble"] else _("current") if node["current"] else _("another"),
                *(str(node[name]) for name in ("sites", "pending", "running")),
                _("does not answer: {trouble}").format(trouble=said(node["trouble"])) if node["trouble"] else "",
            ]
            for node in result["nodes"]
        ],
    )
    headings = [_("site"), _("node"), _("every"), _("last run"), _("outcome"), _("new"), _("to collect"), _("next")]
    _table(headings, [_site_row(site) for site in result["sites"]])
    for site in result["sites"]:
        for alarm in site["alarms"]:
            _say(_("{site}: {alarm}").format(site=site["site"], alarm=alarm))
        if site["log"]:
            _say(_("{site}: its last job ended without a report, see {log}").format(**site))


def collection(result: Mapping[str, Any]) -> None:
    """Print what was taken of each site."""
    for site in result["sites"]:
        _say(_collected(site))
    if not result["sites"]:
        click.echo(_("There is nothing new."))
    for kind, count in result["conflict_counts"].items():
        click.echo(_("{count} contradictions of the kind {kind}, see docs/scale.md").format(count=count, kind=kind))
    _troubles(result["troubles"])


def _collected(site: Mapping[str, Any]) -> str:
    name = _("{site} on {node}").format(**site)
    if site["missing"]:
        return _("{name}: a snapshot is missing; after the next run there is a whole one").format(name=name)
    posts = site["posts"]
    line = _("{name}: {posts} new, {changed} changed, {unchanged} unchanged, from {snapshots} ({size})").format(
        name=name,
        posts=said(counted(posts["new"], "post")),
        changed=posts["changed"],
        unchanged=posts["unchanged"],
        snapshots=said(counted(site["snapshots"], "snapshot")),
        size=size(site["bytes"]),
    )
    failed = _("; not all of it ({failed}), so collect again").format(failed=said(site["failed"] or ""))
    return line + (failed if site["failed"] else "")


def _site_row(site: Mapping[str, Any]) -> list[str]:
    ran, due = site["run"], site["due_at"]
    return [
        site["site"],
        site["node"],
        _every(site["every"]),
        _time(ran["started_at"]) if ran else "–",
        ended(ran["outcome"]) if ran else "",
        str(ran["posts"]["new"]) if ran else "",
        str(site["uncollected"]),
        _("due {time}").format(time=_time(due)) if due else said(site["next"]),
    ]


def _every(seconds: int) -> str:
    from datetime import timedelta  # noqa: PLC0415  # --help needs none of it

    from crawler.ops.schedule.interval import write_interval  # noqa: PLC0415  # likewise

    return write_interval(timedelta(seconds=seconds))


def _time(written: str) -> str:
    """Return a time in the zone of this machine, which is where the fleet is looked at."""
    return f"{datetime.fromisoformat(written).astimezone():%Y-%m-%d %H:%M}"


def _troubles(troubles: Mapping[str, str]) -> None:
    for node, trouble in troubles.items():
        line = _("{node} does not answer: {trouble}").format(node=node, trouble=said(trouble))
        click.echo(terminal_safe(line), err=True)


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich.console import Console  # noqa: PLC0415  # the other commands answer sooner without it
    from rich.table import Table  # noqa: PLC0415  # likewise

    table = Table(box=None)
    for heading in headings:
        table.add_column(heading, no_wrap=True)
    for row in rows:
        table.add_row(*map(terminal_safe, row))
    console = Console(markup=False, highlight=False)
    unbounded = console.options.update(max_width=_WIDEST)  # or else it is measured as it fits the terminal
    console.width = max(console.width, console.measure(table, options=unbounded).maximum)
    console.print(table)


def _say(line: str) -> None:
    click.echo(terminal_safe(line))
