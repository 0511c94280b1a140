"""Printing results, as JSON and for people: posts, their stories and their history.

Not here: reports and tables (`crawler.cli.reports`), and where the results come from.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from gettext import gettext as _
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import click

from crawler.cli.output.pager import shows_styles
from crawler.cli.output.words import WAYS
from crawler.language import said
from crawler.text.outside import escaped_in_json, terminal_safe
from crawler.text.words import counted, marked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import tzinfo
    from pathlib import Path
    from typing import Self

    from crawler.archive import Archive
    from crawler.archive.federation import Federation
    from crawler.text.changes import Changes, Parts

_BOLD = ("\x1b[1m", "\x1b[22m")
_DAYS = 10  # days printed for a security


class View(NamedTuple):
    """How posts are shown: the `zone` in which times are read back, if known, and what posts name of their origin."""

    zone: tzinfo | None = None
    names_sites: bool = False
    names_archives: bool = False

    @classmethod
    def of(cls, opened: Archive | Federation) -> Self:
        """Return how posts are shown: with their site if there are several, and with their archive likewise."""
        whole = opened.whole
        return cls(whole.zone(), whole.has_several_sites(), whole.count > 1)

    def time(self, written: str, unit: Literal["seconds", "minutes"] = "seconds") -> str:
        """Return an ISO 8601 time so that `--since` or `--as-of` takes it: `2022-04-20 16:44:59`.

        What another program has put in its place is returned as it is.
        """
        from crawler import dates  # noqa: PLC0415  # --help reads no dates, and they take time to load

        try:
            point = datetime.fromisoformat(written)
        except ValueError:
            return written
        return dates.shown(point, self.zone or point.tzinfo or UTC, unit)


_PLAIN = View()


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


def places(archive: Path, posts: Path | None) -> None:
    """Print where a run has put things."""
    line = _("Archive: {archive}").format(archive=archive)
    click.echo(line + (_(" · Markdown: {posts}").format(posts=posts) if posts else ""))


def search(found: Mapping[str, Any], view: View = _PLAIN) -> None:
    """Print what a search found; on standard error how it was understood, unless that is plain, and what is near."""
    say(_("\n{total} found for {query}").format(total=found["total"], query=found["query"]))
    told(found)
    _posts(found["results"], view)


def told(found: Mapping[str, Any]) -> None:
    """Print on standard error how it was understood what to look for, unless that is plain, and what is near."""
    from crawler.archive.search.hints import understood  # noqa: PLC0415  # --help needs none of it

    if "understood" in found and ("hints" in found or found["understood"] != understood(found.get("query", ""))):
        say(_("Looked for: {understood}").format(understood=said(found["understood"])), err=True)
    for hint in found.get("hints", ()):
        say(said(hint), err=True)


def stock(found: Mapping[str, Any], view: View = _PLAIN) -> None:
    """Print what the archive has on a security: its names, its days, its posts."""
    total = said(counted(found["total"], "post"))
    say(_("{name} {symbol}.{market} ({code}): {posts}").format(**found, posts=total))
    for name in found["names"]:
        odd = _("  ! not its usual name") if name["odd"] else ""
        posts = said(counted(name["posts"], "post"))
        say(f"  {name['first']} – {name['last']}  {name['name']}{_(', ')}{posts}{odd}")
    if found["days"]:
        say("  " + ", ".join(f"{day['day']} {day['posts']}" for day in found["days"][:_DAYS]))
    if found["others"]:
        say(_("  others with this symbol or name: {names}").format(names=", ".join(found["others"])))
    told(found)
    _posts(found["results"], view)


def same_story(post: Mapping[str, Any], view: View = _PLAIN) -> None:
    """Name the posts that tell the same story on standard error, oldest first."""
    others = [telling for telling in post["same_story"] if telling["id"] != post["post_id"]]
    if others:
        first = post["same_story"][0]["id"]
        named = _("; ").join(f"{telling['id']} ({byline(telling, view)})" for telling in others)
        came_first = _("this one") if first == post["post_id"] else first
        say(_("The same story: {named}. First came {first}.").format(named=named, first=came_first), err=True)


def site(post: Mapping[str, Any], view: View) -> None:
    """Say on standard error which site a post is of, and which archive, where there are several."""
    if view.names_sites:
        say(_("Of the site {site}.").format(site=post["site"]), err=True)
    if view.names_archives:
        say(_("From {archive}.").format(archive=post["archive"]), err=True)


def taken_away(post: Mapping[str, Any]) -> None:
    """Say on standard error where the text is of a post that the site has emptied."""
    if "found_in" in post:
        gone = _(
            "Its text was taken away since revision {found_in}:"
            " `finews show {post_id} --revision {found_in}` shows it."
        )
        say(gone.format(found_in=post["found_in"], post_id=post["post_id"]), err=True)


def history(revisions: Sequence[Mapping[str, Any]], changes: Mapping[int, Changes], view: View) -> None:
    """Print a line per revision, and below it what changed."""
    styled = shows_styles()
    for row in revisions:
        line = _("{revision}  seen {seen} by run {run} ({via}), published {published}{draft}: {title}").format(
            revision=row["revision"],
            seen=view.time(row["seen_at"]),
            run=run_of(row),
            via=said(WAYS.get(row["via"], row["via"])),
            published=view.time(row["published_at"], "minutes"),
            draft=_(", a draft") if row["draft"] else "",
            title=row["title"],
        )
        say(line)
        for again in row.get("seen_again", ()):
            seen = _("     seen {seen} by run {run} as well")
            say(seen.format(seen=view.time(again["seen_at"]), run=run_of(again)))
        if row["revision"] in changes:
            for line in _changes(changes[row["revision"]], styled=styled):
                say(f"     {line}")


def run_of(row: Mapping[str, Any]) -> str:
    """Return the run that brought something, with its archive if that is another one."""
    if "archive" not in row:
        return str(row["run"])
    return _("{run} (run {number} of {archive})").format(run=row["run"], number=row["number"], archive=row["archive"])


def _changes(changes: Changes, *, styled: bool) -> Iterator[str]:
    """Yield what changed, figures first: `-` was removed, `+` was added, `~` was moved."""
    for figure in changes.figures:
        yield f"{figure.before or _('(none)')} → {figure.after or _('(none)')}"
    if changes.published_at:
        before, after = changes.published_at
        yield _("published: {before} → {after}").format(before=before, after=after)
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


def _posts(posts: Iterable[Mapping[str, Any]], view: View) -> None:
    """Print two lines per post, and its excerpt."""
    for post in posts:
        say(f"\n{click.style(post['title'], bold=True)}\n{byline(post, view)} · {post['id']}\n  {highlighted(post)}")
        if post.get("odd"):
            say(_("  ! prints it as {printed}").format(printed=post["printed"]))
        if "found_in" in post:
            found = _("  found in revision {found_in}; it says now: {now}")
            say(found.format(found_in=post["found_in"], now=post["now"] or _("nothing")))
        if post.get("others"):
            say(_("  also told by {others}").format(others=", ".join(post["others"])))


def byline(post: Mapping[str, Any], view: View = _PLAIN) -> str:
    """Return when and where a post was published: `2022-04-20 16:44 · 大江网`, then its site if that is told.

    Its authors follow, and at the end the archive that it is from, if that is told.
    """
    site = post["site"] if view.names_sites else None
    parts = [view.time(post["published_at"], "minutes"), post["source"], site, ", ".join(post.get("authors") or ())]
    return " · ".join(filter(None, [*parts, post.get("archive")]))


def say(text: str, *, err: bool = False) -> None:
    """Print what an archive or its site says, which must not steer the terminal."""
    click.echo(terminal_safe(text), err=err)
