"""What makes a revision of a post, and where it stands among those the archive has: pure rules.

Not here: reading and writing versions (`crawler.archive.store.posts`), and which post a file belongs to
(`crawler.recording.identity`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, NamedTuple

from crawler.dates import iso
from crawler.text.words import sentences, tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from crawler.items import Article, Post, Via

_WRECK = 0.5  # of the current words; a text with fewer was cut off, or is an error page
_ASIDE = 30  # characters; a sentence in brackets no longer than this only names an outlet


class VersionInfo(NamedTuple):
    """A stored version: its `revision`, the way it came, when it was seen (UTC, ISO 8601), and its hash."""

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


Saying = tuple[str, tuple[str, ...], tuple[str, ...]]
"""What a version says whatever its punctuation: its time, the tokens of its title and those of its text."""


def saying(title: str, published_at: str, text: str) -> Saying:
    """Return what is the same of two versions that differ only in quotes, which site builders make typographic."""
    return published_at, tuple(tokens(title)), tuple(tokens(text))


def revision_for(
    article: Article,
    versions: Sequence[VersionInfo],
    text_of: Callable[[int], VersionText],
    is_said: Callable[[Saying], bool],
) -> int | None:
    """Return the revision number that `article` gets, or `None` if it says nothing new.

    `versions` are those the post has, oldest first; `text_of` returns what one of them says, and `is_said` whether
    any of them has said the same. A page is compared with the current version and with the last one that came from
    the page, so page and share link may differ permanently without a new revision at each visit. A share link's
    text is a revision if it adds something to the current version. A file is a revision if no version says the
    same; its number follows from its time.
    """
    post, current = article.post, versions[-1]
    if article.content_hash == current.content_hash:
        return None
    if post.via == "page":
        return None if article.content_hash == _last_hash(versions, "page") else current.revision + 1
    if any(article.content_hash == version.content_hash for version in versions):
        return None
    now = text_of(current.revision)
    if post.via == "share":
        return current.revision + 1 if adds(now.text, article.text) else None
    if post.published_at is not None and is_said(saying(post.title, iso(post.published_at), article.text)):
        return None
    return _in_time(post, versions)


def adds(before: str, after: str) -> bool:
    """Return whether the text `after` says anything that `before` does not, and is not merely a cut-off copy of it.

    Punctuation and white space do not count, nor does a sentence in brackets that names an outlet.
    """
    known, told = tokens(before), tokens(after)
    if len(told) < _WRECK * len(known):
        return False
    said = f" {' '.join(known)} "
    return any(
        f" {' '.join(tokens(sentence))} " not in said
        for sentence in sentences(after)
        if tokens(sentence) and not _is_aside(sentence)
    )


def _last_hash(versions: Sequence[VersionInfo], via: Via) -> str | None:
    return next((version.content_hash for version in reversed(versions) if version.via == via), None)


def _in_time(post: Post, versions: Sequence[VersionInfo]) -> int:
    """Return the number of a file's version, by the time from which it is known to have said so.

    A file without a time never goes above what the site itself has shown.
    """
    if post.seen_at is not None:
        at = _utc(post.seen_at)
        return next((version.revision for version in versions if version.seen_at > at), versions[-1].revision + 1)
    return versions[-1].revision + (0 if post.via == "import" and versions[-1].via != "import" else 1)


def _is_aside(sentence: str) -> bool:
    plain = sentence.strip()
    return len(plain) <= _ASIDE and plain.startswith(("（", "(")) and plain.endswith(("）", ")"))


def _utc(point: datetime) -> str:
    return iso(point.astimezone(UTC))
