"""What becomes of rows that two archives have under one key: a rule for each small table, all applied in one way.

`RULES` lists them, so a new table is one more entry. A rule is a pure function of two rows that does not care for
their order. Functions that write run inside the caller's transaction. Not here: runs, posts and addresses, which have
modules of their own; nor what is derived.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping

    from sqlite_utils import Database

    from crawler.archive.merging.facts import RunKey
    from crawler.archive.merging.links import PostKey
    from crawler.archive.merging.marks import Since

Row = dict[str, Any]
"""A row by column; a run or a post is what tells it from all others, see `Rule`."""


class Rule(NamedTuple):
    """How rows of `table` with the same `key` are joined. `runs` are columns with a run, `post` is that of a post.

    `is_by_run`: each row is of the run in its column `run_id`, which tells whether it is new.
    """

    table: str
    key: tuple[str, ...]
    join: Callable[[Row, Row], Row]
    runs: tuple[str, ...] = ()
    post: str | None = None
    is_by_run: bool = False


class Side(NamedTuple):
    """An archive, with its runs by number."""

    db: Database
    runs: Mapping[int, RunKey]


def _site(one: Row, other: Row) -> Row:
    """Return a definition with the first run that used it."""
    first = min(one, other, key=lambda row: (row["run_id"].started_at, row["run_id"], _text(row)))
    return {**first, "definition": max(one["definition"], other["definition"])}


def _category(one: Row, other: Row) -> Row:
    """Return a category with its name; one that only repeats the slug is none."""
    return max(one, other, key=lambda row: (row["name"] != row["slug"], row["url"] != "", _text(row)))


def _host(one: Row, other: Row) -> Row:
    """Return a host with all that it asks of whoever comes: its latest robots.txt, its longest wait, its failures."""
    joined = {"host": one["host"]}
    for names in (
        ("robots_at", "robots"),
        ("wait_until", "wait_reason"),
        ("failures", "failure", "given_up_run_id"),
        ("day", "requests"),
    ):
        sides: list[Row] = [{name: row[name] for name in names} for row in (one, other)]
        latest: Row = max(sides, key=_ranks)
        joined |= latest
    return {name: joined[name] for name in one}


def _file(one: Row, other: Row) -> Row:
    """Return what became of a file the last time."""
    return max(one, other, key=lambda row: (row["imported_at"], _text(row)))


RULES = (
    Rule("sites", ("name", "rules"), _site, runs=("run_id",)),
    Rule("categories", ("site", "slug"), _category),
    Rule("hosts", ("host",), _host, runs=("given_up_run_id",)),
    Rule("files", ("path", "commit", "site"), _file, runs=("run_id",), post="article_id", is_by_run=True),
)
BEFORE_POSTS = {"sites", "categories"}
"""Tables that posts refer to, or by which their addresses are understood."""


def take(
    rule: Rule,
    source: Side,
    target: Side,
    runs: Mapping[RunKey, int],
    deleted: Container[PostKey],
    since: Since | None,
) -> Iterator[Row]:
    """Take a table's rows, and yield each as it was read, so that the caller can end a transaction between two.

    `runs` are those of `target` by what tells them from others. Rows of `deleted` posts are left out, and so are
    rows that are known not to be new.
    """
    is_changed = False
    new = ("", []) if since is None or not rule.is_by_run else ("WHERE run_id >= ?", [since.run])
    for theirs in _rows(rule, source, *new):
        yield theirs
        if rule.post is not None and theirs[rule.post] in deleted:
            continue
        where = " AND ".join(f'"{name}" = ?' for name in rule.key)
        mine = next(_rows(rule, target, f"WHERE {where}", [theirs[name] for name in rule.key]), None)
        joined = theirs if mine is None else rule.join(mine, theirs)
        if joined != mine:
            _write(rule, target.db, joined, runs)
            is_changed = True
    if rule.table == "sites" and is_changed:
        _sort_sites(target.db)


def _rows(rule: Rule, side: Side, where: str = "", values: list[Any] | None = None) -> Iterator[Row]:
    keys = [name for name in ("id",) if rule.table == "files"]
    for row in side.db.query(f"SELECT * FROM {rule.table} {where}", values or []):  # noqa: S608  # of `RULES`
        for name in keys:
            row.pop(name)
        for name in rule.runs:
            row[name] = row[name] and side.runs[row[name]]
        if rule.post is not None and row[rule.post] is not None:
            key = side.db.execute("SELECT site, post_id FROM posts WHERE id = ?", [row[rule.post]]).fetchone()
            row[rule.post] = tuple(key)
        yield row


def _write(rule: Rule, db: Database, row: Row, runs: Mapping[RunKey, int]) -> None:
    values = dict(row)
    for name in rule.runs:
        values[name] = values[name] and runs[values[name]]
    if rule.post is not None and values[rule.post] is not None:
        found = db.execute("SELECT id FROM posts WHERE site = ? AND post_id = ?", [*values[rule.post]]).fetchone()
        values[rule.post] = found and found[0]
    names, marks = ", ".join(f'"{name}"' for name in values), ", ".join("?" * len(values))
    keys = ", ".join(f'"{name}"' for name in rule.key)
    set_all = ", ".join(f'"{name}" = excluded."{name}"' for name in values)
    db.execute(
        f"INSERT INTO {rule.table} ({names}) VALUES ({marks}) ON CONFLICT ({keys}) DO UPDATE SET {set_all}",  # noqa: S608  # of the schema
        [*values.values()],
    )


def _sort_sites(db: Database) -> None:
    """Have the definition that was first used last come last: that is the one by which a site is understood."""
    rows = db.execute(
        "SELECT sites.name, rules, definition, run_id FROM sites JOIN runs ON runs.id = run_id"
        " ORDER BY started_at, sites.name, rules"
    ).fetchall()
    db.execute("DELETE FROM sites")
    db.conn.executemany("INSERT INTO sites (name, rules, definition, run_id) VALUES (?, ?, ?, ?)", rows)


def _ranks(row: Row) -> list[tuple[bool, Any]]:
    return [(value is not None, value if value is not None else "") for value in row.values()]


def _text(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False, sort_keys=True)
