"""The front page, and the pages that list outlets, authors, categories, securities and days."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from crawler.archive.browsing.archive import days_up_to
from crawler.securities import parse
from crawler.web.addresses import security_name
from crawler.web.pages.drawing import chart_of
from crawler.web.pages.paging import page_of
from crawler.web.showing.rendering import page

if TYPE_CHECKING:
    from starlette.responses import Response

    from crawler.archive.care.top import Ranked
    from crawler.web.asked import Asked

_DAYS = 42  # in the chart
_RANKED = 8
_WEEK = 7
_NAMES = 400  # on a page
_LAST_PAGE = 10_000
_PARTS = {
    "outlets": "outlet",
    "authors": "author",
    "categories": "category",
    "securities": "security",
    "days": "day",
}


def front(asked: Asked) -> Response:
    """Show the newest posts by day, and what else there is."""
    shown = page_of(asked, asked.archive.listing)
    days = [day for day, _ in shown.days]
    return page(
        asked,
        "front.html",
        section="",
        canonical=asked.place.here(),
        days=shown.days,
        counts=dict(zip(days, asked.archive.per_day(days), strict=True)),
        newer=shown.newer,
        older=shown.older,
        **_aside(asked),
    )


def _aside(asked: Asked) -> dict[str, Any]:
    """Return what stands beside the newest posts, all of it counted now and then."""
    archive = asked.archive
    newest = archive.listing(limit=1)
    last = date.fromisoformat(newest[0]["published_at"][:10]) if newest else date.min
    week = (last - timedelta(days=_WEEK - 1)).isoformat() if last.toordinal() > _WEEK else None
    return {
        "chart": chart_of(asked, days_up_to(last, _DAYS)) if newest else "",
        "outlets": ranked(asked, "outlets", limit=_RANKED),
        "authors": ranked(asked, "authors", limit=_RANKED),
        "categories": ranked(asked, "categories", limit=_RANKED),
        "securities": ranked(asked, "securities", since=week, limit=_RANKED),
        "alarms": asked.alarms,
        "run": next(iter(asked.recall(archive.latest_runs, 1)), None),
    }


def ranked(asked: Asked, kind: str, **options: Any) -> list[dict[str, Any]]:
    """Return what there is most of, each with its name, its number of posts, and the address of its page."""
    return [_row(asked, kind, each) for each in asked.recall(asked.archive.top, kind, **options)["results"]]


def _row(asked: Asked, kind: str, each: Ranked) -> dict[str, Any]:
    shown = _shown(kind, each["key"])
    href = asked.place.to(_PARTS[kind], shown)
    return {
        "name": each["name"] or each["key"],
        "key": each["key"],
        "shown": shown,
        "count": each["posts"],
        "href": href,
    }


def _shown(kind: str, key: str) -> str:
    """Return what an outlet, a category, a security or a day is called in addresses."""
    security = parse(key) if kind == "securities" else None
    return security_name(security.symbol, security.market, key) if security else key


def names(asked: Asked) -> Response:
    """List all outlets, authors, categories or securities, those with most posts first, or all days, latest first."""
    kind, number = asked.place.path.strip("/"), asked.number("page", 1, 1, _LAST_PAGE)
    found: list[Ranked] = asked.recall(asked.archive.top, kind, limit=None)["results"]
    if kind == "days":
        found = sorted(found, key=lambda each: each["key"], reverse=True)
    here = asked.place.here
    return page(
        asked,
        "names.html",
        section=kind,
        kind=kind,
        rows=[_row(asked, kind, each) for each in found[(number - 1) * _NAMES : number * _NAMES]],
        newer=here(page=str(number - 1) if number > 2 else None) if number > 1 else None,  # noqa: PLR2004
        older=here(page=str(number + 1)) if number * _NAMES < len(found) else None,
        canonical=here(),
    )
