"""Pages of the web app as plain files: with relative links, and without what only a server could answer.

A page gets the Content-Security-Policy as an element, since no server sends it as a header. Not here: asking for
pages (`crawler.web.published.requests`), and finding them (`crawler.web.published.walk`).
"""

from __future__ import annotations

import re
from html import escape, unescape
from typing import TYPE_CHECKING, NamedTuple

from selectolax.lexbor import LexborHTMLParser

from crawler.web.published.addresses import Link, is_published, is_search, parse
from crawler.web.published.requests import SERVER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selectolax.lexbor import LexborNode

    from crawler.web.published.addresses import Site

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'"
)
"""That of the server's answers, but for `frame-ancestors`, which browsers take from headers only."""

_LINKED = "a[href], link[href], script[src], img[src]"
_TO_ONE_PAGE = 'link[rel="prev"], link[rel="next"], a[rel="prev"], a[rel="next"]'
_OF_LINKS = {"nav", "p"}  # what consists of links
_WHOLE = re.compile(re.escape(SERVER) + r"(/[^\s\"<]*|(?=[\s\"<]))")
_ID = re.compile(rf"(?<=<id>){re.escape(SERVER)}/")


class Page(NamedTuple):
    """A page of the site: its HTML, and the addresses it links to, in the order of the links."""

    html: str
    links: list[str]


class Neighbours(NamedTuple):
    """The pages of a list before and after one of its pages, by their addresses; `None` where the list ends."""

    newer: str | None
    older: str | None


def published(html: str, here: str, site: Site, neighbours: Neighbours | None = None) -> Page:
    """Return a page of the app as the file at `here`; `neighbours` are where it leads in a list of several pages."""
    tree = LexborHTMLParser(html)
    _simplify_forms(tree, here, site)
    if neighbours is not None:
        _set_neighbours(tree, neighbours)
    links = list(_linked(tree, here, site))
    for element in tree.css('link[rel="canonical"], meta[property="og:url"]'):
        _make_whole(element, here, site)
    head = tree.css_first("head")
    policy = f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY, quote=False)}">'
    html = (tree.html or "").replace("<head>", f"<head>{policy}", 1) if head is not None else tree.html or ""
    return Page(html + "\n", links)


def neighbours_in(html: str) -> Neighbours:
    """Return where a page of a list says that it goes on."""
    tree = LexborHTMLParser(html)
    newer, older = (tree.css_first(f'nav.pager a[rel="{way}"]') for way in ("prev", "next"))
    return Neighbours(_href(newer), _href(older))


def published_data(body: bytes, here: str, site: Site) -> bytes:
    """Return what is no page, such as a feed, as the file at `here`: its whole addresses become links to files."""
    text = body.decode()
    if not site.base:  # an identifier must be whole, and may be any that is nobody else's
        text = _ID.sub("tag:finews-archive.invalid,2022:/", text)
    return _WHOLE.sub(lambda found: escape(_whole(unescape(found[1] or "/"), here, site)), text).encode()


def _whole(address: str, here: str, site: Site) -> str:
    target = parse(address)
    return SERVER + address if target is None else site.whole(here, target)


def _simplify_forms(tree: LexborHTMLParser, here: str, site: Site) -> None:
    """Have the form for searches lead to the page that searches, and remove forms that need a server."""
    for form in tree.css("form"):
        target = parse(form.attributes.get("action") or "")
        if target is not None and form.attributes.get("role") == "search":
            form.attrs["action"] = site.relative(here, target)
        else:
            form.decompose()


def _set_neighbours(tree: LexborHTMLParser, neighbours: Neighbours) -> None:
    aside = tree.css_first("aside")
    if aside is not None and neighbours.newer is not None:
        aside.decompose()  # what is counted there changes with each post, and the first page shows it
    for element in tree.css(_TO_ONE_PAGE):
        address = neighbours.newer if element.attributes.get("rel") == "prev" else neighbours.older
        if "?" not in (element.attributes.get("href") or ""):
            continue  # leads to the next day or post, not to the next page
        if address is None:
            element.decompose()
        else:
            element.attrs["href"] = address


def _linked(tree: LexborHTMLParser, here: str, site: Site) -> Iterator[str]:
    """Make the links relative, and yield the addresses they lead to."""
    for element in tree.css(_LINKED):
        name = "href" if "href" in element.attributes else "src"
        if element.attributes.get("rel") == "canonical":
            continue
        target = parse(element.attributes[name] or "#")
        if target is None:
            continue
        if is_published(target.address):
            element.attrs[name] = site.relative(here, target)
            if not is_search(target.address):
                yield target.address
        elif element.tag == "a" and element.parent is not None and element.parent.tag not in _OF_LINKS:
            element.unwrap()  # what it says is still worth reading
        else:
            element.decompose()


def _make_whole(element: LexborNode, here: str, site: Site) -> None:
    """Give a page's own address the site's base, or remove it where that is not known."""
    name = "href" if element.tag == "link" else "content"
    target = parse(element.attributes[name] or "")
    if target is None or not site.base:
        element.decompose()
    else:
        element.attrs[name] = site.whole(here, Link(target.address))


def _href(element: LexborNode | None) -> str | None:
    return None if element is None else element.attributes.get("href")
