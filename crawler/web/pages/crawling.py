"""What runs did, the story of an address, and what is missing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from crawler import dates
from crawler.web.pages.missing import Missing
from crawler.web.showing.rendering import page

if TYPE_CHECKING:
    from starlette.responses import Response

    from crawler.web.asked import Asked

_RUNS = 50
_DAYS = 14
_MOST_ROWS = 200


def runs(asked: Asked) -> Response:
    """Show what each run did, the latest first."""
    before = asked.number("before", 0, 0, 10**15)
    rows = asked.archive.latest_runs(_RUNS + 1, before=before or None)
    older = asked.place.here(before=str(rows[_RUNS - 1]["run"])) if len(rows) > _RUNS else None
    return page(
        asked,
        "runs.html",
        runs=rows[:_RUNS],
        alarms=asked.alarms,
        older=older,
        section="runs",
        canonical=asked.place.here(),
    )


def why(asked: Asked) -> Response:
    """Show the story of an address: where it was found, each fetch of it, what became of it."""
    address = asked.get("address")
    return page(
        asked,
        "why.html",
        address=address,
        histories=asked.archive.why(address) if address else [],
        imports=asked.archive.imports(address) if address else [],
        section="why",
        canonical=asked.place.here(),
    )


def coverage(asked: Asked) -> Response:
    """Show how much of what was listed is stored, of the last two weeks or since a day."""
    since = asked.get("since") or (dates.day(asked.now, asked.zone) - timedelta(days=_DAYS)).isoformat()
    found = asked.recall(asked.archive.coverage, since)
    return page(
        asked,
        "coverage.html",
        coverage=found,
        names=asked.archive.category_names([row["category"] for row in found["rows"] if row["category"]]),
        since=since,
        most=_MOST_ROWS,
        section="coverage",
        canonical=asked.place.here(),
    )


def nowhere(asked: Asked) -> Response:
    """Answer for an address that is none of the routes."""
    raise Missing(asked.place.path)
