"""What a site's definition may say: the one place where its keys are named and explained.

A class per mapping in the YAML, a field per key, in the order a definition is written. Not here: checking
(`crawler.sites.checking`) and what is done with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo  # noqa: TC003  # checking reads the annotations

Of = Literal["page", "body", "text", "tags", "id", "address", "found on"]
"""What a rule reads: the page's source, the body's HTML, its text, the tags, the post's id, the path of the page's
own address, or the slug of the category page that named it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One way to read a value. The steps are taken in this order; what is not given is left out.

    `where`: only on pages whose path this pattern is found in. `of`: what is read. `after`: skip past each of these
    texts, in order; `after_last`: past the last such text. `before`: end at the next such text; `until_last`: end at
    the last one (or at the end, if there is none). `css`: the first element that matches,
    its text or its `attribute`. `link`: the last link whose text matches this pattern. `pattern`: keep what its
    first group matches. A rule that finds nothing, or only white space, hands over to the next one.
    """

    where: str | None = None
    of: Of = "page"
    after: tuple[str, ...] = ()
    after_last: str | None = None
    before: str | None = None
    until_last: str | None = None
    css: str | None = None
    attribute: str | None = None
    link: str | None = None
    pattern: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressForm:
    """How one sort of address looks.

    `match` is searched in the decoded path and query; its group `id` or `slug` is the key. `address` is the
    canonical path, made from `{id}` or `{slug}`; without it the address stays as it was found. `hosts` are the
    hosts it may stand on, the site's own when not given.
    """

    match: str
    address: str | None = None
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """The forms of each kind of address; the first that matches tells the kind and the key."""

    post: tuple[AddressForm, ...]
    category: tuple[AddressForm, ...] = ()
    share: tuple[AddressForm, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """What the start pages show: under each `heading`, a pattern that is searched in the source, the `newest` posts.

    A run reads a category's page only when all that stand under a heading are new to it, since only then there may
    be more. Without this the posts of a start page count as standing under one heading.
    """

    heading: str
    newest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryPage:
    """What a category's page looks like: its source holds `sign`, to the letter, also while it names no post.

    Without this any page at a category's address counts as its page.
    """

    sign: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPage:
    """What the page looks like that says a post is not there: its source holds `sign`, to the letter.

    A site in trouble serves it with status 200.
    """

    sign: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Where the text behind a share link is.

    `text`, an address made from `{id}`, answers JSON; the first of its keys `body` that holds anything holds the
    post's HTML. `link` is the share link itself, as the site writes it.
    """

    link: str
    text: str
    body: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """How posts stand in files, the site's own source.

    `named` is searched in a file's name without its ending: its group `id` is the post's id, its group `day`, if it
    has one, the day. `page` is the path of the page that is made of a file, from `{categories}`, `{year}`, `{month}`,
    `{day}` and `{id}`, by Jekyll's rules. `expired` is the address of the file of a post that the site no longer
    shows, from `{date}` (2022-04-20) and `{id}`.
    """

    named: str = r"^(?:(?P<day>\d{4}-\d{1,2}-\d{1,2})(?:-|$))?(?P<id>.*)$"
    page: str = "/{categories}/{year}/{month}/{day}/{id}.html"
    expired: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Securities:
    """How securities are marked: elements `css`, their code in `attribute`; those inside `but_not` do not count."""

    css: str
    attribute: str
    but_not: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where things stand on a post's page: rules for each, the first that finds something wins.

    A page is of this layout when its source holds `sign`, to the letter. `category` gives the slug, `category_name`
    its name. Dates are read year first (`2022-04-20 16:44:59 +0800`, `2022年4月20日`, ISO 8601); without an offset
    they are the site's local time.
    """

    name: str
    sign: str
    title: tuple[Rule, ...]
    body: tuple[Rule, ...]
    date: tuple[Rule, ...]
    tags: tuple[Rule, ...] = ()
    category: tuple[Rule, ...] = ()
    category_name: tuple[Rule, ...] = ()
    source: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What of a body is the site's and not the article's.

    `tail`: patterns; the last blocks of the body are taken off as long as their text matches one in full.
    `cut`: elements left out of Markdown and text. `unwrap`: elements of which only the content is kept.
    """

    tail: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    unwrap: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A site. `hosts`: its own, the canonical one first. `start`: the paths a run begins with; `feed`: its feed.

    `capitals`: ids that this pattern matches as a whole, whatever their case, are written in capitals. `navigation`:
    how the site's source leads back, made from `{name}` and `{category}`, for `export`.
    """

    name: str
    title: str
    timezone: ZoneInfo
    hosts: tuple[str, ...]
    start: tuple[str, ...]
    addresses: Addresses
    layouts: tuple[Layout, ...]
    scheme: Literal["http", "https"] = "https"
    feed: str | None = None
    home: Home | None = None
    category: CategoryPage | None = None
    error_page: ErrorPage | None = None
    share: Share | None = None
    files: Files = Files()
    capitals: str | None = None
    securities: Securities | None = None
    body: Body = Body()
    navigation: str | None = None

    def __hash__(self) -> int:
        """Return the name's: much is remembered by site, and a whole definition would be hashed at each look."""
        return hash(self.name)
