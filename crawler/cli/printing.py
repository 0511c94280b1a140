"""Printing results, as JSON and for people: posts, their stories and their history.

Not here: reports and tables (`crawler.cli.reports`), and where the results come from.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from crawler.cli.output.pager import shows_styles
from crawler.text.outside import escaped_in_json, terminal_safe
from crawler.text.words import counted, marked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from crawler.text.changes import Changes, Parts

_BOLD = ("\x1b[1m", "\x1b[22m")
_DAYS = 10  # days printed for a security


def json_document(document: Any) -> None:
    """Print one JSON document, Chinese as it is where that can be written."""
    click.echo(_json(document, indent=2))


def json_line(document: Any) -> str:
    """Return a JSON document on one line, otherwise as `json_document` prints it."""
    return _json(document, indent=None)


def _json(document: Any, *, indent: int | None) -> str:
    is_unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    return escaped_in_json(json.dumps(document, ensure_ascii=not is_unicode, indent=indent))


def result(document: Any, human: Callable[[Any], None], *, as_json: bool) -> None:
    """Print a command's result: as one JSON document, or for people."""
    (json_document if as_json else human)(document)


def highlighted(post: Mapping[str, Any]) -> str:
    """Return a post's excerpt with its hits in bold on a terminal, in brackets elsewhere."""
    if not shows_styles():
        return str(post["snippet"])
    return marked(post["text"], post["highlights"], *_BOLD)


def search(found: Mapping[str, Any]) -> None:
    """Print what a search found."""
    _say(f"\n{found['total']} found for {found['query']}")
    _posts(found["results"])


def stock(found: Mapping[str, Any]) -> None:
    """Print what the archive has on a security: its names, its days, its posts."""
    _say(f"{found['name']} {found['symbol']}.{found['market']} ({found['code']}): {counted(found['total'], 'post')}")
    for name in found["names"]:
        odd = "  ! not its usual name" if name["odd"] else ""
        _say(f"  {name['first']} – {name['last']}  {name['name']}, {counted(name['posts'], 'post')}{odd}")
    if found["days"]:
        _say("  " + ", ".join(f"{day['day']} {day['posts']}" for day in found["days"][:_DAYS]))
    if found["others"]:
        _say(f"  others with this symbol or name: {', '.join(found['others'])}")
    _posts(found["results"])


def same_story(post: Mapping[str, Any]) -> None:
    """Name the posts that tell the same story on standard error, oldest first."""
    others = [telling for telling in post["same_story"] if telling["id"] != post["post_id"]]
    if others:
        first = "this one" if post["same_story"][0]["id"] == post["post_id"] else post["same_story"][0]["id"]
        named = "; ".join(f"{telling['id']} ({byline(telling)})" for telling in others)
        _say(f"The same story: {named}. First came {first}.", err=True)


def taken_away(post: Mapping[str, Any]) -> None:
    """Say on standard error where the text is of a post that the site has emptied."""
    if "found_in" in post:
        shown = f"`finews show {post['post_id']} --revision {post['found_in']}` shows it"
        _say(f"Its text was taken away since revision {post['found_in']}: {shown}.", err=True)


def history(revisions: Sequence[Mapping[str, Any]], changes: Mapping[int, Changes]) -> None:
    """Print a line per revision, and below it what changed."""
    styled = shows_styles()
    for row in revisions:
        draft = ", a draft" if row["draft"] else ""
        _say(
            f"{row['revision']}  seen {row['seen_at'][:16].replace('T', ' ')} UTC by run {row['run']} ({row['via']}),"
            f" published {row['published_at'][:16].replace('T', ' ')}{draft}: {row['title']}"
        )
        if row["revision"] in changes:
            for line in _changes(changes[row["revision"]], styled=styled):
                _say(f"     {line}")


def _changes(changes: Changes, *, styled: bool) -> Iterator[str]:
    """Yield what changed, figures first: `-` was removed, `+` was added, `~` was moved."""
    for figure in changes.figures:
        yield f"{figure.before or '(none)'} → {figure.after or '(none)'}"
    if changes.published_at:
        yield f"published: {changes.published_at[0]} → {changes.published_at[1]}"
    for change in [*([changes.title] if changes.title else []), *changes.sentences]:
        if change.kind == "moved":
            yield f"~ {change.after}"
            continue
        whole = change.kind != "changed"  # nothing to mark if everything is new
        if change.before:
            yield "- " + _marked(change.before_parts, "red", styled=styled, whole=whole)
        if change.after:
            yield "+ " + _marked(change.after_parts, "green", styled=styled, whole=whole)


def _marked(parts: Parts, colour: str, *, styled: bool, whole: bool) -> str:
    def mark(text: str) -> str:
        return click.style(text, fg=colour, bold=True) if styled else f"[{text}]"

    return "".join(mark(text) if changed and not whole else text for text, changed in parts)


def histories(told: Mapping[str, Any]) -> None:
    """Print what happened to addresses, in a paragraph each, or that an address was never seen."""
    if not told["seen"]:
        _say(f"{told['name']} was never seen: {told['advice']}.")
    for post in told["deleted"]:
        _say(f"{post['post_id']} of {post['site']} was deleted on {post['deleted_at'][:10]}; not asked for again")
    for address in told["addresses"]:
        _say(f"{address['url']}\n  {_state(address)}")
        _say(f"  {_moment(address['found_at'])}  {_found(address)}")
        for fetch in address["fetches"]:
            _say(f"  {_moment(fetch['fetched_at'])}  {_fetch(fetch)}")
        if address["next_try_at"]:
            _say(f"  {_moment(address['next_try_at'])}  due to be asked for again")
    for file in told["files"]:
        commit = f" at commit {file['commit'][:12]}" if file["commit"] else ""
        reason = f", {file['reason']}" if file["reason"] else ""
        _say(
            f"{file['path']}{commit}\n  {_moment(file['imported_at'])}  run {file['run']}: {file['outcome']}{reason}"
        )


def _state(address: Mapping[str, Any]) -> str:
    """Return an address with its kind and state."""
    what = f"{address['kind']} of {address['site']}"
    if address["state"] == "found":
        return f"{what}, waits for the next run"
    reason = f": {address['reason']}" if address["reason"] else ""
    kept = f", archived as {address['post_id']}" if address["post_id"] else ""
    return f"{what}, {address['state']}{reason}{kept}"


def _found(address: Mapping[str, Any]) -> str:
    """Return where an address was found, and the text of the link."""
    named = f"found on {address['found_on']}" if address["found_on"] else "asked for by name"
    return f"{named}: {address['title']}" if address["title"] else named


def _fetch(fetch: Mapping[str, Any]) -> str:
    """Return how a fetch ended: `run 3: refused, HTTP 200, no title (rule layouts[page].title)`."""
    reason = f", {fetch['reason']}" if fetch["reason"] else ""
    status = f", HTTP {fetch['status']}" if fetch["status"] and not reason.startswith(", HTTP") else ""
    rule = f" (rule {fetch['rule']})" if fetch["rule"] else ""
    again = f", {fetch['times']} times to {_moment(fetch['last_fetched_at'])}" if fetch["times"] > 1 else ""
    last = f"–{fetch['last_run']}" if fetch["last_run"] != fetch["run"] else ""
    return f"run {fetch['run']}{last}: {fetch['outcome']}{status}{reason}{rule}{again}"


def _moment(written: str) -> str:
    """Return a time in the archive as people write it: `2022-04-21 01:00:09`."""
    return written[:19].replace("T", " ")


def _posts(posts: Iterable[Mapping[str, Any]]) -> None:
    """Print two lines per post, and its excerpt."""
    for post in posts:
        _say(f"\n{click.style(post['title'], bold=True)}\n{byline(post)} · {post['id']}\n  {highlighted(post)}")
        if post.get("odd"):
            _say(f"  ! prints it as {post['printed']}")
        if "found_in" in post:
            _say(f"  found in revision {post['found_in']}; it says now: {post['now'] or 'nothing'}")
        if post.get("others"):
            _say(f"  also told by {', '.join(post['others'])}")


def byline(post: Mapping[str, Any]) -> str:
    """Return when and where a post was published: `2022-04-20 16:44 · 大江网`."""
    return " · ".join(filter(None, [post["published_at"][:16].replace("T", " "), post["source"]]))


def _say(text: str, *, err: bool = False) -> None:
    """Print what an archive or its site says, which must not steer the terminal."""
    click.echo(terminal_safe(text), err=err)
