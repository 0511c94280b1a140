"""Storing what was read from a file: under which id, unless its post was deleted, and what became of the file.

Functions that write run inside the caller's transaction. Not here: reading files (`crawler.ops.importing`), and their
Markdown (`crawler.recording.recorder`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from crawler import dates
from crawler.archive.care import undoing
from crawler.archive.store import files, posts, versions
from crawler.archive.store.derived import DerivedArticle
from crawler.recording.deleted import deletion_of, let_come_back
from crawler.recording.identity import under_its_id
from crawler.recording.normalise import content_hash

if TYPE_CHECKING:
    from sqlite_utils import Database

    from crawler.archive.ledger.deletions import Deletion
    from crawler.items import Outcome, Recorded
    from crawler.sites.definition import Site

_NO_ID_LEFT = "another post has this id"


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file that was read: what to store, with the Markdown for a new post, or the reason why it is refused.

    `aliases` are other paths of the same file, see `crawler.items.PostFile`. A file that has not changed since an
    earlier import is not read: it has the `article_id` of its post. `content_hash` is that by which this is known.
    `named`: a person has named this very file, and not a folder that it is in.
    """

    path: str
    commit: str
    derived: DerivedArticle | None = None
    markdown: str = ""
    reason: str | None = None
    aliases: tuple[str, ...] = ()
    content_hash: str | None = None
    article_id: int | None = None
    named: bool = False


class Stored(NamedTuple):
    """What was stored of a file: its outcome, the post, and its Markdown if that has been rendered already."""

    recorded: Recorded
    derived: DerivedArticle
    markdown: str


def take_in(db: Database, site: Site, run_id: int, file: ReadFile, met: set[int]) -> Stored | None:
    """Store the content of a file and record its outcome; return `None` if it is refused, or known already.

    `met` has the rows of the posts that the run has met so far: what others were before is kept, see `undoing`.
    """
    if file.article_id is not None:
        _note(db, site, run_id, file, "unchanged", file.article_id)
        return None
    derived = under_its_id(db, site, _dated(db, site, file, file.derived), *_paths(file)) if file.derived else None
    deletion = _deletion(db, site, derived) if derived else None
    reason = file.reason or _NO_ID_LEFT if derived is None else _why_not_again(deletion, file)
    if derived is None or reason is not None:
        _note(db, site, run_id, file, "refused", reason=reason)
        return None
    lifted = let_come_back(db, site, derived.article.post.post_id) if deletion else None
    known = posts.row_of(db, site.name, derived.article.post.post_id)
    if known is not None and known not in met:
        undoing.note_before(db, known, run_id)
    recorded = posts.store(db, derived.article, run_id, derived)
    assert recorded.outcome is not None, "storing a post has an outcome"
    assert recorded.article_id is not None, "a post that was stored has a row"
    if lifted is not None and known is None:
        undoing.note_deletion(db, recorded.article_id, run_id, *lifted)
    met.add(recorded.article_id)
    _note(db, site, run_id, file, recorded.outcome, recorded.article_id)
    return Stored(recorded, derived, file.markdown if derived is file.derived else "")


def _paths(file: ReadFile) -> tuple[str, ...]:
    return (file.path, *file.aliases)


def _dated(db: Database, site: Site, file: ReadFile, derived: DerivedArticle) -> DerivedArticle:
    """Return what a file without a date says, with the date that its post was given when it was first imported.

    A note does not become another day's because it was written on. Elsewhere such files are refused.
    """
    article = derived.article
    known = None if site.has_addresses else next(files.posts_at(db, site.name, _paths(file)), None)
    if known is None or "date" not in article.post.derived:
        return derived
    post = replace(article.post, published_at=versions.standing(db, known).published_at)
    return DerivedArticle(replace(article, post=post, content_hash=content_hash(post, article.text)))


def _deletion(db: Database, site: Site, derived: DerivedArticle) -> Deletion | None:
    post = derived.article.post
    return deletion_of(db, site, post.post_id, post.url or "")


def _why_not_again(deletion: Deletion | None, file: ReadFile) -> str | None:
    """Return why a file may not bring back its post, which was deleted; if a person names the file, it may."""
    if deletion is None or file.named:
        return None
    return f"deleted on {deletion.deleted_at[:10]}; name the file itself to import it again"


def _note(
    db: Database,
    site: Site,
    run_id: int,
    file: ReadFile,
    outcome: Outcome,
    article_id: int | None = None,
    reason: str | None = None,
) -> None:
    """Record what became of a file."""
    entry = files.Import(file.path, file.commit, site.name, outcome, reason, article_id, file.content_hash)
    files.note(db, entry, dates.now(), run_id=run_id)
