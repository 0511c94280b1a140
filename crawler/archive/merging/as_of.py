"""The column `as_of` of a post, and `filed` of its versions: what a merge has to know of a post beside its tables.

Not here: what follows from it (`crawler.archive.merging.facts`).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawler.archive.merging.facts import Fact, Post


class Known(NamedTuple):
    """The column `as_of`: stamps of details by name, and what the current version itself was filed under.

    Both are there only as far as they do not follow from the current version and the details. `marks_none`: that a
    post mentions no security is what it says, as a page does, and not for want of marks.
    """

    stamps: Mapping[str, str]
    filed: str | None
    marks_none: bool


def known_as_of(column: str, current: Fact) -> Known:
    """Read the column `as_of`, which says nothing any more once a run has stored another version."""
    kept = json.loads(column)
    if kept.get("of") != [current.content_hash, current.seen_at]:
        return Known({}, None, current.via == "page")
    return Known(kept["stamps"], kept["filed"], kept["marks_none"])


def as_of(post: Post) -> str:
    """Return the column `as_of` of a post, the inverse of `known_as_of`."""
    current, stamp = post.versions[-1].fact, post.stamp
    stamps = {name: detail.stamp for name, detail in post.details.items() if detail.stamp != stamp}
    values = {name: detail.value for name, detail in post.details.items()}
    marks_none, is_page = values.get("mentions") == [], current.via == "page"
    follows = current.filed == filed_under(values) and (values.get("mentions") or marks_none == is_page)
    if not stamps and follows:
        return "{}"
    kept = {"of": [current.content_hash, current.seen_at], "stamps": stamps, "filed": current.filed}
    return json.dumps({**kept, "marks_none": marks_none})


def filed_under(details: Mapping[str, Any]) -> str:
    """Return what a post is filed under, as `crawler.archive.store.versions.keep_filing` writes it."""
    categories = details.get("categories") or []
    codes = sorted({code for code, _, _ in details.get("mentions") or []})
    filed = {"source": details.get("source"), "category": categories[0] if categories else None}
    return _compact({**filed, "categories": sorted(categories), "codes": codes})


def in_one_order(filed: str | None) -> str | None:
    """Return a filing with its lists in one order; the order in which SQLite has collected them means nothing."""
    if filed is None:
        return None
    kept = json.loads(filed)
    return _compact({name: sorted(value) if isinstance(value, list) else value for name, value in kept.items()})


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
