"""The rules for what makes a revision of a post, and for its number among those in the archive. Pure functions.

Not here: reading and writing versions (`crawler.archive.store.versions`), and which post a file belongs to
(`crawler.recording.identity`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from crawler.dates import iso
from crawler.text.words import sentences, tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from crawler.items import Article, Post, Via

_LEAST_KEPT = 0.5  # of the current words; a text with fewer was cut off, or is an error page
_LONGEST_ASIDE = 30  # characters; a sentence in brackets no longer than this only names an outlet
# A correction may be withdrawn and made again. A page that returns more often alternates, and would never stop.
_MOST_ALIKE = 3  # page versions with the same hash
_SEEN_AT, _HASH = attrgetter("seen_at"), attrgetter("content_hash")


class VersionInfo(NamedTuple):
    """A stored version: its `revision`, how it came, when it was seen (UTC, ISO 8601), and its hash."""

    revision: int
    via: Via
    seen_at: str
    content_hash: str


@dataclass(frozen=True, slots=True)
class VersionText:
    """What a version says: title, time (ISO 8601) and plain text."""

    title: str
    published_at: str
    text: str


Substance = tuple[bool, str, tuple[str, ...], tuple[str, ...]]
"""What a version says apart from punctuation: is it a draft, its time, the tokens of its title, those of its text."""


def substance(title: str, published_at: str, text: str, draft: bool = False) -> Substance:
    """Return what two versions have in common if they differ only in punctuation.

    Site builders turn straight quotes into typographic ones.
    """
    return bool(draft), published_at, tuple(tokens(title)), tuple(tokens(text))


def revision_for(  # noqa: PLR0911  # one per way and result
    article: Article,
    versions: Sequence[VersionInfo],
    text_of: Callable[[int], VersionText],
    is_known: Callable[[Substance], bool],
) -> int | None:
    """Return the revision number that `article` gets, or `None` if it says nothing new.

    `versions` are those the post has, oldest first; `text_of` returns what one of them says, and `is_known` whether
    any of them has this substance. A page is compared with the current version and with the last one that came from
    the page, so page and share link may differ permanently without a new revision at each visit. A page that
    alternates makes a few revisions only, see `says_again`. A share link's text is a revision if it adds something to
    the current version. A page that was read by other rules always is one, since only what is otherwise is stored.
    A file, or a page from elsewhere, is a revision if no version has the same substance; its number follows from its
    time.
    """
    post, current = article.post, versions[-1]
    if post.via == "rules":
        return current.revision + 1
    if article.content_hash == current.content_hash:
        return None
    if post.via == "page":
        is_same = article.content_hash == _last_hash(versions, "page")
        return None if is_same or says_again(article, versions) is not None else current.revision + 1
    if article.content_hash in map(_HASH, versions):  # of thousands of them, at C's pace
        return None
    now = text_of(current.revision)
    if post.via == "share":
        return current.revision + 1 if adds(now.text, article.text) else None
    if post.published_at is not None and is_known(
        substance(post.title, iso(post.published_at), article.text, post.draft)
    ):
        return None
    return _number_by_time(post, versions)


def says_again(article: Article, versions: Sequence[VersionInfo]) -> int | None:
    """Return which revision a page says once more, if that has come so often that it makes no revision any more.

    `None` for anything else, also for what the page has said last.
    """
    alike = [each.revision for each in versions if (each.via, each.content_hash) == ("page", article.content_hash)]
    is_last = article.content_hash in {versions[-1].content_hash, _last_hash(versions, "page")}
    is_page = article.post.via == "page"
    return alike[-1] if is_page and not is_last and len(alike) >= _MOST_ALIKE else None


def adds(before: str, after: str) -> bool:
    """Return whether the text `after` says anything that `before` does not, and is not merely a cut-off copy of it.

    Punctuation and white space do not count, nor does a sentence in brackets that names an outlet.
    """
    old, new = tokens(before), tokens(after)
    if len(new) < _LEAST_KEPT * len(old):
        return False
    old_text = f" {' '.join(old)} "
    return any(
        f" {' '.join(tokens(sentence))} " not in old_text
        for sentence in sentences(after)
        if tokens(sentence) and not _is_aside(sentence)
    )


def _last_hash(versions: Sequence[VersionInfo], via: Via) -> str | None:
    return next((version.content_hash for version in reversed(versions) if version.via == via), None)


def _number_by_time(post: Post, versions: Sequence[VersionInfo]) -> int:
    """Return the revision number of a file's version, by the time at which it was first seen.

    A file without a time never supersedes what the site itself has shown.
    """
    if post.seen_at is not None:
        at = _utc(post.seen_at)
        if max(map(_SEEN_AT, versions)) <= at:
            return versions[-1].revision + 1
        return next(version.revision for version in versions if version.seen_at > at)
    return versions[-1].revision + (0 if post.via == "import" and versions[-1].via != "import" else 1)


def _is_aside(sentence: str) -> bool:
    plain = sentence.strip()
    return len(plain) <= _LONGEST_ASIDE and plain.startswith(("（", "(")) and plain.endswith(("）", ")"))


def _utc(point: datetime) -> str:
    return iso(point.astimezone(UTC))
