"""Printing reports, tables and findings about runs and the archive. Not here: posts (`printing`)."""

from __future__ import annotations

import shutil
import sys
from gettext import gettext as _
from itertools import dropwhile
from typing import TYPE_CHECKING, Any

import click

from crawler import reasons
from crawler.cli import printing
from crawler.cli.output import charts
from crawler.cli.output.words import KINDS, OUTCOMES, ended, numbered
from crawler.language import Sentence, said
from crawler.text.outside import one_line, terminal_safe
from crawler.text.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crawler.cli.printing import View

_KILO = 1000
_SHOWN = 10  # of each thing that `stats` counts
_COUNTED = {  # what `stats` counts, and the command that shows more of it
    Sentence("sites"): "finews top sites",
    Sentence("categories"): "finews top categories",
    Sentence("sources"): "finews top outlets",
    Sentence("authors"): "finews top authors",
    Sentence("links"): None,
}
_WIDE = 137  # columns that a table of runs needs; a narrower terminal wraps lines, which is better than cut words


def report(run: Mapping[str, Any]) -> None:
    """Print a run's report: what was requested, what came of it, and why posts were not stored."""
    files = said(counted(sum(run["posts"].values()), "file"))
    what = _("{files} imported").format(files=files) if run["scope"] == "import" else _asked(run)
    head = _("Run {run} of {site} {outcome} in {seconds:.1f} s: {what}")
    click.echo(head.format(**{**run, "outcome": ended(run["outcome"])}, what=what))
    outcomes = {**run["posts"], "pending": run["pending"]}
    click.echo(_("Posts: ") + " · ".join(numbered(name, count) for name, count in outcomes.items()))
    for reason, count in run["reasons"].items():
        click.echo(f"  {count} {reasons.said(reason)}")
    for reason, count in run["listing_reasons"].items():
        click.echo(f"  {said(counted(count, 'listing'))} {reasons.said(reason)}")
    if run["elsewhere"]:
        click.echo(_("  looked elsewhere: {counts}").format(counts=_elsewhere(run["elsewhere"])))
    for host, reason in run["hosts"].items():
        click.echo(f"  {host} {reasons.said(reason)}")


def _asked(run: Mapping[str, Any]) -> str:
    """Return what a run requested, and what that cost."""
    failed = _(", {count} failed").format(count=run["listings_failed"]) if run["listings_failed"] else ""
    return _("{requests} ({not_modified} not modified, {retries}), {size}, {listings}{failed}").format(
        requests=said(counted(run["requests"], "request")),
        not_modified=run["not_modified"],
        retries=said(counted(run["retries"], "retry", "retries")),
        size=size(run["bytes"]),
        listings=said(counted(run["listings"], "listing")),
        failed=failed,
    )


def _elsewhere(counts: Mapping[str, int]) -> str:
    """Return `2 source files gone · 1 share link stored`; the keys are `expired: gone` and the like."""
    ends = ((count, *end.partition(": ")) for end, count in counts.items())
    return " · ".join(
        _("{place} {state}").format(place=said(_place(kind, count)), state=reasons.said(state))
        for count, kind, _colon, state in ends
    )


def _place(kind: str, count: int) -> Sentence:
    """Return where else than on its page a post may be, counted."""
    return counted(count, "source file") if kind == "expired" else counted(count, "share link")


def selftest(result: Mapping[str, Any]) -> None:
    """Print the result of the self-test, whose crawl is killed again and again."""
    points = ", ".join(map(str, result["killed_at"]))
    killed = _("Killed {times} (SIGKILL), after {points} of {posts} pages:")
    click.echo(killed.format(times=said(counted(result["kills"], "time")), points=points, posts=result["posts"]))
    stored = _("{stored} of {posts} posts stored, {lost} lost, {pages} requested again")
    click.echo(stored.format(**result, pages=said(counted(result["repeated"], "page"))))
    readers = _("{readers} during the runs, {failed} failed")
    click.echo(
        readers.format(readers=said(counted(result["readers"], "reader")), failed=len(result["reader_failures"]))
    )
    for failure in result["reader_failures"]:
        click.echo(f"  {failure}")
    if result["log_deleted"]:
        click.echo(_("A log was deleted under a run: what was written into it is lost."))
    click.echo("\n".join(map(said, result["findings"])) or _("The archive is sound."))


def runs(reports: Sequence[Mapping[str, Any]], view: View) -> None:
    """Print a table of runs."""
    from rich.console import Console  # noqa: PLC0415  # the other commands answer sooner without it
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None)
    for heading in (_("run"), _("site"), _("started"), _("outcome"), _("seconds"), _("requests")):
        table.add_column(heading, no_wrap=True)
    for outcome in OUTCOMES:
        table.add_column(said(outcome), justify="right", no_wrap=True)
    table.add_column(_("unusual"), no_wrap=True)
    notes = [_("; ").join(map(said, run["unusual"])) for run in reports]
    for run, note in zip(reports, notes, strict=True):
        counts = [str(count) for count in (*run["posts"].values(), run["pending"])]
        row = [
            run["run"],
            run["site"],
            view.time(run["started_at"]),
            ended(run["outcome"]),
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
        click.echo(said(alarm["sentence"]))
    if not found["alarms"]:
        click.echo(_("Nothing is amiss in {archive}.").format(archive=found["archive"]))


def stats(numbers: Mapping[str, Any], view: View) -> None:
    """Print what an archive holds."""
    for one in numbers.get("asked", ()):
        click.echo(terminal_safe(_asked_archive(one)))
    together = _("{count} archives").format(count=len(numbers["asked"])) if "asked" in numbers else numbers["archive"]
    click.echo(f"{together}: {size(numbers['bytes'])}")
    holds = _("{posts} ({gone} gone from the site), {revisions}, {securities} in {mentions}, {runs}").format(
        posts=said(counted(numbers["posts"], "post")),
        gone=numbers["gone"],
        revisions=said(counted(numbers["revisions"], "revision")),
        securities=said(counted(numbers["securities"], "security", "securities")),
        mentions=said(counted(numbers["mentions"], "mention")),
        runs=said(counted(numbers["runs"], "run")),
    )
    click.echo(holds)
    for archive in numbers.get("archives", ()):
        name, runs = archive["path"] or archive["id"], said(counted(archive["runs"], "run"))
        click.echo(terminal_safe(_("of these, {runs} of {archive}").format(runs=runs, archive=name)))
    if numbers["posts"]:
        first, last = (view.time(numbers[f"{end}_published_at"]) for end in ("first", "last"))
        click.echo(_("from {first} to {last}").format(first=first, last=last))
    states = {reasons.said(state): count for state, count in numbers["links"].items()}
    for what, command in _COUNTED.items():
        if what == "authors" and not numbers[what]:  # most sites name none
            continue
        counts = _first(states if what == "links" else numbers[what], command)
        listed = _("{what}: {counts}").format(what=said(what), counts=counts)
        click.echo(terminal_safe(listed))
    days = list(dropwhile(lambda day: not day[1], numbers["days"].items()))
    line = charts.sparkline([count for _day, count in days])
    if line and _can_print(line):
        most = max(count for _day, count in days)
        drawn = _("posts per day: {first} {line} {last}, at most {most:,}")
        click.echo(drawn.format(first=days[0][0], line=line, last=days[-1][0], most=most))


def _asked_archive(one: Mapping[str, Any]) -> str:
    """Return what one of several archives holds, and how much of it counts as another's."""
    holds = _("{archive}: {size}, {posts}").format(
        archive=one["archive"], size=size(one["bytes"]), posts=said(counted(one["posts"], "post"))
    )
    if not one["superseded"]:
        return holds
    left = _(" (and {count:,} that another has seen later, or deleted)").format(count=one["superseded"])
    return holds + left


def _first(counts: Mapping[str, int], command: str | None) -> str:
    """Return the first few counts, how many more there are, and the command that shows them."""
    shown = [f"{name} {count}" for name, count in list(counts.items())[:_SHOWN]]
    if len(counts) > _SHOWN:
        see = f": `{command}`" if command else ""
        shown.append(_("and {count:,} more{see}").format(count=len(counts) - _SHOWN, see=see))
    return ", ".join(shown) or _("none")


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
    if more:
        click.echo(_("and {count:,} more, see --limit").format(count=more))
    elif not ranked:
        click.echo(_("There are no {kind}.").format(kind=said(KINDS[found["kind"]])))


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


def checked(result: Mapping[str, Any]) -> None:
    """Print what a repair has mended and what a check found, one line each."""
    for mended in result["mended"]:
        fault = said(mended).partition("`finews check --repair`")[0].rstrip(" .:。：")
        click.echo(_("Mended: {fault}.").format(fault=fault))
    for finding in result["findings"]:
        click.echo(said(finding))
    if not result["findings"]:
        sound = _("{archive} is sound after the repair.") if result["repaired"] else _("{archive} is sound.")
        click.echo(sound.format(archive=result["archive"]))


def backed_up(result: Mapping[str, Any]) -> None:
    """Print what was copied where."""
    copied = _("{archive} copied to {file} and verified: {size}, {posts} in {revisions}").format(
        archive=result["archive"],
        file=result["file"],
        size=size(result["bytes"]),
        posts=said(counted(result["posts"], "post")),
        revisions=said(counted(result["versions"], "revision")),
    )
    click.echo(copied)
    if result["made_folder"]:
        click.echo(_("The folder {folder} was made for it.").format(folder=result["made_folder"]))


def exported(result: Mapping[str, Any]) -> None:
    """Print what an export wrote."""
    files = said(counted(result["written"], "file"))
    if "posts" not in result:
        click.echo(_("What Datasette reads in {directory}, {files} written").format(**{**result, "files": files}))
        return
    wrote = _("{posts} as {format} in {directory}, {files} written").format(
        posts=said(counted(result["posts"], "post")),
        format=result["format"],
        directory=result["directory"],
        files=files,
    )
    removed = result.get("removed")
    click.echo(wrote + (_(", {files} removed").format(files=said(counted(removed, "file"))) if removed else ""))
    if result.get("missing"):
        missing = _("{answers} cannot be read and left out: see `finews check`.")
        click.echo(missing.format(answers=said(counted(result["missing"], "answer"))), err=True)
    printing.told(result)


def size(count: float) -> str:
    """Return a number of bytes for people: `1.5 MB`."""
    for unit in ("bytes", "kB", "MB"):
        if count < _KILO:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= _KILO
    return f"{count:.1f} GB"
