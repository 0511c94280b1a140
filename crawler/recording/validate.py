"""Finding out what an article lacks to be stored. Not here: what becomes of an incomplete article."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.items import UNLIKELY_DATE, Refused
from crawler.sites.addresses import is_safe_id, why_unsafe

if TYPE_CHECKING:
    from crawler.items import Article


def judged(article: Article) -> Article | Refused:
    """Return an article if it can be stored, otherwise the refusal that says what it lacks."""
    problem = fault(article)
    return article if problem is None else Refused(fetch=article.post.fetch, reason=problem[0], rule=problem[1])


def fault(article: Article) -> tuple[str, str] | None:
    """Return why an article cannot be stored and which rules should have found what it lacks; `None` if it can."""
    post = article.post
    if not post.post_id:
        return "no id", "addresses.post"
    if not is_safe_id(post.post_id):
        return why_unsafe(post.post_id), "addresses.post"
    if post.published_at is None and UNLIKELY_DATE in post.derived:
        return "unlikely date", "dates"
    needed = {"title": post.title, "date": post.published_at, "body": article.markdown}
    missing = next((name for name, value in needed.items() if not value), None)
    return None if missing is None else (f"no {missing}", f"layouts[{post.layout}].{missing}")
