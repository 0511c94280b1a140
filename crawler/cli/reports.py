"""Printing reports, tables and findings about runs and the archive. Not here: posts (`printing`)."""

from __future__ import annotations

import shutil
import sys
from datetime import date
from itertools import dropwhile
from typing import TYPE_CHECKING, Any

import click

from crawler.cli.output import charts
from crawler.text.outside import one_line, terminal_safe
from crawler.text.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_KILO = 1000
_SHOWN = 10  # of each thing that `stats` counts
_COUNTED = {
    "sites": "finews top sites",
    "categories": "finews top categories",
    "sources": "finews top outlets",
    "links": None,
}
_ELSEWHERE = {"expired": "source file", "share": "share link"}  # where else than on its page a post may be
_WIDE = 134  # columns that a table of runs needs; a narrower terminal wraps lines, which is better than cut words


def report(run: Mapping[str, Any]) -> None:
    """Print a run's report: what was requested, what came of it, and why posts were not stored."""
    failed = f", {run['listings_failed']} failed" if run["listings_failed"] else ""
    asked = (
        f"{counted(run['requests'], 'request')} ({run['not_modified']} not modified,"
        f" {counted(run['retries'], 'retry', 'retries')}), {_size(run['bytes'])},"
        f" {counted(run['listings'], 'listing')}{failed}"
    )
    read = f"{counted(sum(run['posts'].values()), 'file')} imported"
    what = read if run["scope"] == "import" else asked
    click.echo(f"Run {run['run']} of {run['site']} {run['outcome']} in {run['seconds']:.1f} s: {what}")
    click.echo("Posts: " + " · ".join(f"{count} {outcome}" for outcome, count in run["posts"].items()), nl=False)
    click.echo(f" · {run['pending']} pending")
    for reason, count in run["reasons"].items():
        click.echo(f"  {count} {reason}")
    for reason, count in run["listing_reasons"].items():
        click.echo(f"  {count} listing{'s' * (count > 1)} {reason}")
    if run["elsewhere"]:
        click.echo(f"  looked elsewhere: {_elsewhere(run['elsewhere'])}")
    for host, reason in run["hosts"].items():
        click.echo(f"  {host} {reason}")


def _elsewhere(counts: Mapping[str, int]) -> str:
    """Return `2 source files gone · 1 share link stored`; the keys are `expired: gone` and the like."""
    ends = ((count, *end.partition(": ")) for end, count in counts.items())
    return " · ".join(f"{counted(count, _ELSEWHERE[kind])} {state}" for count, kind, _, state in ends)


def selftest(result: Mapping[str, Any]) -> None:
    """Print the result of the self-test, whose crawl is killed again and again."""
    points = ", ".join(map(str, result["killed_at"]))
    click.echo(f"Killed {counted(result['kills'], 'time')} (SIGKILL), after {points} of {result['posts']} pages:")
    click.echo(
        f"{result['stored']} of {result['posts']} posts stored, {result['lost']} lost,"
        f" {counted(result['repeated'], 'page')} requested again"
    )
    click.echo(f"{counted(result['readers'], 'reader')} during the runs, {len(result['reader_failures'])} failed")
    for failure in result["reader_failures"]:
        click.echo(f"  {failure}")
    if result["log_deleted"]:
        click.echo("A log was deleted under a run: what was written into it is lost.")
    click.echo("\n".join(result["findings"]) or "The archive is sound.")


def runs(reports: Sequence[Mapping[str, Any]]) -> None:
    """Print a table of runs."""
    from rich.console import Console  # noqa: PLC0415  # the other commands answer sooner without it
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None)
    for heading in ("run", "site", "started", "outcome", "seconds", "requests"):
        table.add_column(heading, no_wrap=True)
    for outcome in ("new", "changed", "unchanged", "refused", "failed", "gone", "pending"):
        table.add_column(outcome, justify="right", no_wrap=True)
    table.add_column("unusual", no_wrap=True)
    notes = ["; ".join(run["unusual"]) for run in reports]
    for run, note in zip(reports, notes, strict=True):
        counts = [str(count) for count in (*run["posts"].values(), run["pending"])]
        row = [
            run["run"],
            run["site"],
            run["started_at"][:16].replace("T", " "),
            run["outcome"],
            run["seconds"],
            run["requests"],
        ]
        table.add_row(*map(str, row), *counts, note)
    console = Console()
    console.width = max(console.width, _WIDE + max(map(len, notes), default=0))
    console.print(table)


def alarms(found: Mapping[str, Any]) -> None:
    """Print what is amiss, in a sentence each, or that nothing is."""
    for alarm in found["alarms"]:
        click.echo(alarm["sentence"])
    if not found["alarms"]:
        click.echo(f"Nothing is amiss in {found['archive']}.")


def stats(numbers: Mapping[str, Any]) -> None:
    """Print what an archive holds."""
    click.echo(f"{numbers['archive']}: {_size(numbers['bytes'])}")
    click.echo(
        f"{counted(numbers['posts'], 'post')} ({numbers['gone']} gone from the site),"
        f" {counted(numbers['revisions'], 'revision')}, {counted(numbers['securities'], 'security', 'securities')} in"
        f" {counted(numbers['mentions'], 'mention')}, {counted(numbers['runs'], 'run')}"
    )
    if numbers["posts"]:
        click.echo(f"from {numbers['first_published_at']} to {numbers['last_published_at']}")
    for what, command in _COUNTED.items():
        click.echo(terminal_safe(f"{what}: {_first(numbers[what], command)}"))
    days = list(dropwhile(lambda day: not day[1], numbers["days"].items()))
    line = charts.sparkline([count for _, count in days])
    if line and _can_print(line):
        click.echo(f"posts per day: {days[0][0]} {line} {days[-1][0]}, at most {max(count for _, count in days):,}")


def _first(counts: Mapping[str, int], command: str | None) -> str:
    """Return the first few counts, how many more there are, and the command that shows them."""
    shown = [f"{name} {count}" for name, count in list(counts.items())[:_SHOWN]]
    if len(counts) > _SHOWN:
        see = f": `{command}`" if command else ""
        shown.append(f"and {len(counts) - _SHOWN:,} more{see}")
    return ", ".join(shown) or "none"


def top(found: Mapping[str, Any]) -> None:
    """Print what there is most of: with bars on a terminal, elsewhere as lines of number, tab, name."""
    ranked = [(_named(each), each["posts"]) for each in found["results"]]
    if not sys.stdout.isatty():
        for name, posts in ranked:
            click.echo(terminal_safe(f"{posts}\t{name}"))
        return
    width = shutil.get_terminal_size().columns
    for line in charts.bars(ranked, width, ascii_only=not _can_print("█")):
        click.echo(terminal_safe(line))
    more = found["total"] - len(ranked)
    if more or not ranked:
        click.echo(f"and {more:,} more, see --limit" if more else f"There are no {found['kind']}.")


def _named(ranked: Mapping[str, Any]) -> str:
    """Return a name with what commands take for it, if that is something else."""
    name = one_line(ranked["name"])
    return f"{name} ({ranked['key']})" if ranked["key"] != ranked["name"] else name


def _can_print(characters: str) -> bool:
    """Return whether standard output has these characters."""
    try:
        characters.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def coverage(found: Mapping[str, Any]) -> None:
    """Print how much of what was listed is stored, and each gap, latest first, with the command that fills it."""
    since = f" since {found['since']}" if found["since"] else ""
    click.echo(f"{found['archive']}{since}: {_covered(found['totals'])}")
    several = len({row["site"] for row in found["rows"]}) > 1
    gaps = [row for row in found["rows"] if not row["stored"] == row["listed"] > 0]
    for row, *days_before in _joined(gaps):
        site, category = row["site"], row["category"] or "(no category)"
        if row["listed"]:
            click.echo(f"{row['day']} {f'{site} ' if several else ''}{category}: {_covered(row)}")
        else:
            days = f"{days_before[-1]['day']} to {row['day']}" if days_before else row["day"]
            click.echo(f"{days}: nothing of {site} was listed, and it can no longer be fetched")
        for each in row["commands"]:
            click.echo(f"  {each}")
    if not gaps:
        click.echo("All of it is stored." if found["rows"] else "Nothing has been listed.")


def _covered(numbers: Mapping[str, int]) -> str:
    """Return `25 listed, 24 stored, 1 refused`."""
    others = [f"{numbers[name]} {name}" for name in ("refused", "failed", "missing") if numbers[name]]
    return ", ".join([f"{numbers['listed']} listed", f"{numbers['stored']} stored", *others])


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


def checked(result: Mapping[str, Any]) -> None:
    """Print what a repair has mended and what a check found, one line each."""
    for mended in result["mended"]:
        click.echo(f"Mended: {mended.partition(': `finews check --repair`')[0].removesuffix('.')}.")
    for finding in result["findings"]:
        click.echo(finding)
    if not result["findings"]:
        click.echo(f"{result['archive']} is sound" + (" after the repair" if result["repaired"] else "") + ".")


def backed_up(result: Mapping[str, Any]) -> None:
    """Print what was copied where."""
    click.echo(
        f"{result['archive']} copied to {result['file']} and verified: {_size(result['bytes'])},"
        f" {counted(result['posts'], 'post')} in {counted(result['versions'], 'revision')}"
    )
    if result["made_folder"]:
        click.echo(f"The folder {result['made_folder']} was made for it.")


def exported(result: Mapping[str, Any]) -> None:
    """Print what an export wrote."""
    click.echo(
        f"{counted(result['posts'], 'post')} as {result['format']} in {result['directory']},"
        f" {counted(result['written'], 'file')} written"
    )


def _size(count: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if count < _KILO:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= _KILO
    return f"{count:.1f} GB"
