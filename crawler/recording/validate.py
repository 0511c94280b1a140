"""Validate: what an article lacks that makes a post. Not here: what becomes of one that lacks something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.sites.addresses import is_safe_id

if TYPE_CHECKING:
    from crawler.items import Article


def fault(article: Article) -> tuple[str, str] | None:
    """Return why an article cannot be kept, and which rules should have found what it lacks; `None` when it can."""
    post = article.post
    if not post.post_id:
        return "no id", "addresses.post"
    if not is_safe_id(post.post_id):
        return "unsafe id", "addresses.post"
    needed = {"title": post.title, "date": post.published_at, "body": article.markdown}
    missing = next((name for name, value in needed.items() if not value), None)
    return None if missing is None else (f"no {missing}", f"layouts[{post.layout}].{missing}")
