"""Runs and their reports. Table `runs`; counts come from the ledger, so the two cannot disagree.

Functions that write run inside the caller's transaction. Not here: printing reports.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NotRequired, TypedDict, cast, get_args

from crawler.archive.ledger import hosts, unwritten
from crawler.archive.store.versions import CHANGED_IN_RUN, NEW_IN_RUN
from crawler.dates import iso
from crawler.items import Outcome, Scope  # the shape of a report is asked for as it runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import timedelta

    from sqlite_utils import Database

RunOutcome = Literal["running", "finished", "interrupted", "failed"]

_REASONS = ("reasons", "listing_reasons", "elsewhere", "hosts")
_GAPS = 20  # latest gaps between runs, from which the usual one is computed
# The run ended no earlier than its last fetch, and made at least one request for each address it was the last to
# fetch.
_WHAT_IS_KNOWN_OF_A_KILLED_RUN = """
UPDATE runs SET (finished_at, seconds, requests) = (
    SELECT
        coalesce(max(fetched_at), started_at),
        max(0.0, coalesce(round((julianday(max(fetched_at)) - julianday(started_at)) * 86400), 0)),
        count(*)
    FROM links WHERE met_run_id = :run AND asked_run_id = :run
) WHERE id = :run
"""
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
LATEST_FIRST = "ORDER BY iif((SELECT count(*) FROM archives) = 1, id, started_at) DESC, id DESC"
"""SQL for the table `runs`: by number, even if a clock was set back; by time if there are those of other archives."""

# What a run brought can be counted until another archive turns out to have had it earlier.
_COUNTABLE = "outcome <> 'running' AND id > (SELECT coalesce(max(last_run), 0) FROM archives)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What a run did on the network. `bytes` counts those received, headers included."""

    requests: int = 0
    not_modified: int = 0
    retries: int = 0
    bytes: int = 0


class Report(TypedDict):
    """A run's report, as `finews crawl --json` prints it. Times are in UTC.

    `posts` counts posts by outcome, `reasons` by why they were not stored or have no Markdown file; `listing_reasons`
    counts listings by why they were not read, and `elsewhere` requests for share links and expired posts by how they
    ended. `hosts` says why hosts were left alone.
    """

    run: int
    site: str
    outcome: RunOutcome
    started_at: str
    finished_at: str | None
    seconds: float
    requests: int
    not_modified: int
    retries: int
    bytes: int
    listings: int
    listings_failed: int
    pending: int
    scope: Scope
    posts: dict[Outcome, int]
    reasons: dict[str, int]
    listing_reasons: dict[str, int]
    elsewhere: dict[str, int]
    hosts: dict[str, str]
    archive_id: NotRequired[str]
    number: NotRequired[int]


def latest_by_site(db: Database) -> list[tuple[str, str | None, str]]:
    """Return the latest run of each site: the site, the archive that it was made in if not here, and when it began.

    Only whole crawls count, and no imports or single pages.
    """
    rows = db.execute(
        "SELECT site, archive_id, max(started_at) FROM runs WHERE scope IN ('usual', 'full')"
        " GROUP BY site ORDER BY site"
    )
    return [(site, archive, started_at) for site, archive, started_at in rows]


def begin(db: Database, site: str, now: datetime, scope: Scope = "usual", *, writes_files: bool = False) -> int:
    """Begin a run of this `scope`, which writes Markdown files or none, and return its number.

    The caller holds the lock, so a run still marked as running must have been killed. It is recorded as interrupted,
    with what the ledger knows of it.
    """
    for (killed,) in db.execute("SELECT id FROM runs WHERE outcome = 'running'").fetchall():
        _end_killed(db, killed)
    cursor = db.execute(
        "INSERT INTO runs (site, outcome, started_at, scope) VALUES (?, 'running', ?, ?)", [site, iso(now), scope]
    )
    assert cursor.lastrowid is not None, "an INSERT into a table with an integer key has a row id"
    if writes_files:
        unwritten.expect(db, cursor.lastrowid)
    return cursor.lastrowid


def _end_killed(db: Database, run_id: int) -> None:
    """Record a killed run as interrupted; of the posts it met some files may be missing, if it wrote any."""
    may_lack_files = unwritten.is_expected(db, run_id)
    _write(db, run_id, "interrupted")
    db.execute(_WHAT_IS_KNOWN_OF_A_KILLED_RUN, {"run": run_id})
    counts = tally(db, run_id)
    met = counts["new"] + counts["changed"] + counts["unchanged"]
    if may_lack_files and met:
        unwritten.note(db, run_id, {unwritten.CUT_OFF: met})


def finish(
    db: Database,
    run_id: int,
    outcome: RunOutcome,
    *,
    now: datetime,
    seconds: float,
    traffic: Traffic,
    patience: timedelta = hosts.PATIENCE,
    without_file: Mapping[str, int] = MappingProxyType({}),
) -> Report:
    """End a run and return its report, which includes hosts that asked for a wait longer than `patience`.

    The caller measures `seconds`, because the wall clock may be set during the run. `without_file` counts the posts
    whose Markdown could not be written, by reason.
    """
    db.execute(
        "UPDATE runs SET finished_at = ?, seconds = ?, requests = ?, not_modified = ?, retries = ?, bytes = ?"
        " WHERE id = ?",
        [
            iso(now),
            round(seconds, 2),
            traffic.requests,
            traffic.not_modified,
            traffic.retries,
            traffic.bytes,
            run_id,
        ],
    )
    _write(db, run_id, outcome)
    unwritten.note(db, run_id, without_file)
    troubles = hosts.troubles(db, run_id, now, patience)
    db.execute("UPDATE runs SET hosts = ? WHERE id = ?", [_json(troubles.items()), run_id])
    return report(db, run_id)


def gaps(db: Database, run_id: int) -> list[timedelta]:
    """Return the gaps between the starts of whole-site runs before `run_id` on the same site, latest first."""
    rows = db.execute(
        "SELECT started_at FROM runs WHERE id < :run AND scope IN ('usual', 'full') AND archive_id IS NULL"
        " AND site = (SELECT site FROM runs WHERE id = :run) ORDER BY id DESC LIMIT :most",
        {"run": run_id, "most": _GAPS + 1},
    )
    began = [datetime.fromisoformat(started_at) for (started_at,) in rows]
    return [later - earlier for later, earlier in pairwise(began)]


def report(db: Database, run_id: int) -> Report:
    """Return a run's report, as `finews crawl --json` prints it."""
    return next(_reports(db, "WHERE id = ?", [run_id]))


def reports(db: Database, sites: Sequence[str] = ()) -> Iterator[Report]:
    """Yield the report of every run, or of every run of these sites, latest first."""
    where = "WHERE site IN (SELECT value FROM json_each(?)) " if sites else ""
    return _reports(db, f"{where}{LATEST_FIRST}", [json.dumps(sites)] if sites else [])


def counts(db: Database) -> dict[str, int]:
    """Return the number of runs of each site."""
    return dict(db.execute("SELECT site, count(*) FROM runs GROUP BY site ORDER BY site").fetchall())


def tally(db: Database, run_id: int) -> dict[Outcome, int]:
    """Count the posts with each outcome in a run so far."""
    rows = db.execute(
        "SELECT outcome, count(*) FROM (SELECT outcome FROM links WHERE run_id = :run AND outcome IS NOT NULL"
        " UNION ALL SELECT outcome FROM files WHERE run_id = :run) GROUP BY outcome",
        {"run": run_id},
    )
    counts: dict[str, int] = dict(rows.fetchall())
    return {outcome: counts.get(outcome, 0) for outcome in OUTCOMES}


def pending(db: Database, run_id: int) -> int:
    """Count the posts left for the next run: met in this one without an outcome, or never fetched at all.

    Share links that were never fetched count too.
    """
    (count,) = db.execute(
        "SELECT count(*) FROM links WHERE kind IN ('post', 'share')"
        " AND site = (SELECT site FROM runs WHERE id = :run AND scope <> 'import')"
        " AND (state = 'found' OR kind = 'post' AND met_run_id = :run AND run_id IS NOT :run)",
        {"run": run_id},
    ).fetchone()
    return int(count)


def miscounted(db: Database) -> list[tuple[int, int, int, int, int]]:
    """Return the runs whose counts disagree with the versions they brought.

    Each comes as its number, its stored counts `new` and `changed`, and the actual numbers of first and later
    versions.
    """
    return db.execute(
        f"SELECT id, new, changed, {NEW_IN_RUN}, {CHANGED_IN_RUN} FROM runs"  # noqa: S608  # the constants above
        f" WHERE {_COUNTABLE} AND (new <> {NEW_IN_RUN} OR changed <> {CHANGED_IN_RUN}) ORDER BY id"
    ).fetchall()


def recount(db: Database) -> None:
    """Correct the counts `new` and `changed` of all finished runs."""
    db.execute(f"UPDATE runs SET new = {NEW_IN_RUN}, changed = {CHANGED_IN_RUN} WHERE {_COUNTABLE}")  # noqa: S608


def recount_only(db: Database, run_ids: Iterable[int]) -> None:
    """Correct the counts `new` and `changed` of these runs, of which versions were deleted."""
    db.execute(
        f"UPDATE runs SET new = {NEW_IN_RUN}, changed = {CHANGED_IN_RUN}"  # noqa: S608  # the constants above
        f" WHERE {_COUNTABLE} AND id IN (SELECT value FROM json_each(?))",
        [json.dumps(list(run_ids))],
    )


def _write(db: Database, run_id: int, outcome: RunOutcome) -> None:
    """Write a run's outcome and its counts from the ledger."""
    listings, listings_failed = db.execute(
        "SELECT count(*) FILTER (WHERE state = 'fetched'),"
        " count(*) FILTER (WHERE state IN ('failed', 'refused') OR (state = 'gone' AND kind = 'home'))"
        " FROM links WHERE run_id = ? AND kind IN ('home', 'category', 'feed')",
        [run_id],
    ).fetchone()
    reasons = db.execute(
        "SELECT outcome || ': ' || reason, count(*) FROM"
        " (SELECT outcome, reason FROM links WHERE run_id = :run AND outcome IS NOT NULL"
        " UNION ALL SELECT outcome, reason FROM files WHERE run_id = :run)"
        " WHERE reason IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1",
        {"run": run_id},
    )
    listing_reasons = db.execute(
        "SELECT state || ': ' || reason, count(*) FROM links WHERE run_id = ? AND reason IS NOT NULL"
        " AND kind IN ('home', 'category', 'feed') GROUP BY 1 ORDER BY 2 DESC, 1",
        [run_id],
    )
    elsewhere = db.execute(
        "SELECT kind || ': ' || state, count(*) FROM links WHERE run_id = ? AND outcome IS NULL"
        " AND kind IN ('share', 'expired') GROUP BY 1 ORDER BY 1",
        [run_id],
    )
    values: dict[str, object] = {
        "outcome": outcome,
        "listings": listings,
        "listings_failed": listings_failed,
        "pending": pending(db, run_id),
        "reasons": _json(reasons),
        "listing_reasons": _json(listing_reasons),
        "elsewhere": _json(elsewhere),
        **dict(tally(db, run_id).items()),
    }
    db.execute(
        f"UPDATE runs SET {', '.join(f'{name} = :{name}' for name in values)} WHERE id = :id",  # noqa: S608  # names above
        {**values, "id": run_id},
    )


def _reports(db: Database, clause: str, values: Sequence[int | str]) -> Iterator[Report]:
    for row in db.query(f"SELECT * FROM runs {clause}", values):  # noqa: S608  # the constants above
        elsewhere = row["archive_id"] is not None  # what belongs to no run of this archive is left out
        left_out = {"id", *_REASONS, *OUTCOMES, *(() if elsewhere else ("archive_id", "number"))}
        plain = {name: value for name, value in row.items() if name not in left_out}
        counts = {outcome: row[outcome] for outcome in OUTCOMES}
        reasons = {name: json.loads(row[name]) for name in _REASONS}
        yield cast("Report", {"run": row["id"], **plain, "posts": counts, **reasons})


def _json(rows: Iterable[tuple[str, int | str]]) -> str:
    return json.dumps({reason: count for reason, count in rows}, ensure_ascii=False)  # noqa: C416  # dict() loses types
