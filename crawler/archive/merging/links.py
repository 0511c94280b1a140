"""Addresses of two archives and their fetches. Tables `links` and `fetches`.

An address has the state that its last answer gave it, whichever archive got it, and was found when and where it was
found first. One that was marked because its post was deleted stays so. Fetches are those of both; where a row counts
more than one fetch, the longer count holds. Functions that write run inside the caller's transaction. Not here: what
the columns mean (`crawler.archive.ledger.links`).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlite_utils import Database

    from crawler.archive.ledger.deletions import Deletion
    from crawler.archive.merging.facts import RunKey

_FOUND = ("found_at", "found_on", "title")
_RUNS = ("met_run_id", "asked_run_id", "run_id")
_FETCH = ("outcome", "status", "reason", "rule", "fetched_at")
_FORGOTTEN = "status etag last_modified rules read_at next_try_at article_id title".split()
_DELETED = {"state": "refused", "attempts": 0, "leads_on": 0, **dict.fromkeys(_FORGOTTEN)}
_OF_LINKS = "FROM links WHERE url IN (SELECT value FROM json_each(?))"

PostKey = tuple[str, str]
"""A post by its site and id."""


class Fetches(NamedTuple):
    """How far a row of `fetches` counts, and the runs of its first and its last fetch."""

    last_fetched_at: str
    times: int
    last_run: RunKey
    run: RunKey


class Link(NamedTuple):
    """An address: its columns, with runs and posts by what is the same in every archive; and its fetches."""

    columns: Mapping[str, Any]
    fetches: Mapping[tuple[Any, ...], Fetches]


class Ledger(NamedTuple):
    """An archive's ledger: the archive, its runs by number, and its posts by row as they come up."""

    db: Database
    runs: Mapping[int, RunKey]


def urls_after(db: Database, row: int, count: int, where: str = "1", values: Sequence[Any] = ()) -> list[Any]:
    """Return the next so many addresses behind a row of `links`, each with its row."""
    return db.execute(
        f"SELECT id, url FROM links WHERE id > ? AND ({where}) ORDER BY id LIMIT ?",  # noqa: S608  # of this package
        [row, *values, count],
    ).fetchall()


def read(ledger: Ledger, urls: Iterable[str]) -> dict[str, Link]:
    """Return these addresses as an archive has them."""
    named = [json.dumps([*urls])]
    posts = _post_keys(ledger.db, named)
    links, by_row = {}, {}
    for row in ledger.db.query(f"SELECT * {_OF_LINKS}", named):  # a constant
        for name in _RUNS:
            row[name] = row[name] and ledger.runs[row[name]]
        row["article_id"] = row["article_id"] and posts[row["article_id"]]
        by_row[row.pop("id")] = links[row["url"]] = Link(row, {})
    for link, key, fetches in _fetches(ledger, named):
        by_row[link].fetches[key] = fetches  # type: ignore[index]  # made above
    return links


def _post_keys(db: Database, named: list[str]) -> dict[int, PostKey]:
    rows = db.execute(
        f"SELECT id, site, post_id FROM posts WHERE id IN (SELECT article_id {_OF_LINKS})",  # noqa: S608  # a constant
        named,
    )
    return {row: (site, post_id) for row, site, post_id in rows}


def _fetches(ledger: Ledger, named: list[str]) -> Iterator[tuple[int, tuple[Any, ...], Fetches]]:
    rows = ledger.db.execute(
        f"SELECT link_id, {', '.join(_FETCH)}, last_fetched_at, times, last_run_id, run_id FROM fetches"  # noqa: S608  # constants
        f" WHERE link_id IN (SELECT id {_OF_LINKS})",
        named,
    )
    for link, *rest in rows:
        *key, last, times, last_run, run = rest
        yield link, tuple(key), Fetches(last, times, ledger.runs[last_run], ledger.runs[run])


def joined(one: Link, other: Link) -> Link:
    """Return what two archives know of an address together."""
    last = max(one, other, key=_weight)
    first = min(one, other, key=lambda link: _text(link.columns[name] or "" for name in _FOUND))
    is_deleted = last.columns["deleted_at"] is not None
    posts = [link.columns["article_id"] for link in (one, other) if link.columns["article_id"] is not None]
    columns = {
        **last.columns,
        **{name: first.columns[name] for name in _FOUND},
        "article_id": None if is_deleted or not posts else max(posts),
    }
    # How an address of a deleted post was fetched is forgotten with it.
    of = [link for link in (one, other) if not is_deleted or link.columns["deleted_at"] is not None]
    if is_deleted:
        columns["title"] = min(link.columns["title"] or "" for link in of) or None
    fetches: dict[tuple[Any, ...], Fetches] = {}
    for link in of:
        for key, fetched in link.fetches.items():
            fetches[key] = max(fetched, fetches.get(key, fetched))
    return Link(columns, fetches)


def without_deleted(link: Link, deletions: Mapping[PostKey, Deletion]) -> Link:
    """Return an address as it is once its post is deleted, if it is."""
    deletion = deletions.get(link.columns["article_id"])
    if deletion is None:
        return link
    return Link({**link.columns, **_DELETED, "reason": deletion.reason, "deleted_at": deletion.deleted_at}, {})


def write(target: Database, link: Link, runs: Mapping[RunKey, int]) -> None:
    """Write an address and its fetches."""
    columns = dict(link.columns)
    for name in _RUNS:
        columns[name] = columns[name] and runs[columns[name]]
    if columns["article_id"] is not None:
        row = target.execute(
            "SELECT id FROM posts WHERE site = ? AND post_id = ?", [*columns["article_id"]]
        ).fetchone()
        columns["article_id"] = row and row[0]
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    set_all = ", ".join(f"{name} = excluded.{name}" for name in columns)
    [(row,)] = target.execute(
        f"INSERT INTO links ({names}) VALUES ({marks}) ON CONFLICT (url) DO UPDATE SET {set_all} RETURNING id",  # noqa: S608  # of the schema
        [*columns.values()],
    ).fetchall()
    _write_fetches(target, row, link, runs)


def _write_fetches(target: Database, link: int, known: Link, runs: Mapping[RunKey, int]) -> None:
    """Write the fetches of an address in order of time, as the ledger reads them by their rows."""
    rows = target.execute(f"SELECT id, {', '.join(_FETCH)} FROM fetches WHERE link_id = ? ORDER BY id", [link])  # noqa: S608  # constants
    there = {row: tuple(key) for row, *key in rows.fetchall()}
    captured = _captured(target, there)
    (last,) = target.execute("SELECT coalesce(max(id), 0) FROM fetches").fetchone()
    ordered = sorted(known.fetches.items(), key=lambda each: (each[0][-1], each[1], _text(each[0])))
    places = [*there, *range(last + 1, last + 1 + len(ordered))][: len(ordered)]
    target.execute("DELETE FROM fetches WHERE link_id = ?", [link])
    target.conn.executemany(
        "INSERT INTO fetches (id, link_id, outcome, status, reason, rule, fetched_at, last_fetched_at, times,"
        " last_run_id, run_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (place, link, *key, fetched.last_fetched_at, fetched.times, runs[fetched.last_run], runs[fetched.run])
            for place, (key, fetched) in zip(places, ordered, strict=True)
        ],
    )
    now = {key: place for place, (key, _) in zip(places, ordered, strict=True)}
    target.conn.executemany(
        "UPDATE captures SET fetch_id = ? WHERE id = ?",
        [(now[there[fetch]], capture) for capture, fetch in captured if there[fetch] in now],
    )


def _captured(target: Database, fetches: Iterable[int]) -> list[tuple[int, int]]:
    """Return the captures that belong to fetches, each with the row of its fetch."""
    sql = "SELECT id, fetch_id FROM captures WHERE fetch_id IN (SELECT value FROM json_each(?))"
    return target.execute(sql, [json.dumps([*fetches])]).fetchall()


def _weight(link: Link) -> tuple[bool, str, str]:
    """Return by what the state of an address is taken from one archive or the other."""
    columns = link.columns
    state = {name: value for name, value in columns.items() if name not in {*_FOUND, "article_id"}}
    return columns["deleted_at"] is not None, columns["fetched_at"] or "", _text(state)


def _text(value: Any) -> str:
    if not isinstance(value, dict | tuple):
        value = [*value]
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
