"""Searching: what a query finds, as a page, as JSON and as a feed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from crawler.archive.search.field import field_of
from crawler.archive.search.query import parse
from crawler.web import feeds
from crawler.web.pages.drawing import over_time
from crawler.web.showing.rendering import page

if TYPE_CHECKING:
    from crawler.archive.browsing.facets import Counted, Facets
    from crawler.archive.search.query import Query
    from crawler.web.asked import Asked

_PAGE = 20
_LAST_PAGE = 500
_IN_A_FEED = 50
FILTERS = ("since", "until", "source", "author", "category", "stock", "as_of")
"""The values of a query that limit what is found, named as the options of `finews search`."""


def search(asked: Asked) -> Response:
    """Show what a query finds, or the syntax if there is none."""
    query = asked.get("q") or ""
    number = asked.number("page", 1, 1, _LAST_PAGE)
    found = asked.archive.search(query, limit=_PAGE, offset=(number - 1) * _PAGE, **_options(asked))
    here = asked.place.here
    return page(
        asked,
        "search.html",
        query=query,
        found=found,
        titles=[_spans(hit["title"], parse(query)) for hit in found["results"]],
        **(_spread(asked, query) if found["total"] else {"spread": [], "chart": ""}),
        understood=_understood(asked, parse(query)) if query and not found["total"] else None,
        sort=asked.get("sort") or "relevance",
        collapse=bool(asked.get("collapse")),
        filters=[(name, value) for name in FILTERS if (value := asked.get(name))],
        newer=here(page=str(number - 1) if number > 2 else None) if number > 1 else None,  # noqa: PLR2004
        older=here(page=str(number + 1)) if number * _PAGE < found["total"] and number < _LAST_PAGE else None,
        number=number,
        canonical=asked.place.here(page=None),
        section=None,
    )


def as_json(asked: Asked) -> Response:
    """Return what `finews search --json` prints."""
    limit, offset = asked.number("limit", _PAGE, 0, 200), asked.number("offset", 0, 0, 100_000)
    return JSONResponse(asked.archive.search(asked.get("q") or "", limit=limit, offset=offset, **_options(asked)))


def as_feed(asked: Asked) -> Response:
    """Return the newest posts that a query finds as a feed."""
    query, place = asked.get("q") or "", asked.place
    found = asked.archive.search(query, limit=_IN_A_FEED, **{**_options(asked), "sort": "date"})
    entries = [feeds.entry_of(hit, place.whole(place.to("post", hit["id"]))) for hit in found["results"]]
    times = [datetime.fromisoformat(hit["published_at"]) for hit in found["results"]]
    address = place.whole(place.here())
    content = feeds.atom(
        query, address, entries, max(times, default=asked.now), page=address.replace("/search.atom", "/search", 1)
    )
    return Response(content, media_type="application/atom+xml")


def _options(asked: Asked) -> dict[str, Any]:
    """Return what limits and orders the search; a sort that there is not is that by relevance."""
    options: dict[str, Any] = {name: asked.get(name) for name in FILTERS}
    return {
        **options,
        "sort": "date" if asked.get("sort") == "date" else "relevance",
        "collapse": bool(asked.get("collapse")),
    }


def _spread(asked: Asked, query: str) -> dict[str, Any]:
    """Return the filters that would leave something, as links, and the chart of hits over time."""
    filters = {name: asked.get(name) for name in FILTERS}
    spread: Facets = asked.recall(asked.archive.facets, query, **filters)
    names = asked.archive.category_names([slug for slug, _ in spread.categories])
    called = asked.archive.security_names([code for code, _ in spread.codes])
    kinds: list[tuple[str, Counted, dict[str, str]]] = [
        ("source", spread.sources, {}),
        ("author", spread.authors, {}),
        ("category", spread.categories, names),
        ("stock", spread.codes, called),
    ]
    here = asked.place.here
    return {
        "spread": [
            (
                kind,
                [
                    {"name": known.get(key, key), "count": count, "href": here(**{kind: key, "page": None})}
                    for key, count in counted
                ],
            )
            for kind, counted, known in kinds
            if not filters[kind]
        ],
        "chart": over_time(asked, spread.days) if len(spread.days) > 1 else "",
    }


def _spans(title: str, query: Query) -> list[tuple[int, int]]:
    """Return where the terms of a query stand in a title; where two overlap, the first."""
    field, spans = field_of(title), list[tuple[int, int]]()
    for start, end in sorted(span for term in query.terms for span in term.spans(field)):
        if not spans or start >= spans[-1][1]:
            spans.append((start, end))
    return spans


def _understood(asked: Asked, query: Query) -> dict[str, Any]:
    """Return what a query was taken to mean: what must be found, with how often it is, and what must not."""
    wanted = []
    for group in query.wanted[:8]:
        words = [_written(term.tokens) for term in group]
        totals = [asked.archive.search(f'"{word}"', limit=0)["total"] for word in words[:4]]
        wanted.append({"words": words, "total": sum(totals)})
    return {"wanted": wanted, "unwanted": [_written(term.tokens) for term in query.unwanted]}


def _written(tokens: tuple[str, ...]) -> str:
    """Return the tokens of a term as one may write them: letters and digits apart, characters side by side."""
    words = ""
    for token in tokens:
        apart = words and token[0].isascii() and words[-1].isascii()
        words += f" {token}" if apart else token
    return words
