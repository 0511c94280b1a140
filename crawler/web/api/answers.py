"""What each address below `/api` answers: what the archive says, as JSON.

Lists come a page at a time: `next` is the cursor of the next page, `null` on the last. `ANSWERS` is the table of
contents; `crawler.web.api.document` describes it. Not here: pages for people (`crawler.web.pages`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from crawler.archive.browsing.listings import By  # noqa: TC001  # see `ANSWERS`
from crawler.archive.care.summary import Summary
from crawler.archive.care.top import Top
from crawler.archive.search.results import Found
from crawler.archive.stock import Stock
from crawler.archive.watch.coverage import Coverage
from crawler.errors import NoSuchPost, NoSuchRevision, NoSuchSecurity
from crawler.text.changes import as_dict
from crawler.web.api.shapes import Alarms, Changed, Post, Posts, Revisions, Runs, Why
from crawler.web.pages.missing import Missing
from crawler.web.pages.paging import place_of, places, written
from crawler.web.pages.search import FILTERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawler.web.asked import Asked

_MOST = 200
_MOST_NAMES = 1_000
_LAST = 10**9


def posts(asked: Asked) -> Posts:
    """Return posts: of an outlet, an author, a category, a security or all, and of a day, a month or a year."""
    limit = asked.number("limit", 50, 1, _MOST)
    found = asked.archive.listing(
        *_common(asked), day=asked.get("day"), before=place_of(asked.get("cursor")), limit=limit + 1
    )
    following = written(found[limit - 1]) if len(found) > limit else None
    return {"posts": places(found[:limit]), "next": following}  # type: ignore[typeddict-item]  # without their places


def _common(asked: Asked) -> tuple[By | None, str | None]:
    """Return what the posts of a list are to have in common: the first that the query names."""
    if source := asked.get("source"):
        return "source", source
    if author := asked.get("author"):
        return "author", author
    if category := asked.get("category"):
        return "category", category
    if stock := asked.get("stock"):
        return "code", _or_missing(stock, lambda: asked.recall(asked.archive.stock, stock, limit=0)["code"])
    return None, None


def post(asked: Asked) -> dict[str, Any]:
    """Return a post by its id or any of its addresses, in its latest revision or another."""
    revision = asked.number("revision", 0, 0, _LAST) or None
    found: dict[str, Any] = _or_missing(asked["name"], lambda: asked.archive.post(asked["name"], revision=revision))
    return found


def revisions(asked: Asked) -> Revisions:
    """Return the revisions of a post, and what the latest changed."""
    name = asked["name"]
    before = asked.number("cursor", 0, 0, _LAST) or None
    history = _or_missing(name, lambda: asked.archive.history(name))
    steps = asked.archive.steps(name, before=before, limit=20)
    changed: list[Changed] = [
        {"before": step.before["revision"], "after": step.after["revision"], "changes": as_dict(step.changes)}
        for step in steps
    ]
    return {"revisions": history, "changes": changed}


def search(asked: Asked) -> Found:
    """Return what a query finds."""
    filters: dict[str, Any] = {name: asked.get(name) for name in FILTERS}
    return asked.archive.search(
        asked.get("q") or "",
        **filters,
        sort="date" if asked.get("sort") == "date" else "relevance",
        collapse=bool(asked.get("collapse")),
        limit=asked.number("limit", 20, 0, _MOST),
        offset=asked.number("offset", 0, 0, 100_000),
    )


def security(asked: Asked) -> Stock:
    """Return the posts that mention a security, its names, and how many posts there are by day."""
    limit, offset = asked.number("limit", 20, 0, _MOST), asked.number("offset", 0, 0, 100_000)
    name, since = asked["name"], asked.get("since")
    found: Stock = _or_missing(name, lambda: asked.archive.stock(name, since=since, limit=limit, offset=offset))
    return found


def top(asked: Asked) -> Top:
    """Return the outlets, authors, categories, securities or days with most posts."""
    kind = asked.place.path.rpartition("/")[2]
    limit = asked.number("limit", 20, 1, _MOST_NAMES)
    found: Top = asked.recall(
        asked.archive.top, kind, since=asked.get("since"), until=asked.get("until"), limit=limit
    )
    return found


def runs(asked: Asked) -> Runs:
    """Return the reports of runs, latest first."""
    limit = asked.number("limit", 20, 1, _MOST)
    found = asked.archive.latest_runs(limit + 1, before=asked.number("cursor", 0, 0, _LAST) or None)
    return {"runs": [*found[:limit]], "next": str(found[limit - 1]["run"]) if len(found) > limit else None}


def alarms(asked: Asked) -> Alarms:
    """Return what is amiss."""
    return {"alarms": asked.recall(asked.archive.alarms)}


def why(asked: Asked) -> Why:
    """Return the history of an address, or of the addresses of a post."""
    address = asked.get("address") or ""
    found = asked.archive.why(address) if address else []
    return {"address": address, "seen": bool(found), "addresses": found}


def coverage(asked: Asked) -> Coverage:
    """Return how much of what was listed is stored, by category and day, from a day on."""
    found: Coverage = asked.recall(asked.archive.coverage, asked.get("since"))
    return {**found, "archive": asked.archive.name}


def stats(asked: Asked) -> Summary:
    """Return what the archive holds, in numbers."""
    found: Summary = asked.recall(asked.archive.stats)
    return {**found, "archive": asked.archive.name}


def _or_missing(name: str, find: Callable[[], Any]) -> Any:
    try:
        return find()
    except (NoSuchPost, NoSuchRevision, NoSuchSecurity) as error:
        raise Missing(name) from error


class Answer(NamedTuple):
    """An address: what answers it, the type of the answer, and which names its query may hold."""

    give: Callable[[Asked], Any]
    shape: Any
    query: tuple[str, ...] = ()


_SEARCHED = ("q", *FILTERS, "sort", "collapse", "limit", "offset")
_TOP = Answer(top, Top, ("since", "until", "limit"))
ANSWERS: dict[str, Answer] = {
    "/api/posts": Answer(posts, Posts, ("source", "author", "category", "stock", "day", "limit", "cursor")),
    "/api/posts/{name}": Answer(post, Post, ("revision",)),
    "/api/posts/{name}/revisions": Answer(revisions, Revisions, ("cursor",)),
    "/api/search": Answer(search, Found, _SEARCHED),
    "/api/securities/{name}": Answer(security, Stock, ("since", "limit", "offset")),
    "/api/outlets": _TOP,
    "/api/authors": _TOP,
    "/api/categories": _TOP,
    "/api/securities": _TOP,
    "/api/days": _TOP,
    "/api/runs": Answer(runs, Runs, ("limit", "cursor")),
    "/api/alarms": Answer(alarms, Alarms),
    "/api/why": Answer(why, Why, ("address",)),
    "/api/coverage": Answer(coverage, Coverage, ("since",)),
    "/api/stats": Answer(stats, Summary),
}
"""What is at which address."""
