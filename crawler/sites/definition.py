"""What a site's definition may contain: the one place where its keys are declared and explained.

There is a class for each mapping in the YAML and a field for each key, in the order in which a definition is written.
Not here: checking (`crawler.sites.checking`) and using it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal
from zoneinfo import ZoneInfo  # noqa: TC003  # checking reads the annotations

Of = Literal["page", "body", "text", "tags", "id", "address", "found on", "json-ld"]
"""What a rule reads: the page's source, the body's HTML, its text, the tags, the post's id, the path of the page's
own address, the slug of the category page that named it, or the objects of the page's JSON-LD."""

Order = Literal["YMD", "DMY", "MDY"]
"""In which order year, month and day are written where all three are numbers."""

OneOrMore = Annotated[tuple[str, ...], "one or more"]
"""A list of texts; a single text is a list of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One way to read a value. The steps are taken in this order; those not given are skipped.

    `where`: only on pages whose path matches this pattern. `of`: what is read. `after`: skip past each of these
    texts, in order; `after_last`: past the last such text. `before`: stop at the next such text; `until_last`: stop
    at the last one (or at the end, if there is none). `css`: the first element that matches, its text or its
    `attribute`; for a body its content, and with `all` that of every such element. `link`: the last link whose text
    matches this pattern. `path`: decode it as JSON and take what this JMESPath leads to. `pattern`: keep what its
    first group matches. `split`: cut it at each match of this pattern into several values.

    Dates may be written in another `timezone` than the site's, and with their numbers in a certain `order`. If a rule
    finds nothing, or only white space, the next one is tried.
    """

    where: str | None = None
    of: Of = "page"
    after: tuple[str, ...] = ()
    after_last: str | None = None
    before: str | None = None
    until_last: str | None = None
    css: str | None = None
    attribute: str | None = None
    all: bool = False
    link: str | None = None
    path: str | None = None
    pattern: str | None = None
    split: str | None = None
    timezone: ZoneInfo | None = None
    order: Order | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressForm:
    """A form of address.

    `match` is searched for in the decoded path and query; its group `id` or `slug` is the key. An id may be in
    several groups `id1`, `id2`, …, which are joined by `-`; that also takes the place of `/`, `,` and `:` in one.
    `address` is the canonical path, with these groups in it (`{id}`); without it the address is kept as found.
    `hosts` are the hosts it may be on, by default the site's own; `*.blog.example` is every subdomain.
    """

    match: str
    address: str | None = None
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """The forms of each kind of address; the first that matches determines the kind and the key."""

    post: tuple[AddressForm, ...]
    category: tuple[AddressForm, ...] = ()
    share: tuple[AddressForm, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """What the home pages show: the `newest` posts under each `heading`, a pattern searched for in the source.

    A run visits a category's page only if all posts under its heading are new, because only then may there be more.
    Without this key all posts of a home page count as being under one heading.
    """

    heading: str
    newest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryPage:
    """What a category's page looks like: its source contains the text `sign`, even while it names no post.

    Without this key any page at a category's address counts as its page.
    """

    sign: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPage:
    """What the page looks like that says a post does not exist: its source contains the text `sign`.

    A site in trouble may serve it with status 200.
    """

    sign: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Where to find the text behind a share link.

    `link` is the share link itself, as the site writes it. `text` is an address that serves JSON; the post's HTML is
    in the first of the keys `body` that is not empty. Both contain `{id}`.
    """

    link: str
    text: str
    body: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """How the site's own source keeps posts as files.

    `named` is searched for in a file's name without its extension: its group `id` is the post's id, its optional
    group `day` the date. `ids` and `form` tell the site's own files from others: the id matches the pattern `ids` as
    a whole, or the pattern `form` is found in the file. `page` is the path of the page generated from a file, with
    `{categories}`, `{year}`, `{month}`, `{day}` and `{id}` in it, by Jekyll's rules. `expired` is the address of the
    file of a post that the site has dropped, with `{date}` (2022-04-20) and `{id}` in it.
    """

    named: str = r"^(?:(?P<day>\d{4}-\d{1,2}-\d{1,2})(?:-|$))?(?P<id>.*)$"
    ids: str | None = None
    form: str | None = None
    page: str = "/{categories}/{year}/{month}/{day}/{id}.html"
    expired: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Securities:
    """How securities are marked: by elements `css` with the code in `attribute`, unless they are inside `but_not`."""

    css: str
    attribute: str
    but_not: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where to find things on a post's page: for each a list of rules, of which the first that finds anything wins.

    A page has this layout if its source contains the text `sign`. `category` gives the slug, `category_name` its
    name. `tags` and `authors` may be several: all that the first such rule finds. `image` is the address of the lead
    image, of all that the rules find the first that is an http(s) address; it is stored, and never requested. The
    first date that the rules find must be readable, or the page is refused (`crawler.dates.grammar` says what can be
    read); without an offset it is in the site's local time. Digits in an address or an id that are no date do not
    count. `next` finds the link to the next page of an article that has several, whose bodies become one. `canonical`
    finds the address that the page says is the post's own, by which it is known if that is one of a post.
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
    authors: tuple[Rule, ...] = ()
    image: tuple[Rule, ...] = ()
    next: tuple[Rule, ...] = ()
    canonical: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Which parts of a body belong to the site and not to the article.

    `tail`: patterns; blocks at the end of the body are removed as long as their whole text matches one of them.
    `cut`: elements to leave out of Markdown and text. `unwrap`: elements to replace with their content.
    """

    tail: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    unwrap: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """When a post can have been published.

    From the day `earliest`, in the site's time zone, to `days_ahead` days after it was fetched. `outside`: what
    becomes of a post that claims another time. `mark` stores it as it says, with `unlikely-date` among what is
    `derived`; `refuse` does not store it, and so loses it once the site drops it.
    """

    earliest: date = date(1990, 1, 1)
    days_ahead: int = 2
    outside: Literal["mark", "refuse"] = "mark"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A site. `hosts`: its own, the canonical one first: every page has the same address on each of them.

    `start`: the paths a run starts with. `feed`: where its feeds are (RSS or Atom), and `sitemap` its sitemaps or
    sitemap indexes, each a path or an address on another host. `raw_titles`: its listings do not escape titles, so
    tags in capitals are text, and links may be escaped (`&lt;a href="…"&gt;`). `capitals`: ids that match this
    pattern as a whole are written in capitals. `navigation`: the navigation line in the site's source, with `{name}`
    and `{category}` in it, for `export`. `private`: allow its hosts to be on this machine or a private network; those
    of other sites may not. A definition without hosts, start pages, layouts and forms of addresses describes files:
    nothing is crawled, and posts have no address.
    """

    name: str
    title: str
    timezone: ZoneInfo
    hosts: tuple[str, ...]
    start: tuple[str, ...] = ()
    addresses: Addresses
    layouts: tuple[Layout, ...]
    scheme: Literal["http", "https"] = "https"
    feed: OneOrMore = ()
    sitemap: OneOrMore = ()
    raw_titles: bool = False
    home: Home | None = None
    category: CategoryPage | None = None
    error_page: ErrorPage | None = None
    share: Share | None = None
    files: Files = Files()
    capitals: str | None = None
    securities: Securities | None = None
    body: Body = Body()
    dates: Dates = Dates()
    navigation: str | None = None
    private: bool = False

    @property
    def has_addresses(self) -> bool:
        """Whether the site has any addresses, rather than being one of files."""
        return bool(self.hosts)

    def __hash__(self) -> int:
        """Return the hash of the name, because much is cached by site and hashing a whole definition is slow."""
        return hash(self.name)
