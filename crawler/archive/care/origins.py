"""Which archive a version or a fetch came from, for `history` and `why`. Only reads."""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlite_utils import Database

    from crawler.archive.ledger.address_history import AddressHistory
    from crawler.archive.store.versions import Revision


class Origin(TypedDict):
    """An archive that others were merged from: where it was, or else its UUID; and a run's number there."""

    archive: str
    number: int


class Again(TypedDict):
    """That another archive saw a version by itself: when (UTC), and in which run here; see `Origin`."""

    seen_at: str
    run: int
    archive: NotRequired[str]
    number: NotRequired[int]


def of_versions(db: Database, article_id: int, history: Sequence[Revision]) -> list[Revision]:
    """Return the versions of a post, with the origin of those that came from another archive.

    Those that other archives saw as well have these sightings as `seen_again`.
    """
    again: dict[int, list[Again]] = {}
    for revision, seen_at, run in db.execute(
        "SELECT revision, sightings.seen_at, sightings.run_id"
        " FROM sightings JOIN versions ON versions.id = version_id"
        " WHERE article_id = ? ORDER BY sightings.seen_at",
        [article_id],
    ).fetchall():
        again.setdefault(revision, []).append({"seen_at": seen_at, "run": run})
    origins = _origins(db, {row["run"] for row in chain(history, *again.values())})
    shown: list[Any] = []
    for row in history:
        sightings = [{**each, **origins.get(each["run"], {})} for each in again.get(row["revision"], ())]
        shown.append({**row, **origins.get(row["run"], {}), **({"seen_again": sightings} if sightings else {})})
    return shown


def of_addresses(db: Database, histories: Sequence[AddressHistory]) -> list[AddressHistory]:
    """Return addresses with the origin of each fetch that another archive made."""
    origins = _origins(db, {fetch["run"] for address in histories for fetch in address["fetches"]})
    shown: list[Any] = [
        {**address, "fetches": [{**fetch, **origins.get(fetch["run"], {})} for fetch in address["fetches"]]}
        for address in histories
    ]
    return shown


def _origins(db: Database, runs: Iterable[int]) -> dict[int, Origin]:
    """Return the origin of those of the runs that other archives made."""
    found = db.execute(
        "SELECT runs.id, coalesce(path, archives.id), number FROM runs JOIN archives ON archives.id = archive_id"
        " WHERE runs.id IN (SELECT value FROM json_each(?))",
        [json.dumps([*runs])],
    )
    return {run: Origin(archive=archive, number=number) for run, archive, number in found}
