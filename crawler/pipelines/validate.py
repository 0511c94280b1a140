"""Validate: an article that lacks what makes a post becomes a refusal, with the reason.

Not here: counting refusals; they are records like any other and go on to the archive.
"""

from __future__ import annotations

from typing import Any

from itemadapter import ItemAdapter

from crawler.items import Article, Refused
from crawler.sites.addresses import is_safe_id


class Validate:
    """The step."""

    def process_item(self, item: Any) -> Any:
        """Hand on an article that is whole, refuse one that is not."""
        if not isinstance(item, Article):
            return item
        found = fault(item)
        if found is None:
            return item
        reason, rule = found
        return Refused(fetch=item.post.fetch, reason=reason, rule=rule)


def fault(article: Article) -> tuple[str, str] | None:
    """Return why an article cannot be kept, and which rules should have found what it lacks; `None` when it can."""
    post = ItemAdapter(article.post)
    if not post["post_id"]:
        return "no id", "addresses.post"
    if not is_safe_id(post["post_id"]):
        return "unsafe id", "addresses.post"
    needed = {"title": post["title"], "date": post["published_at"], "body": article.markdown}
    missing = next((name for name, value in needed.items() if not value), None)
    return None if missing is None else (f"no {missing}", f"layouts[{post['layout']}].{missing}")
