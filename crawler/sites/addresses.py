"""What an address leads to on a site, and the addresses of its pages: pure functions of a definition.

Not here: how addresses are written in general (`crawler.urls`), and refusing one (`crawler.middlewares.guard`).
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Literal
from unicodedata import normalize
from urllib.parse import unquote, urlsplit

from crawler.items import Address
from crawler.sites import patterns
from crawler.text import file_names
from crawler.text.outside import one_line
from crawler.urls import authority_of, canonical, encode, host_of, path_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date

    from crawler.sites.definition import AddressForm, Site

# A post's id becomes a file name and part of addresses. So it has only letters, digits, characters that blogs use in
# slugs, and bytes that are not UTF-8, percent-encoded as `path_of` leaves them.
_BYTE = "%[89A-F][0-9A-F]"
_SAFE_ID = re.compile(rf"(?:\w|{_BYTE})(?:[\w.+~\-]|{_BYTE})*")
_PARTS = {"{date}": r"\d{4}-\d{2}-\d{2}", "{id}": "(?P<id>[^/]+)"}
_FILES = (".md", ".markdown")
_NOT_IN_IDS = re.compile(rf"(?:(?!{_BYTE})[^\w.+~\-])+|\.{{2,}}")
# What server software adds to paths without changing what they lead to: session ids and repeated slashes.
_SESSION = re.compile(r";jsessionid=[^/;]*", re.IGNORECASE)
_SLASHES = re.compile("/{2,}")
# A key may not control the terminal it is printed on, or start a new line in front matter.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# What an id may not have, but the paths it is in often do.
_SEPARATORS = re.compile("[/,:]+")
_IS_KEY = re.compile(r"slug|id\d?")
_COMBINING = re.compile(r"[\u0300-\u036f\u3099\u309a]")
_LONGEST_ID = 200  # bytes; a file name may have 255, including date and extension
_SHOWN = 60  # characters of an id in a reason


@lru_cache(4096)  # the same few addresses are looked up again and again: the page's, its category's, the home page's
def address_of(site: Site, url: str) -> Address | None:
    """Return what `url` (canonical, see `crawler.urls`) leads to; `None` if the definition does not say.

    The result's own `url` is on the site's first host, so that the same page has one address.
    """
    found = _Found(_tidied(url), site)
    starts, (without_query, _, _) = _starts(site), found.on_site.partition("?")
    return (
        starts.get(found.on_site)
        or _by_form(site, site.addresses.category, "category", found)
        or _by_form(site, site.addresses.post, "post", found)
        or _by_form(site, site.addresses.share, "share", found)
        or starts.get(without_query)  # a static site ignores the query, but `/?p=123` may be a post's
        or _expired(site, found.url)
    )


def start_addresses(site: Site) -> list[Address]:
    """Return the addresses a run starts with: the start pages, then the feeds and sitemaps."""
    return sorted(_starts(site).values(), key=lambda address: address.kind == "feed")


def feed_addresses(site: Site) -> list[Address]:
    """Return the addresses of the site's feeds and sitemaps."""
    return [address for address in start_addresses(site) if address.kind == "feed"]


def sitemap_address(site: Site, url: str) -> Address | None:
    """Return a sitemap that a sitemap index names, as an address; `None` if it is something else or elsewhere."""
    is_known = address_of(site, url) is not None
    return None if is_known or not may_be_asked(site, url) else Address(url=url, kind="feed")


def category_address(site: Site, slug: str) -> Address | None:
    """Return the address of the category `slug`; `None` if the site has no page for it."""
    for form in site.addresses.category:
        url = _on_site(site, (form.address or "").format(slug=slug))
        address = address_of(site, url)
        if address is not None and (address.kind, address.key) == ("category", slug):
            return address
    return None


def share_text_url(site: Site, post_id: str) -> str | None:
    """Return the address that serves the text behind a post's share link; `None` if there is none."""
    return site.share.text.format(id=encode(post_id)) if site.share and is_safe_id(post_id) else None


def share_address(site: Site, post_id: str) -> Address | None:
    """Return a post's share link as an address of the ledger."""
    url = canonical(share_link(site, post_id) or "")
    return Address(url=url, kind="share", key=post_id) if url and is_safe_id(post_id) else None


def share_link(site: Site, post_id: str) -> str | None:
    """Return a post's share link as the site itself writes it."""
    return site.share.link.format(id=encode(post_id)) if site.share else None


def page_url(site: Site, categories: Sequence[str], day: date, post_id: str) -> str:
    """Return the address of the page that the site generates from a post's file."""
    path = site.files.page.format(
        categories="/".join(category.lower() for category in categories),
        year=f"{day.year:04}",  # %Y has no zeros before it everywhere
        month=f"{day:%m}",
        day=f"{day:%d}",
        id=post_id,
    )
    return _on_site(site, re.sub("/{2,}", "/", path))


def expired_address(site: Site, post_id: str, day: date) -> Address | None:
    """Return the address of the source of a post that the site has dropped; `None` if the site has no such source."""
    if site.files.expired is None or not is_safe_id(post_id):
        return None
    url = canonical(site.files.expired.format(date=day.isoformat(), id=encode(post_id)))
    return Address(url=url, kind="expired", key=post_id) if url else None


def id_in_name(site: Site, name: str) -> tuple[str, str]:
    """Return the post's id and the day in a file name (without folders), each "" if it is not there.

    Characters that no id may have, such as white space, become `-`. A mark that keeps the file apart from others
    (`crawler.text.file_names`) is no part of the id.
    """
    stem = name.rpartition(".")[0] or name
    if _COMBINING.search(stem):  # as macOS once wrote names; no id has these
        stem = normalize("NFC", stem)
    parted = file_names.parted(stem)
    if parted is not None:
        post_id, day = _id_in_stem(site, parted[0])
        marked = file_names.with_mark(post_id, parted[1])
        if marked is not None:
            return marked, day
    return _id_in_stem(site, stem)


def _id_in_stem(site: Site, stem: str) -> tuple[str, str]:
    match = patterns.search(site.files.named, stem)
    if match is None:
        return "", ""
    post_id = as_id(site, _NOT_IN_IDS.sub("-", match["id"]).strip("-."))
    return (post_id if is_safe_id(post_id) else ""), match.groupdict().get("day") or ""


def as_address(name: str) -> str | None:
    """Return the canonical address that a person means by `name`; `None` if it is an id or a file name."""
    is_file = name.lower().endswith(_FILES) and "://" not in name
    return canonical(name) or (canonical(f"https://{name.lstrip('/')}") if "/" in name and not is_file else None)


def post_id_named(site: Site, name: str) -> str | None:
    """Return the id of the post that a person means by `name`: its id, any of its addresses, or its file.

    `None` if it is the address of something else, or cannot be an id.
    """
    url = as_address(name)
    if url is not None:
        address = address_of(site, url)
        return address.key if address and address.kind in {"post", "share", "expired"} else None
    if name.lower().endswith(_FILES):
        return id_in_name(site, name.rpartition("/")[2])[0] or None
    return as_id(site, name) if is_safe_id(name) else None


def as_id(site: Site, written: str) -> str:
    """Return a post's id as the site writes it."""
    is_capital = site.capitals is not None and patterns.search(site.capitals, written, whole=True)
    return written.upper() if is_capital else written


@cache
def all_hosts(site: Site) -> frozenset[str]:
    """Return every host that may be asked for this site."""
    forms = (*site.addresses.post, *site.addresses.category)
    others = [site.share.text, site.share.link] if site.share else []
    others += [site.files.expired] if site.files.expired else []
    starts = (authority_of(address.url) for address in start_addresses(site))
    return frozenset((*site.hosts, *starts, *map(host_of, others), *(host for form in forms for host in form.hosts)))


def may_be_asked(site: Site, url: str) -> bool:
    """Return whether `url` (canonical) may be requested: it must be on a host of the definition, on its own port.

    So other host names, IP addresses, other ports and other schemes are never requested, wherever a redirect or a
    share link points. What a name resolves to is not checked.
    """
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and _is_among(parts.netloc, all_hosts(site))


def is_of(site: Site, url: str, post_id: str) -> bool:
    """Return whether a canonical address can be that of this post's page: not that of another post or kind."""
    address = address_of(site, url)
    return address is None or (address.kind, address.key) == ("post", post_id)


def is_safe_id(post_id: str) -> bool:
    """Return whether an id can be a file name and part of an address: no separators, no leading dot."""
    fits = len(post_id.encode("utf-8", "replace")) <= _LONGEST_ID
    return fits and _SAFE_ID.fullmatch(post_id) is not None and ".." not in post_id


def why_unsafe(post_id: str) -> str:
    """Return the reason for refusing an id that `is_safe_id` rejects."""
    shown = one_line(post_id, _SHOWN)
    return (
        f"unsafe id {shown!r}: letters, digits and _ . + ~ - are allowed (. + ~ - not first, and no two dots"
        f" together), up to {_LONGEST_ID} bytes"
    )


@cache
def _starts(site: Site) -> dict[str, Address]:
    """Return what `start_addresses` returns, by canonical address."""
    feeds = (_on_site(site, each) if each.startswith("/") else each for each in (*site.feed, *site.sitemap))
    homes = [Address(url=_on_site(site, path), kind="home") for path in site.start]
    return {address.url: address for address in (*(Address(url=url, kind="feed") for url in feeds), *homes)}


def _tidied(url: str) -> str:
    """Return an address without what server software has added to its path."""
    parts = urlsplit(url)
    path = _SLASHES.sub("/", _SESSION.sub("", parts.path))
    return url if path == parts.path else parts._replace(path=path).geturl()


class _Found:
    """An address that was met: its `url`, its `host` and `path` (decoded, with the query), and its form `on_site`."""

    __slots__ = ("host", "on_site", "path", "url")

    def __init__(self, url: str, site: Site) -> None:
        """Take a canonical address apart; `on_site` is on the first host of `site`, if it is on any of them."""
        self.url, self.host, self.path = url, authority_of(url), path_of(url)
        is_moved = self.host in site.hosts and not url.startswith(f"{site.scheme}://{site.hosts[0]}/")
        self.on_site = _on_site(site, self.path) if is_moved else url


def _by_form(
    site: Site, forms: tuple[AddressForm, ...], kind: Literal["post", "category", "share"], found: _Found
) -> Address | None:
    for form in forms:
        if not _is_among(found.host, form.hosts or site.hosts):
            continue
        for text in dict.fromkeys((found.path.partition("?")[0], found.path)):  # a static site ignores the query
            match = patterns.search(form.match, text)
            written = "" if match is None else _key_in(match)
            if match is not None and not _UNPRINTABLE.search(written):
                key = written if kind == "category" else as_id(site, _SEPARATORS.sub("-", written))
                return Address(url=_canonical_form(site, form, found, match, key), kind=kind, key=key)
    return None


def _key_in(match: re.Match[str]) -> str:
    """Return the slug or the id in a path; an id may be in several groups: `id1`, `id2`."""
    groups = match.groupdict("")
    return "-".join(groups[name] for name in match.re.groupindex if _IS_KEY.fullmatch(name) and groups[name])


def _expired(site: Site, url: str) -> Address | None:
    """Return the expired post whose source file is at `url`, if it is one."""
    if site.files.expired is None or host_of(url) != host_of(site.files.expired):
        return None
    form = "".join(_PARTS.get(part, re.escape(part)) for part in re.split(r"(\{\w+\})", site.files.expired))
    match = re.fullmatch(form, url.partition("?")[0])
    post_id = as_id(site, unquote(match["id"])) if match else ""
    return Address(url=url, kind="expired", key=post_id) if is_safe_id(post_id) else None


def _canonical_form(site: Site, form: AddressForm, found: _Found, match: re.Match[str], key: str) -> str:
    if form.address is not None:
        groups = {**match.groupdict(""), "slug": key, **({"id": key} if key == as_id(site, _key_in(match)) else {})}
        return _on_site(site, form.address.format(**groups), host=form.hosts[0] if form.hosts else None)
    if form.hosts:
        return found.url
    return found.on_site if match.string == found.path else _on_site(site, match.string)


def _is_among(host: str, hosts: Collection[str]) -> bool:
    """Return whether a host is one of these, or a subdomain of one that begins with `*.`."""
    return host in hosts or any(each[:2] == "*." and host.endswith(each[1:]) for each in hosts)


def _on_site(site: Site, path: str, *, host: str | None = None) -> str:
    path, question_mark, query = path.partition("?")
    url = canonical(f"{site.scheme}://{host or site.hosts[0]}{encode(path)}{question_mark}{query}")
    assert url is not None, "a checked definition's hosts and paths make an address"
    return url
