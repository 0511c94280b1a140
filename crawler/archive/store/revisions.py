"""What makes a revision of a post, and where it stands among those the archive has: pure rules.

Not here: reading and writing versions (`crawler.archive.store.posts`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from crawler.dates import iso
from crawler.text.words import sentences, tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from crawler.items import Article, Post, Via

_WRECK = 0.5  # of the words there are: a text that has fewer was cut off, or is an error's
_ASIDE = 30  # characters of a sentence in brackets that only names an outlet
_OTHERS = 0.3  # of the words of the shorter one: two texts that share fewer are not of one post


@dataclass(frozen=True, slots=True)
class VersionInfo:
    """A version that the archive has: its `revision`, which way it came, when (UTC, ISO 8601), and its hash."""

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


def revision_for(
    article: Article, versions: Sequence[VersionInfo], wording: Callable[[int], VersionText]
) -> int | None:
    """Return the number under which `article` becomes a revision of its post, or `None` when it says nothing new.

    `versions` are those the post has, the first first; `wording` returns what one of them says. A page is compared
    with the version that came from the page last, and with the current one: so page and share link may differ for
    good without a revision at each visit. A share text is a revision if it adds something to the current version. A
    file is one if no version says the same, and takes its place by time.
    """
    post, current = article.post, versions[-1]
    if article.content_hash == current.content_hash:
        return None
    if post.via == "page":
        return None if article.content_hash == _last_hash(versions, "page") else current.revision + 1
    if any(article.content_hash == version.content_hash for version in versions):
        return None
    now = wording(current.revision)
    if post.via == "share":
        return current.revision + 1 if adds(now.text, article.text) else None
    if any(_says_the_same(article, wording(version.revision)) for version in versions):
        return None
    return _in_time(post, versions)


def is_another(article: Article, now: VersionText) -> bool:
    """Tell whether an article has so little in common with what its post says that it must be some other post's."""
    ours, theirs = Counter(tokens(article.text)), Counter(tokens(now.text))
    fewer = min(ours.total(), theirs.total())
    return (ours & theirs).total() < _OTHERS * fewer and tokens(article.post.title) != tokens(now.title)


def adds(before: str, after: str) -> bool:
    """Tell whether the text `after` says anything that `before` does not, and is no mere wreck of it.

    Signs and white space say nothing, nor does a sentence in brackets that names an outlet.
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


def _says_the_same(article: Article, known: VersionText) -> bool:
    """Tell whether two versions differ in signs only, as quotes do that a site's builder made typographic."""
    at = article.post.published_at
    return (
        at is not None
        and iso(at) == known.published_at
        and tokens(article.post.title) == tokens(known.title)
        and tokens(article.text) == tokens(known.text)
    )


def _in_time(post: Post, versions: Sequence[VersionInfo]) -> int:
    """Return the place of a file's version: by the time it is known to have stood so.

    A file that tells no time does not replace what the site itself has shown, and goes below it.
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
