"""Holding what was read of a page against what is stored of its post, field by field. Pure.

Not here: reading either of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from crawler.dates import iso

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawler.items import Article
    from crawler.ops.rehearsing.reading import Reading

Change = Literal["unchanged", "filled", "emptied", "changed"]
"""What became of a field: the same, nothing before, nothing now, or another value."""

FIELDS = (
    *("title", "published_at", "source", "authors", "category", "tags"),
    *("mentions", "share_url", "image", "text"),
)
_OF_RULES = {"date": "published_at", "body": "text"}  # rules that are called otherwise
_RULE = re.compile(r"layouts\[(?P<layout>[^\]]*)\]\.(?P<field>\w+)")

Values = dict[str, Any]
"""A post by its fields: text, or lists of text; what is missing is "" or an empty list."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a page: of each field, if its post was stored; and why it would be refused, `None` if not."""

    changes: dict[str, Change]
    was_stored: bool
    reason: str | None
    layout: str


def values_stored(post: Mapping[str, Any]) -> Values:
    """Return the fields of a stored post, as `Archive.post` returns it."""
    return {
        "title": post["title"],
        "published_at": post["published_at"],
        "source": post["source"] or "",
        "authors": list(post["authors"]),
        "category": post["category"] or "",
        "tags": list(post["tags"]),
        "mentions": sorted(f"{each['code']} {each['name']} × {each['count']}" for each in post["mentions"]),
        "share_url": post["share_url"] or "",
        "image": post["image"] or "",
        "text": post["text"],
    }


def values_read(article: Article) -> Values:
    """Return the fields of what was read."""
    post = article.post
    return {
        "title": post.title,
        "published_at": iso(post.published_at) if post.published_at else "",
        "source": post.source or "",
        "authors": list(post.authors),
        "category": post.category.slug if post.category else "",
        "tags": list(post.tags),
        "mentions": sorted(f"{each.code} {each.name} × {each.count}" for each in post.mentions),
        "share_url": post.share_url or "",
        "image": post.image or "",
        "text": article.text,
    }


def verdict(stored: Values | None, reading: Reading) -> Verdict:
    """Return what became of a page of which this is `stored`; `None` is nothing."""
    now = values_read(reading.article) if reading.article else {}
    changes: dict[str, Change] = {}
    layout = reading.layout
    if stored is not None and now:
        changes = {field: _change(field, stored[field], now[field]) for field in FIELDS}
    elif stored is not None and (rule := _RULE.match(reading.rule or "")):
        layout, field = rule["layout"], _OF_RULES.get(rule["field"], rule["field"])
        changes = {field: "emptied"} if stored.get(field) else {}
    return Verdict(changes, stored is not None, reading.reason, layout)


def _change(field: str, before: Any, after: Any) -> Change:
    if before == after or (field == "published_at" and _is_same_moment(before, after)):
        return "unchanged"
    if not after:
        return "emptied"
    return "changed" if before else "filled"


def _is_same_moment(before: str, after: str) -> bool:
    return bool(before and after) and datetime.fromisoformat(before) == datetime.fromisoformat(after)
