"""Atom feeds (RFC 4287), for feed readers: of an outlet, a category, a security, a query.

Whatever titles and texts hold, the document is well formed: what XML has no characters for is dropped. Texts are
plain text, never HTML, so that nothing in them can run in a reader. Not here: which posts a feed has.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree as ET

from crawler import __version__, dates
from crawler.text.words import printable, squeeze

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ATOM = "http://www.w3.org/2005/Atom"
# Characters that XML 1.0 cannot hold and `printable` keeps.
_NO_CHARACTERS = re.compile("[\ufffe\uffff]")
# What RFC 3986 lets an address consist of, and characters beyond ASCII that RFC 3987 lets it have.
_NOT_OF_AN_ADDRESS = re.compile(r"[\x00-\x20\x7f-\xa0<>\"{}|\\^`\ue000-\uf8ff\ud800-\udfff\ufff0-\uffff]")

ET.register_namespace("", _ATOM)


class Entry(NamedTuple):
    """A post in a feed: an `identifier` that is its own for ever, the `address` of its page, and what it says.

    The outlet counts as its author if no people are named.

    `published` is the time it claims and `updated` that of its current version, both ISO 8601 with an offset.
    """

    identifier: str
    address: str
    title: str
    published: str
    updated: str
    outlet: str | None = None
    summary: str = ""
    categories: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()


def entry_of(post: Mapping[str, Any], address: str) -> Entry:
    """Return the entry of a post as `Archive.posts` or `Archive.search` gives it, to be read at `address`.

    It is identified by its address on the site, which never changes.
    """
    return Entry(
        identifier=post["url"],
        address=address,
        title=post["title"],
        published=post["published_at"],
        updated=post.get("updated_at") or post["published_at"],
        outlet=post["source"],
        summary=post.get("summary") or post.get("text") or "",
        categories=tuple(post.get("categories") or ()),
        authors=tuple(post.get("authors") or ()),
    )


def atom(title: str, address: str, entries: Iterable[Entry], updated: datetime, *, page: str | None = None) -> bytes:
    """Return a feed as UTF-8: its `title`, its own `address`, and the address of the `page` with the same posts.

    `updated` is the time of the last change to anything in it, timezone-aware. The feed's address identifies it.
    """
    feed = ET.Element(_named("feed"))
    _add(feed, "id", _address(address))
    _add(feed, "title", _line(title) or "-")
    _add(feed, "updated", _time(updated))
    _add(feed, "link", rel="self", type="application/atom+xml", href=_address(address))
    if page is not None:
        _add(feed, "link", rel="alternate", type="text/html", href=_address(page))
    _add(feed, "generator", "finews-archive", version=__version__)
    # An entry without authors or an outlet has this author: RFC 4287, 4.1.1, wants one for each.
    _add(_add(feed, "author"), "name", "finews-archive")
    for entry in entries:
        _add_entry(feed, entry)
    document: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return document


def _add_entry(feed: ET.Element, entry: Entry) -> None:
    added = _add(feed, "entry")
    _add(added, "id", _address(entry.identifier))
    _add(added, "title", _line(entry.title) or "-")
    _add(added, "published", _time(datetime.fromisoformat(entry.published)))
    _add(added, "updated", _time(datetime.fromisoformat(entry.updated)))
    _add(added, "link", rel="alternate", type="text/html", href=_address(entry.address))
    names = list(filter(None, map(_line, entry.authors))) or [_line(entry.outlet or "")]
    for name in filter(None, names):
        _add(_add(added, "author"), "name", name)
    for category in filter(None, map(_line, entry.categories)):
        _add(added, "category", term=category)
    if summary := _kept(entry.summary).strip():
        _add(added, "summary", summary, type="text")


def _add(parent: ET.Element, name: str, text: str | None = None, **attributes: str) -> ET.Element:
    """Add an element, and return it."""
    added = ET.SubElement(parent, _named(name), {key: _kept(value) for key, value in attributes.items()})
    added.text = None if text is None else _kept(text)
    return added


def _named(name: str) -> str:
    return f"{{{_ATOM}}}{name}"


def _kept(text: str) -> str:
    """Return a text without what XML cannot hold."""
    return _NO_CHARACTERS.sub("", printable(text))


def _line(text: str) -> str:
    return squeeze(_kept(text))


def _address(address: str) -> str:
    """Return an address with everything escaped that none may hold."""
    return _NOT_OF_AN_ADDRESS.sub(lambda found: _escaped(found[0]), address)


def _escaped(sign: str) -> str:
    return "".join(f"%{byte:02X}" for byte in sign.encode("utf-8", "replace"))


def _time(point: datetime) -> str:
    """Return a time as RFC 3339 writes it, in UTC, where no offset has seconds."""
    return dates.iso(dates.utc(point)).replace("+00:00", "Z")
