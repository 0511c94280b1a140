"""The shapes of what is answered below `/api`, besides those that the archive has already.

A test holds every answer against them. Not here: the answers (`crawler.web.api.answers`).
"""
# ruff: noqa: TC001  # the document is made from these types as it is asked for

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from crawler.archive.ledger.address_history import AddressHistory
from crawler.archive.store.articles import Article
from crawler.archive.store.stories import StoryPost
from crawler.archive.store.versions import Revision
from crawler.archive.watch.alarm import Alarm
from crawler.archive.watch.baseline import JudgedReport


class PostLine(TypedDict):
    """A post in a list; `archive` is which of several served it is from."""

    id: str
    site: str
    title: str
    published_at: str
    source: str | None
    category: str | None
    authors: list[str]
    url: str
    archive: NotRequired[str]


class Posts(TypedDict):
    """A page of posts, newest first; `next` goes into `cursor`."""

    posts: list[PostLine]
    next: str | None


class Post(Article):
    """A post with everything that is known of it; `found_in` is the revision of a text that was removed."""

    same_story: list[StoryPost]
    archive: NotRequired[str]


class Changed(TypedDict):
    """What a revision changed against the one `before`."""

    before: int
    after: int
    changes: dict[str, Any]


class Revisions(TypedDict):
    """The revisions of a post, oldest first, and what the latest of them changed, latest first."""

    revisions: list[Revision]
    changes: list[Changed]


class Runs(TypedDict):
    """A page of reports, latest first; `next` goes into `cursor`."""

    runs: list[JudgedReport]
    next: str | None


class Why(TypedDict):
    """The history of every address that was meant."""

    address: str
    seen: bool
    addresses: list[AddressHistory]


class Alarms(TypedDict):
    """What is amiss."""

    alarms: list[Alarm]
