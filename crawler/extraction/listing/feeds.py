"""Reading the links of feeds (Atom, RSS 2.0, 1.0 and older) and of sitemaps, sitemap indexes and news sitemaps.

Real feeds are often not well formed, so what can be read is read. Entities that a file declares itself are not
expanded, and nothing outside it is loaded. Pure. Not here: what the links lead to (`crawler.extraction.listing`),
and unpacking gzip (`crawler.extraction.decoding`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC
from html import unescape
from html.entities import html5
from typing import TYPE_CHECKING

from lxml import etree
from selectolax.lexbor import LexborHTMLParser

from crawler import dates
from crawler.extraction.listing.links import FoundLink
from crawler.text.words import squeeze
from crawler.urls import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from lxml.etree import _Element

_LONGEST_TITLE = 300
_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_DECLARATIONS = re.compile(r"\A\s*(?:<\?xml[^>]*\?>)?\s*")
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[<>]*(?:>|\[(?:.*?\]\s*>|.*))", re.DOTALL | re.IGNORECASE)
# An ampersand in a CDATA section stands for itself; elsewhere XML knows only these names.
_AMPERSAND = re.compile(
    r"<!\[CDATA\[(?:.*?\]\]>|.*)|&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-f]+);)(\w+;)?", re.DOTALL | re.IGNORECASE
)
_LINE = re.compile(r"https?://\S+", re.IGNORECASE)


class NotAFeedError(ValueError):
    """What was served is neither a feed nor a sitemap; the text says what it is."""


@dataclass(frozen=True, slots=True)
class Feed:
    """The links of a feed or sitemap to pages, in order, and those to the `sitemaps` that a sitemap index names."""

    links: tuple[FoundLink, ...] = ()
    sitemaps: tuple[FoundLink, ...] = ()


def read_feed(source: str, url: str) -> Feed:
    """Return the links of the feed or sitemap `source`, served at `url`; entries without a link are left out.

    Raises `NotAFeedError` if it is neither.
    """
    if _LINE.match(source):  # a sitemap may be a list of addresses
        return Feed(links=tuple(FoundLink(address, "") for line in source.split() if (address := resolve(url, line))))
    root = _parsed(source)
    kind = _name(root)
    if kind == "sitemapindex":
        return Feed(sitemaps=tuple(_found(root, "sitemap", _in_sitemap, url)))
    if kind in _ENTRIES:
        return Feed(links=tuple(_found(root, *_ENTRIES[kind], url)))
    raise NotAFeedError(f"no feed and no sitemap, but <{kind}>")


def _parsed(source: str) -> _Element:
    """Parse XML, mending bare ampersands and names of entities that only HTML knows."""
    source = _DOCTYPE.sub("", source[_DECLARATIONS.match(source).end() :], count=1)  # type: ignore[union-attr]
    source = _AMPERSAND.sub(_as_xml, source)
    parser = etree.XMLParser(
        encoding="utf-8", recover=True, resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
    )
    root = etree.fromstring(source.encode("utf-8", "replace"), parser) if source else None
    if root is None:
        raise NotAFeedError("no feed and no sitemap, but not even XML" if source else "no feed and no sitemap: empty")
    return root


def _as_xml(found: re.Match[str]) -> str:
    if found[0].startswith("<"):
        return found[0]
    character = html5.get(found[1] or "")
    return character.replace("&", "&amp;").replace("<", "&lt;") if character else f"&amp;{found[0][1:]}"


def _found(root: _Element, entry: str, read: Callable[[_Element], tuple[str, str]], url: str) -> Iterator[FoundLink]:
    """Yield the link of each element called `entry`, resolved against the bases around it."""
    for element in root.iter("{*}" + entry):
        href, title = read(element)
        address = resolve(_base(element, url), href) if href else None
        if address:
            yield FoundLink(address, title, changed_at=_changed_at(element) if entry == "sitemap" else None)


def _in_atom(entry: _Element) -> tuple[str, str]:
    """Return the link of an Atom entry to its page, or its id if that is an address, and its title."""
    links = [link for link in _children(entry, "link") if link.get("rel", "alternate") == "alternate"]
    pages = [link for link in links if "html" in link.get("type", "html")]
    link = next(iter(pages or links), None)
    href = (link.get("href") if link is not None else None) or ""
    return href or _address(_text(entry, "id")), _title(entry) or (link.get("title", "") if link is not None else "")


def _in_rss(item: _Element) -> tuple[str, str]:
    """Return the link of an RSS item, or its guid if that is a permanent link, and its title.

    A feed that counts clicks puts the page's own address into `origLink`. RSS 1.0 also has it in `rdf:about`.
    """
    guids = [guid for guid in _children(item, "guid") if guid.get("isPermaLink", "true").lower() != "false"]
    about = next((value for name, value in item.attrib.items() if str(name).endswith("}about")), "")
    hrefs = [link.get("href") for link in _children(item, "link") if link.get("rel", "alternate") == "alternate"]
    candidates = (
        _text(item, "origLink"),
        _text(item, "link"),
        *hrefs,
        *(_address(_content(guid)) for guid in guids),
        about,
    )
    return next((each for each in candidates if each), ""), _title(item)


def _in_sitemap(entry: _Element) -> tuple[str, str]:
    """Return the address in an entry of a sitemap or a sitemap index, and the title that a news sitemap gives it."""
    news = next(iter(_children(entry, "news")), None)
    return _text(entry, "loc"), "" if news is None else _title(news)


def _changed_at(sitemap: _Element) -> datetime | None:
    """Return the last moment at which a sitemap may have changed, by the index; `None` if that is not to be read."""
    try:
        return dates.span(_text(sitemap, "lastmod"), UTC)[1]
    except ValueError:
        return None


_ENTRIES: dict[str, tuple[str, Callable[[_Element], tuple[str, str]]]] = {
    "feed": ("entry", _in_atom),
    "rss": ("item", _in_rss),
    "RDF": ("item", _in_rss),
    "urlset": ("url", _in_sitemap),
}


def _base(element: _Element, url: str) -> str:
    """Return the address that a relative address in an element is relative to, by the `xml:base` around it."""
    for each in reversed([element, *element.iterancestors()]):
        url = resolve(url, str(each.get(_BASE, ""))) or url
    return url


def _children(element: _Element, name: str) -> list[_Element]:
    """Return the children of an element with this name, in whatever namespace."""
    return [child for child in element if _name(child) == name]


def _name(element: _Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _text(element: _Element, name: str) -> str:
    """Return the text of the first child with this name that has any."""
    return next((text for child in _children(element, name) if (text := _content(child))), "")


def _content(element: _Element) -> str:
    return squeeze("".join(map(str, element.itertext())))


def _title(element: _Element) -> str:
    """Return the title of an entry as plain text: feeds put HTML, escaped or not, into it."""
    text = _text(element, "title")
    if "<" in text:
        text = LexborHTMLParser(text).text()
    return squeeze(unescape(text))[:_LONGEST_TITLE]


def _address(text: str) -> str:
    return text if _LINE.fullmatch(text) else ""
