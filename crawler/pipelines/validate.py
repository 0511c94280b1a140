"""Validate: an article that lacks what makes a post becomes a refusal, with the reason.

Not here: counting refusals; they are records like any other and go on to the archive.
"""

from __future__ import annotations

from typing import Any

from itemadapter import ItemAdapter

from crawler.items import Article, Refused
from crawler.sites.addresses import is_safe_id

# What a post must have, and the reason it is refused for when it has not.
_NEEDED = {"title": "no title", "published_at": "no date"}


class Validate:
    """The step."""

    def process_item(self, item: Any) -> Any:
        """Hand on an article that is whole, refuse one that is not."""
        if not isinstance(item, Article):
            return item
        reason = fault(item)
        return item if reason is None else Refused(fetch=item.post.fetch, reason=reason)


def fault(article: Article) -> str | None:
    """Return why an article cannot be kept; `None` when it can."""
    post = ItemAdapter(article.post)
    if not post["post_id"]:
        return "no id"
    if not is_safe_id(post["post_id"]):
        return "unsafe id"
    missing = next((reason for field, reason in _NEEDED.items() if not post[field]), None)
    return missing or (None if article.markdown else "no body")
