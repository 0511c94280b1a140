"""The records that pass from one part of the program to the next: one frozen class per boundary.

A page is fetched (`Page`), read into a `Post`, a `Listing` or a refusal, normalised into an `Article`, and recorded
(`Recorded`). A request that brought no page ends as `Refused`, `Missed` or `Unchanged`. So every request ends in
exactly one record, and every record in one row of the ledger. Not here: behaviour.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

Kind = Literal["home", "category", "feed", "post", "share", "expired"]
"""What an address leads to; `share` is the text behind a share link, `expired` the source of a dropped post."""

Via = Literal["page", "share", "expired", "import", "capture", "rules"]
"""How a revision came into the archive: `capture` is a page from a WARC file, `rules` a page read anew."""

State = Literal["found", "fetched", "stored", "refused", "failed", "gone"]
"""The state of an address in the ledger."""

Scope = Literal["usual", "full", "part", "share", "import", "reread"]
"""What a run covers: what is new since the last one, everything, certain pages or share links, files, or captures."""

Outcome = Literal["new", "changed", "unchanged", "refused", "failed", "gone"]
"""What became of a post's address in a run."""


PAGES = frozenset({HTTPStatus.OK, HTTPStatus.NON_AUTHORITATIVE_INFORMATION})
"""The statuses of pages: with any other 2xx, the body is only part of the page (206), or none of it (204)."""


NAMES_NO_POST = "names no post"
"""The reason that the ledger gives for a listing that could be read but named no posts."""

UNLIKELY_DATE = "unlikely-date"
"""What `derived` holds, too, if a post claims a time at which it can hardly have been published."""

FetchOutcome = Literal["read", "new", "changed", "unchanged", "refused", "failed", "gone"]
"""How a fetch ended, for the ledger: an outcome, or `read` for a listing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address of the site: its canonical `url`, its `kind`, and the `key` in it (a slug, a post id, or "")."""

    url: str
    kind: Kind
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """An answer as it was served, kept in a WARC file: where its record is, and what it is of.

    `url` is what was requested, `captured_at` timezone-aware, `digest` that of the payload as WARC writes it
    (`sha1:…`). The record has `length` bytes of `file` from `offset` on; `request_length` bytes after it are the
    record of the request. A `revisit` has no payload of its own: the page was that of the last `response` of this
    `url` and `digest`.
    """

    url: str
    captured_at: datetime
    status: int
    record: Literal["response", "revisit"]
    digest: str
    file: str
    offset: int
    length: int
    request_length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """One request and its answer, for the ledger.

    `address` is what was requested, `found_on` the page that named it. `fetched_at` is timezone-aware. `status` is
    `None` if no answer came. `etag` and `last_modified` are the answer's headers as received. `auxiliary`: the
    request was made on behalf of a post's page, to whose address the outcome belongs. `captures` are the answers that
    were kept on the way, redirects and failures included; the last is that of the page.
    """

    address: Address
    fetched_at: datetime
    status: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    found_on: str | None = None
    auxiliary: bool = False
    captures: tuple[Capture, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page that was served: how it was fetched, and its decoded `source`."""

    fetch: Fetch
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A category: its `slug`, its `name` as the site prints it, and its page's canonical `url`."""

    slug: str
    name: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A security marked in a post: its `code` (`1.600160`), its `name` as printed, and how often."""

    code: str
    name: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link that leads somewhere on the site, with its text as printed.

    `changed_at` is when a sitemap index says that a sitemap has last changed, timezone-aware.
    """

    address: Address
    text: str
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page that lists others: home, a category, a feed or a sitemap. A sitemap index lists sitemaps.

    `groups` are the addresses of posts under the same heading; a post may be in several groups.
    """

    fetch: Fetch
    links: tuple[Link, ...]
    groups: tuple[tuple[str, ...], ...] = ()

    @property
    def sitemaps(self) -> list[Link]:
        """The sitemaps among its links."""
        return [link for link in self.links if link.address.kind == "feed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenFile:
    """A file as somebody wrote it: its `name` without folders, and its `text` to the letter, line ends included.

    `written_at` is the time of the commit that wrote it, in UTC (ISO 8601), or "" if that is not known.
    """

    name: str
    text: str
    written_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A post as it was read, before anything is judged.

    `html` is the body as published, without the site's heading, share link and navigation. `title` may be empty and
    `published_at` missing; validation decides whether that is enough. `url` is `None` if its site has no addresses.
    Times are timezone-aware. `source` is the outlet, `layout` the name of the layout by whose rules it was read.
    `category` is the first of its categories. `image` is the address of its lead image, which is never requested.
    `draft`: its source says that it is not to be published. `derived` names the fields (`title`, `date`) that its
    source lacks and that were derived from something else, and holds `UNLIKELY_DATE` if its time is not credible.
    `others` are the keys of its front matter that the program does not know, as JSON values. `seen_at` is when it is
    first known to have had this content, if not at the time of the fetch. `actual_fetch` is the fetch that brought
    the post if `fetch`, that of its own address, brought nothing. `written` is the file it was read from, kept where
    the definition says what the site's own files look like.
    """

    fetch: Fetch
    site: str
    post_id: str
    url: str | None
    via: Via
    title: str
    html: str
    published_at: datetime | None = None
    share_url: str | None = None
    source: str | None = None
    category: Category | None = None
    other_categories: tuple[Category, ...] = ()
    draft: bool = False
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    image: str | None = None
    mentions: tuple[Mention, ...] = ()
    layout: str = ""
    derived: tuple[str, ...] = ()
    others: Mapping[str, Any] = field(default_factory=dict)
    seen_at: datetime | None = None
    actual_fetch: Fetch | None = None
    written: WrittenFile | None = None

    @property
    def categories(self) -> tuple[Category, ...]:
        """All of its categories, the first one first."""
        return (self.category, *self.other_categories) if self.category else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A normalised post: `markdown` (safe), `text` (plain), `summary`, and the `content_hash` of what matters."""

    post: Post
    markdown: str
    text: str
    summary: str
    content_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A page that was served but not accepted, or an address that was not requested, and why.

    `rule` names the reason's source: a key of the site's definition, or `robots.txt`.
    """

    fetch: Fetch
    reason: str
    rule: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """An address that gave nothing: `gone` if the site says so (such as by 404 or 410), otherwise `failed`."""

    fetch: Fetch
    state: Literal["failed", "gone"]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged:
    """An address whose page has not changed since it was last fetched (304)."""

    fetch: Fetch


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What the archive did with an address.

    `outcome` is `None` for listings and auxiliary requests; `article_id` is the row id of the address's post.
    `fetch_outcome` is what the ledger says: the outcome, or `read` or `unchanged` for a listing; `reason` is why it
    is not stored, or not as a revision.
    """

    address: Address
    outcome: Outcome | None
    article_id: int | None = None
    fetch_outcome: FetchOutcome = "new"
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostFile:
    """A post's source in a file: its `content` as bytes, its `name`, and the `path` that users are shown.

    In a git history, `seen_at` is the timezone-aware time of the `commit` that wrote this version, and `since` that
    of the file's first commit. `aliases` are other paths of the same file: in the checkout, and before a rename.
    `named`: a person has named this very file, and not a folder that it is in. `modified_at` is when it was last
    written, if it is in a folder.
    """

    path: str
    name: str
    content: bytes
    commit: str = ""
    seen_at: datetime | None = None
    since: datetime | None = None
    aliases: tuple[str, ...] = ()
    named: bool = field(default=False, compare=False)
    modified_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadFile:
    """A file that was not read, and why, in words for people."""

    path: str
    reason: str
    commit: str = ""
