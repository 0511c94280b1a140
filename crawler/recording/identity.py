"""Which post a file or a page belongs to: ids are made from file names, and unrelated posts can have the same name.

A file is a version of a post when it stands at the path the post was imported from, or when its words are. Else it is
a post of its own: the first keeps the plain id (`note`), a later one gets its day in front (`2006-04-10-note`), and
if that is taken too, a number behind. A page belongs to the post at its address. Not here: how an id is read from a
file (`crawler.jekyll.source`).
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from crawler import dates
from crawler.archive.store import articles, files, posts, versions
from crawler.recording.deleted import tells_its_day
from crawler.recording.kinship import common
from crawler.sites.addresses import is_safe_id
from crawler.text.words import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from sqlite_utils import Database

    from crawler.archive.store.derived import DerivedArticle
    from crawler.archive.store.versions import Standing
    from crawler.items import Article
    from crawler.sites.definition import Site

# A version taken for a post of its own is there twice; a post taken for a version hides the one before it. Of texts
# of 100 characters or more, no stranger is taken for a version, and of a series that repeats a third of its words
# 0.3 % are; 0.1 % of the versions are taken for strangers (tests/benchmarks/likeness.py). A series that repeats half
# of its words is told apart by its titles and days alone.
LEAST_OF_A_VERSION = 0.45
"""What the text of a version has in common with the post, see `crawler.recording.kinship`."""

_COMPARED = 8  # posts of one name and day; comparing hundreds would take too long


def under_its_id(db: Database, site: Site, derived: DerivedArticle, *paths: str) -> DerivedArticle | None:
    """Return what a file says under the id of the post that it belongs to, or of a new one.

    `paths` are those that the file is known by. Returns `None` if no id is left for it.
    """
    article = derived.article
    for known in files.posts_at(db, site.name, paths):
        standing = versions.standing(db, known)
        if versions.has(db, known, article.content_hash) or _is_version_at_its_path(site, article, standing):
            return derived.under(standing.post_id)
    for number, post_id in enumerate(_ids(article, site)):
        if not is_safe_id(post_id):
            return None
        article_id = posts.row_of(db, site.name, post_id)
        if article_id is None or (not number and tells_its_day(site, post_id)):
            return derived.under(post_id)
        if versions.has(db, article_id, article.content_hash) or (
            number < _COMPARED and _is_version(site, article, versions.standing(db, article_id))
        ):
            return derived.under(post_id)
    return None


def page_under_its_id(db: Database, site: Site, derived: DerivedArticle, elsewhere: int) -> DerivedArticle:
    """Return what a page says under the id of the post at its address, or of a new one.

    `elsewhere` is the row of the post that has its id and another address. Only an imported post makes room; which of
    two pages is refused, the recorder decides.
    """
    article = derived.article
    if article.post.via != "page" or tells_its_day(site, article.post.post_id):
        return derived
    standing, own = versions.standing(db, elsewhere), articles.id_at(db, site.name, article.post.url or "")
    if own is not None or standing.via != "import" or _is_version(site, article, standing):
        return derived.under(own or standing.post_id)
    free = (post_id for post_id in _ids(article, site) if posts.row_of(db, site.name, post_id) is None)
    post_id = next(free)
    return derived.under(post_id) if is_safe_id(post_id) else derived


def _ids(article: Article, site: Site) -> Iterator[str]:
    """Yield the ids that a post can have, the best first."""
    plain = article.post.post_id
    dated = f"{_day(article, site)}-{plain}"
    yield plain
    yield dated
    yield from (f"{dated}-{number}" for number in count(2))


def _is_version_at_its_path(site: Site, article: Article, standing: Standing) -> bool:
    """Tell whether what a file says now is a version of the post that was imported from it."""
    return not _days_apart(site, article, standing) or common(article.text, standing.text) >= LEAST_OF_A_VERSION


def _is_version(site: Site, article: Article, standing: Standing) -> bool:
    """Tell whether a file says a version of a post that has its name, and came from elsewhere."""
    one_title = tokens(article.post.title) == tokens(standing.title)
    apart = _days_apart(site, article, standing)
    if article.post.via == standing.via == "import":
        return one_title and not apart and common(article.text, standing.text) >= LEAST_OF_A_VERSION
    # The site has shown one of them. Where a file's date has no offset, its page may be of the day before or after.
    if article.post.url == standing.url:
        return one_title or common(article.text, standing.text) >= LEAST_OF_A_VERSION
    return apart <= 1 and common(article.text, standing.text) >= LEAST_OF_A_VERSION


def _days_apart(site: Site, article: Article, standing: Standing) -> int:
    return abs((_day(article, site) - dates.day(standing.published_at, site.timezone)).days)


def _day(article: Article, site: Site) -> date:
    assert article.post.published_at is not None, "validation refuses a post without a date"
    return dates.day(article.post.published_at, site.timezone)
