"""Collecting all alarms: sentences that say what is wrong, since when, and what to do.

For each site, `alarms` checks whether its runs happen, whether it has fallen silent, and whether its pages can still
be read. Only runs over a whole site (usual and full ones) count. Not here: judging silence (`silence`, `outlets`) and
pages that can no longer be read (`extraction_drift`), and reading the clock.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from itertools import pairwise, takewhile
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from crawler.archive.ledger import links, zones
from crawler.archive.ledger.runs import LATEST_FIRST
from crawler.archive.watch import extraction_drift, outlets, silence, unlikely_dates
from crawler.archive.watch.phrases import DAY, HOUR, lasting, moment
from crawler.dates import iso, local
from crawler.language import Sentence
from crawler.reasons import sentence
from crawler.sites.commands import command

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import tzinfo

    from sqlite_utils import Database

    from crawler.archive.watch.alarm import Alarm

REACH = silence.WEEKS * 7 * DAY + DAY
"""How far back from the latest run, in seconds, runs are considered; a site with none in that time was abandoned."""

_IN_A_ROW = 3  # failed runs; fewer may be a passing problem
_FAR_LONGER, _AT_LEAST = 5, HOUR  # times the usual gap between runs, and at least this long
_GAPS = 20  # gaps from which the usual one is computed
_LONG_GAPS = 200  # gaps searched for long ones: a computer that sleeps at night has one each night
_FEW_GAPS, _WITH_FEW = 5, 3 * DAY  # with fewer gaps, wait this long; later, posts may already be lost


class Run(NamedTuple):
    """What is needed of a run here. `started` is in epoch seconds, `started_at` in its site's time zone."""

    number: int
    site: str
    outcome: str
    started_at: str
    started: float
    listings: int
    listings_failed: int
    reasons: str

    @property
    def has_visited(self) -> bool:
        """Whether the run saw what the site shows."""
        return self.outcome == "finished" and self.listings > 0

    @property
    def has_failed(self) -> bool:
        """Whether the run failed; leaving the site alone because it asked for that is not a failure."""
        cut_short = self.outcome in {"interrupted", "failed"}
        return cut_short or (self.outcome == "finished" and self.listings_failed > 0 and self.listings == 0)


def alarms(db: Database, site: str | None, now: datetime) -> list[Alarm]:
    """Return the alarms about `site`, or about every site of the archive; for each site, the most urgent first."""
    by_site: dict[str, list[Run]] = {}
    for run in _latest_runs(db):
        by_site.setdefault(run.site, []).append(run)
    chosen = sorted(by_site) if site is None else [site] if site in by_site else []
    return [alarm for name in chosen for alarm in _of_site(db, name, by_site[name], now.timestamp())]


def _of_site(db: Database, site: str, runs: Sequence[Run], now: float) -> Iterator[Alarm]:
    """Yield the alarms about a site; while its runs fail, silence is not judged, since nobody knows what it shows."""
    home = links.home(db, site) or site
    stuck = _stuck(site, home, runs, now)
    if stuck is not None:
        yield stuck
    yield from extraction_drift.refusals(db, site, now)
    yield from extraction_drift.empty_categories(db, site, now)
    yield from extraction_drift.alternating(db, site, now)
    visits = sorted(run.started for run in runs if run.has_visited)
    if stuck is None and visits:
        quiet = silence.of_site(db, site, home, visits)
        yield from quiet or outlets.gone_quiet(db, site, home, visits)
    yield from unlikely_dates.among_the_latest(db, site, now)


def _stuck(site: str, home: str, runs: Sequence[Run], now: float) -> Alarm | None:
    """Return an alarm if a site's runs, given latest first, fail or no longer happen."""
    latest = runs[: _LONG_GAPS + 1]
    usual, limit = _patience([later.started - earlier.started for later, earlier in pairwise(latest)])
    ended = [run for run in runs if run.outcome != "running"]
    bad = list(takewhile(lambda run: run.has_failed, ended))
    visit = next((run for run in runs if run.has_visited), None)
    if now - runs[0].started > limit:
        return _stay_away(site, runs[0], now - runs[0].started, usual)
    if len(bad) >= _IN_A_ROW:
        return _fail(site, home, bad)
    if visit is not None and now - visit.started > limit:
        return _see_nothing(site, home, visit, now - visit.started, usual)
    return None


def _patience(gaps: Sequence[float]) -> tuple[float | None, float]:
    """Return the usual gap between runs, if known, and the gap to raise an alarm at.

    The latter is at least the second longest so far.
    """
    usual = median(gaps[:_GAPS]) if gaps else None
    if usual is None or len(gaps) < _FEW_GAPS:
        return None, max(_WITH_FEW, _FAR_LONGER * (usual or 0))
    return usual, max(_AT_LEAST, _FAR_LONGER * usual, sorted(gaps)[-2])


def _stay_away(site: str, last: Run, seconds: float, usual: float | None) -> Alarm:
    every = Sentence("; usually one does every {usual}", usual=lasting(usual)) if usual else ""
    return {
        "kind": "runs",
        "site": site,
        "sentence": Sentence(
            "No run of {site} has begun for {seconds}, since run {number} at {started_at}{every}: see whether"
            " the schedule still goes, and run `{command}`.",
            site=site,
            seconds=lasting(seconds),
            number=last.number,
            started_at=moment(last.started_at),
            every=every,
            command=command("crawl", site=site),
        ),
        "numbers": {"run": last.number, "seconds": round(seconds), "usual_seconds": usual and round(usual)},
    }


def _fail(site: str, home: str, bad: Sequence[Run]) -> Alarm:
    whys = Counter(why for run in bad for why in _reasons(run))
    why = whys.most_common(1)[0][0]
    return {
        "kind": "runs",
        "site": site,
        "sentence": Sentence(
            "The latest {count} runs of {site} came to nothing ({why}), since run {number} at {started_at}: see"
            " whether {home} opens, `{command}` tells what it answered.",
            count=len(bad),
            site=site,
            why=sentence(why),
            number=bad[-1].number,
            started_at=moment(bad[-1].started_at),
            home=home,
            command=command("why", home),
        ),
        "numbers": {"runs": len(bad), "first_run": bad[-1].number, "run": bad[0].number, "reasons": dict(whys)},
    }


def _see_nothing(site: str, home: str, visit: Run, seconds: float, usual: float | None) -> Alarm:
    every = Sentence("; usually one does every {usual}", usual=lasting(usual)) if usual else ""
    return {
        "kind": "runs",
        "site": site,
        "sentence": Sentence(
            "No run of {site} has read a page that lists posts for {seconds}, since run {number} at"
            " {started_at}{every}: `finews runs` says how they ended, `{command}` what was answered.",
            site=site,
            seconds=lasting(seconds),
            number=visit.number,
            started_at=moment(visit.started_at),
            every=every,
            command=command("why", home),
        ),
        "numbers": {"run": visit.number, "seconds": round(seconds), "usual_seconds": usual and round(usual)},
    }


def _reasons(run: Run) -> list[str]:
    """Return why a run failed: why it could not read its listings, or else how it ended."""
    return list(json.loads(run.reasons)) or [run.outcome]


def _latest_runs(db: Database) -> Iterator[Run]:
    """Yield the runs over a whole site, latest first, as far back as `REACH`."""
    rows = db.execute(
        "SELECT id, site, outcome, started_at, listings, listings_failed, listing_reasons FROM runs"  # noqa: S608  # a constant
        f" WHERE scope IN ('usual', 'full') {LATEST_FIRST}"
    )
    latest = None
    zone_of: dict[str, tzinfo] = {}
    for number, site, outcome, started_at, *rest in rows:
        point = datetime.fromisoformat(started_at)
        started = point.timestamp()
        latest = latest or started
        if started < latest - REACH:
            break
        zone = zone_of.get(site) or zone_of.setdefault(site, zones.of_site(db, site))
        yield Run(number, site, outcome, iso(local(point, zone)), started, *rest)
    rows.close()
