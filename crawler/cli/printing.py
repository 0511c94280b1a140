"""How results are printed, for people and as JSON. Not here: what is printed."""

from __future__ import annotations

import json
import sys
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from crawler.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from crawler.changes import Changes, Parts

_BOLD = ("\x1b[1m", "\x1b[22m")
_DAYS = 10  # of a security's days that are printed
_KILO = 1000
_WIDE = 134  # columns a table of runs needs; a narrower terminal wraps it, which reads better than cut words


def json_document(document: Any) -> None:
    """Print one JSON document, Chinese as it is."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def result(document: Any, human: Callable[[Any], None], *, as_json: bool) -> None:
    """Print a command's result: as one JSON document, or for people."""
    (json_document if as_json else human)(document)


def report(run: Mapping[str, Any]) -> None:
    """Print a run's report: what was asked, what came of it, and why what was not kept was not."""
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
        places = (f"{count} {place.replace(':', '')}" for place, count in run["elsewhere"].items())
        click.echo(f"  asked elsewhere: {' · '.join(places)}")
    for host, reason in run["hosts"].items():
        click.echo(f"  {host} {reason}")


def selftest(result: Mapping[str, Any]) -> None:
    """Print what became of a sample site whose crawl was killed again and again."""
    points = ", ".join(map(str, result["killed_at"]))
    click.echo(f"Killed {counted(result['kills'], 'time')} (SIGKILL), at {points} of {result['posts']} pages:")
    click.echo(
        f"{result['stored']} of {result['posts']} posts stored, {result['lost']} lost,"
        f" {counted(result['repeated'], 'page')} asked for again"
    )
    click.echo(f"{counted(result['readers'], 'reader')} beside the runs, {len(result['reader_failures'])} failed")
    for failure in result["reader_failures"]:
        click.echo(f"  {failure}")
    if result["log_deleted"]:
        click.echo("A log was deleted under a run: what was written into it is lost.")
    click.echo("\n".join(result["findings"]) or "The archive is sound.")


def marks(*, as_json: bool) -> tuple[str, str]:
    """Return what goes around a hit: bold on a terminal, brackets elsewhere."""
    return ("[", "]") if as_json or not sys.stdout.isatty() else _BOLD


def search(found: Mapping[str, Any]) -> None:
    """Print what a search found."""
    click.echo(f"\n{found['total']} found for {found['query']}")
    _posts(found["results"])


def stock(found: Mapping[str, Any]) -> None:
    """Print what the archive has on a security: its names, its days, its posts."""
    click.echo(
        f"{found['name']} {found['symbol']}.{found['market']} ({found['code']}): {counted(found['total'], 'post')}"
    )
    for name in found["names"]:
        odd = "  ! not its usual name" if name["odd"] else ""
        click.echo(f"  {name['first']} – {name['last']}  {name['name']}, {counted(name['posts'], 'post')}{odd}")
    if found["days"]:
        click.echo("  " + ", ".join(f"{day['day']} {day['posts']}" for day in found["days"][:_DAYS]))
    if found["others"]:
        click.echo(f"  also of this symbol or name: {', '.join(found['others'])}")
    _posts(found["results"])


def same_story(post: Mapping[str, Any]) -> None:
    """Name, on standard error, the posts that tell the same story, the first first."""
    others = [telling for telling in post["same_story"] if telling["id"] != post["post_id"]]
    if others:
        first = "this one" if post["same_story"][0]["id"] == post["post_id"] else post["same_story"][0]["id"]
        named = "; ".join(f"{telling['id']} ({byline(telling)})" for telling in others)
        click.echo(f"The same story: {named}. First came {first}.", err=True)


def history(revisions: Sequence[Mapping[str, Any]], changes: Mapping[int, Changes], *, styled: bool) -> None:
    """Print a line per revision, and below it what changed."""
    for row in revisions:
        click.echo(
            f"{row['revision']}  seen {row['seen_at'][:16].replace('T', ' ')} UTC by run {row['run']} ({row['via']}),"
            f" published {row['published_at'][:16].replace('T', ' ')}: {row['title']}"
        )
        if row["revision"] in changes:
            for line in _changes(changes[row["revision"]], styled=styled):
                click.echo(f"     {line}")


def _changes(changes: Changes, *, styled: bool) -> Iterator[str]:
    """Yield what changed, figures first; `-` was taken away, `+` was added, `~` stands elsewhere now."""
    for figure in changes.figures:
        yield f"{figure.before or '(none)'} → {figure.after or '(none)'}"
    if changes.published_at:
        yield f"published: {changes.published_at[0]} → {changes.published_at[1]}"
    for change in [*([changes.title] if changes.title else []), *changes.sentences]:
        if change.kind == "moved":
            yield f"~ {change.after}"
            continue
        whole = change.kind != "changed"  # nothing to mark where all is new
        if change.before:
            yield "- " + _marked(change.before_parts, "red", styled=styled, whole=whole)
        if change.after:
            yield "+ " + _marked(change.after_parts, "green", styled=styled, whole=whole)


def _marked(parts: Parts, colour: str, *, styled: bool, whole: bool) -> str:
    def mark(text: str) -> str:
        return click.style(text, fg=colour, bold=True) if styled else f"[{text}]"

    return "".join(mark(text) if changed and not whole else text for text, changed in parts)


def trails(told: Mapping[str, Any]) -> None:
    """Print what happened to addresses, a paragraph each; or that one was never seen."""
    if not told["seen"]:
        click.echo(f"{told['name']} was never seen: {told['advice']}.")
    for trail in told["addresses"]:
        click.echo(f"{trail['url']}\n  {_standing(trail)}")
        click.echo(f"  {_moment(trail['found_at'])}  {_found(trail)}")
        for fetch in trail["fetches"]:
            click.echo(f"  {_moment(fetch['fetched_at'])}  {_fetch(fetch)}")
        if trail["next_try_at"]:
            click.echo(f"  {_moment(trail['next_try_at'])}  due to be asked for again")
    for file in told["files"]:
        commit = f" at commit {file['commit'][:12]}" if file["commit"] else ""
        reason = f", {file['reason']}" if file["reason"] else ""
        click.echo(
            f"{file['path']}{commit}\n  {_moment(file['imported_at'])}  run {file['run']}: {file['outcome']}{reason}"
        )


def _standing(trail: Mapping[str, Any]) -> str:
    """Say what an address is and where it stands."""
    what = f"{trail['kind']} of {trail['site']}"
    if trail["state"] == "found":
        return f"{what}, waits for the next run"
    reason = f": {trail['reason']}" if trail["reason"] else ""
    kept = f", archived as {trail['post_id']}" if trail["post_id"] else ""
    return f"{what}, {trail['state']}{reason}{kept}"


def _found(trail: Mapping[str, Any]) -> str:
    """Say where an address was found, and by which words."""
    named = f"found on {trail['found_on']}" if trail["found_on"] else "asked for by name"
    return f"{named}: {trail['title']}" if trail["title"] else named


def _fetch(fetch: Mapping[str, Any]) -> str:
    """Say how a fetch ended: `run 3: refused, HTTP 200, no title (rule layouts[page].title)`."""
    reason = f", {fetch['reason']}" if fetch["reason"] else ""
    status = f", HTTP {fetch['status']}" if fetch["status"] and not reason.startswith(", HTTP") else ""
    rule = f" (rule {fetch['rule']})" if fetch["rule"] else ""
    again = f", {fetch['times']} times to {_moment(fetch['last_fetched_at'])}" if fetch["times"] > 1 else ""
    last = f"–{fetch['last_run']}" if fetch["last_run"] != fetch["run"] else ""
    return f"run {fetch['run']}{last}: {fetch['outcome']}{status}{reason}{rule}{again}"


def _moment(written: str) -> str:
    """Return a time of the archive's own for people: `2022-04-21 01:00:09`."""
    return written[:19].replace("T", " ")


def checked(result: Mapping[str, Any]) -> None:
    """Print what a check found, a line each."""
    for finding in result["findings"]:
        click.echo(finding)
    if not result["findings"]:
        click.echo(f"{result['archive']} is sound" + (", repaired" if result["repaired"] else "") + ".")


def backed_up(result: Mapping[str, Any]) -> None:
    """Print what was copied where."""
    click.echo(
        f"{result['archive']} copied to {result['file']} and verified: {_size(result['bytes'])},"
        f" {counted(result['posts'], 'post')} in {counted(result['versions'], 'revision')}"
    )


def _posts(posts: Sequence[Mapping[str, Any]]) -> None:
    """Print two lines a post, and what is to be said of it besides."""
    for post in posts:
        click.echo(f"\n{click.style(post['title'], bold=True)}\n{byline(post)} · {post['id']}\n  {post['snippet']}")
        if post.get("odd"):
            click.echo(f"  ! prints it as {post['printed']}")
        if post.get("others"):
            click.echo(f"  also told by {', '.join(post['others'])}")


def byline(post: Mapping[str, Any]) -> str:
    """Return when and where a post was published: `2022-04-20 16:44 · 大江网`."""
    return " · ".join(filter(None, [post["published_at"][:16].replace("T", " "), post["source"]]))


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
    """Print what is amiss, a sentence each; or that nothing is."""
    for alarm in found["alarms"]:
        click.echo(alarm["sentence"])
    if not found["alarms"]:
        click.echo(f"Nothing is amiss in {found['archive']}.")


def coverage(found: Mapping[str, Any]) -> None:
    """Print what of all that was listed is stored, and each gap, the latest first, with what fills it."""
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
    """Yield each gap, days on which nothing of a site was listed together with those before them."""
    joined: list[Mapping[str, Any]] = []
    for gap in gaps:
        if joined and not _goes_on(joined[-1], gap):
            yield joined
            joined = []
        joined.append(gap)
    if joined:
        yield joined


def _goes_on(later: Mapping[str, Any], earlier: Mapping[str, Any]) -> bool:
    """Tell whether nothing of a site was listed on a day and on the day before it."""
    apart = date.fromisoformat(later["day"]) - date.fromisoformat(earlier["day"])
    return not later["listed"] + earlier["listed"] and later["site"] == earlier["site"] and apart.days == 1


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
