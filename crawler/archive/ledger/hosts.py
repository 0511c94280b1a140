"""Hosts: what each allows, and how it has answered. Table `hosts`.

A run stores what the next one must know: a wait the host asked for, its robots.txt, consecutive failures, and the
number of requests today. Not here: acting on it (`crawler.middlewares.politeness`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from crawler.archive.store.lock import writing
from crawler.dates import iso

if TYPE_CHECKING:
    from sqlite_utils import Database

LONGEST_WAIT = timedelta(days=1)
"""The longest `Retry-After` that is obeyed; longer ones are shortened to this."""

PATIENCE = timedelta(seconds=60)
"""The longest time a run waits for a host by default; a host that asks for more is left to a later run."""


@dataclass(slots=True, kw_only=True)
class Host:
    """A host and what is known of it. Days and times are in UTC."""

    host: str
    robots: str | None = None
    robots_at: str | None = None
    wait_until: str | None = None
    wait_reason: str | None = None
    failures: int = 0
    failure: str | None = None
    given_up_run_id: int | None = None
    day: str | None = None
    requests: int = 0

    def wait_left(self, now: datetime) -> timedelta:
        """Return how much longer to leave the host alone; zero if the wait is absurd because a clock was set back."""
        left = datetime.fromisoformat(self.wait_until) - now if self.wait_until else timedelta()
        return max(left, timedelta()) if left <= LONGEST_WAIT else timedelta()

    def wait_in_words(self) -> str:
        """Return why the host is left alone, in a few words."""
        if self.wait_reason:
            return f"{self.wait_reason}: left alone until {self.wait_until}"
        return f"asks to be left alone until {self.wait_until}"


_COLUMNS = [field.name for field in fields(Host)]


def known(db: Database, host: str) -> Host:
    """Return what is known of a host, even if that is nothing."""
    row = db.execute(f"SELECT {', '.join(_COLUMNS)} FROM hosts WHERE host = ?", [host]).fetchone()  # noqa: S608
    return Host(host=host) if row is None else Host(**dict(zip(_COLUMNS, row, strict=True)))


def note(db: Database, host: str, **known: str | int | None) -> None:
    """Update the given fields of a host, by their names in `Host`."""
    values = ", ".join(f"{name} = :{name}" for name in known)
    with writing(db):
        db.execute("INSERT INTO hosts (host) VALUES (?) ON CONFLICT DO NOTHING", [host])
        db.execute(f"UPDATE hosts SET {values} WHERE host = :host", {"host": host, **known})  # noqa: S608


def gave_up(db: Database, host: str, run_id: int) -> bool:
    """Return whether a run gave up on a host."""
    return known(db, host).given_up_run_id == run_id


def closed(db: Database, host: str, run_id: int, now: datetime, patience: timedelta = PATIENCE) -> bool:
    """Return whether a run is done with a host: it gave up, or the host asks for a wait beyond its `patience`."""
    record = known(db, host)
    return record.given_up_run_id == run_id or record.wait_left(now) > patience


def troubles(db: Database, run_id: int, now: datetime, patience: timedelta = PATIENCE) -> dict[str, str]:
    """Return the hosts that a run left alone, each with the reason."""
    reasons = {}
    for (name,) in db.execute("SELECT host FROM hosts ORDER BY host").fetchall():
        host = known(db, name)
        if host.given_up_run_id == run_id:
            times = f" after {host.failures} failures in a row" if host.failures > 1 else ""
            reasons[name] = f"given up{times} ({host.failure})"
        elif host.wait_left(now) > patience:
            reasons[name] = host.wait_in_words()
    return reasons


def next_day(now: datetime) -> datetime:
    """Return when the current day (UTC) ends; requests are counted by day."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def day_of(now: datetime) -> str:
    """Return the current day (UTC) as `2022-04-20`; requests are counted by day."""
    return iso(now)[:10]
