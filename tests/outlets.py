"""Sample sites of many posts: as many outlets as a test wants, each post with words of its own.

Posts of the same words would tell one story, and take long to compare. Everything is always the same: no clock, no
chance. Not here: the sample site itself (`crawler.ops.sample_site`).
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from crawler.ops.sample_site.site import BUILT_AT, bundled_posts

if TYPE_CHECKING:
    from crawler.ops.sample_site.source import SourcePost

_MODEL = next(post for post in bundled_posts() if post.id == "NW202204202350104915")
_FIRST = BUILT_AT - timedelta(days=1)
# Common signs enough that no two rows of two hundred are alike.
_SIGNS = "".join(map(chr, range(0x4E00, 0x4E00 + 2000)))


def post(number: int, outlet: int) -> SourcePost:
    """Make post `number`, which an outlet published so many minutes after the first."""
    words = "".join(random.Random(number).choices(_SIGNS, k=200))
    back = f"[返回第{outlet}家新闻](//finews.withounder.com{category(outlet)})"
    return replace(
        _MODEL,
        id=f"NW2022042000{number:06}",
        title=words[:20],
        date=_FIRST + timedelta(minutes=number),
        category=f"outlet{outlet}",
        tag=f"第{outlet}家新闻",
        body=f"<p>{words}</p>\n\n{back}",
    )


def posts(count: int, outlets: int) -> list[SourcePost]:
    """Make so many posts, of the outlets in turn."""
    return [post(number, number % outlets) for number in range(count)]


def category(outlet: int) -> str:
    """Return the path of an outlet's category page."""
    return f"/category/outlet{outlet}.html"
