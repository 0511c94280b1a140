"""What commands print for people, and the one way JSON is printed. Not here: what is printed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_KILO = 1000
_WIDE = 124  # columns a table of runs needs; a narrower terminal wraps it, which reads better than cut words


def as_json(document: Any) -> None:
    """Print one JSON document, Chinese as it is."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def report(run: Mapping[str, Any]) -> None:
    """Print a run's report: what was asked, what came of it, and why what was not kept was not."""
    click.echo(
        f"Run {run['run']} of {run['site']} {run['outcome']} in {run['seconds']:.1f} s: {run['requests']} requests"
        f" ({run['not_modified']} not modified, {run['retries']} retries), {_size(run['bytes'])},"
        f" {run['listings']} listings" + (f", {run['listings_failed']} failed" if run["listings_failed"] else "")
    )
    click.echo("Posts: " + " · ".join(f"{count} {outcome}" for outcome, count in run["posts"].items()), nl=False)
    click.echo(f" · {run['pending']} pending")
    for reason, count in run["reasons"].items():
        click.echo(f"  {count} {reason}")
    for reason, count in run["listing_reasons"].items():
        click.echo(f"  {count} listing{'s' * (count > 1)} {reason}")


def search(found: Mapping[str, Any]) -> None:
    """Print what a search found: two lines a post."""
    click.echo(f"\n{found['total']} found for {found['query']}")
    for post in found["results"]:
        click.echo(f"\n{click.style(post['title'], bold=True)}\n{byline(post)} · {post['id']}\n  {post['snippet']}")


def byline(post: Mapping[str, Any]) -> str:
    """Return when and where a post was published: `2022-04-20 16:44 · 大江网`."""
    return " · ".join(filter(None, [post["published_at"][:16].replace("T", " "), post["source"]]))


def stats(numbers: Mapping[str, Any]) -> None:
    """Print what an archive holds."""
    click.echo(f"{numbers['archive']}: {_size(numbers['bytes'])}")
    click.echo(
        f"{numbers['posts']} posts ({numbers['gone']} gone from the site), {numbers['revisions']} revisions,"
        f" {numbers['securities']} securities in {numbers['mentions']} mentions, {numbers['runs']} runs"
    )
    if numbers["posts"]:
        click.echo(f"from {numbers['first_published_at']} to {numbers['last_published_at']}")
    for what in ("sites", "categories", "sources", "links"):
        click.echo(f"{what}: " + (", ".join(f"{name} {count}" for name, count in numbers[what].items()) or "none"))


def runs(reports: Sequence[Mapping[str, Any]]) -> None:
    """Print a table of runs."""
    from rich.console import Console  # noqa: PLC0415  # the other commands answer sooner without it
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None)
    for heading in ("run", "site", "started", "outcome", "seconds", "requests"):
        table.add_column(heading, no_wrap=True)
    for outcome in ("new", "changed", "unchanged", "refused", "failed", "gone", "pending"):
        table.add_column(outcome, justify="right", no_wrap=True)
    for run in reports:
        counts = [str(count) for count in (*run["posts"].values(), run["pending"])]
        row = [
            run["run"],
            run["site"],
            run["started_at"][:16].replace("T", " "),
            run["outcome"],
            run["seconds"],
            run["requests"],
        ]
        table.add_row(*map(str, row), *counts)
    console = Console()
    console.width = max(console.width, _WIDE)
    console.print(table)


def exported(result: Mapping[str, Any]) -> None:
    """Print what an export wrote."""
    click.echo(
        f"{result['posts']} posts as {result['format']} in {result['directory']}, {result['written']} files written"
    )


def _size(count: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if count < _KILO:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= _KILO
    return f"{count:.1f} GB"
