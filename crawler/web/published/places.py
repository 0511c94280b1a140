"""Where a page of the web app is among plain files, and how one file links to another.

    /                           index.html
    /?before=2022               latest/before=2022.html
    /post/NW202204202350104915  post/NW202204202350104915.html
    /outlet/大江网?page=2       outlet/大江网/page=2.html
    /outlet/大江网.atom         outlet/大江网.atom
    /static/style.css?0.7       static/style.css

Two pages are never one file, not even on file systems for which `NIO` and `nio` are one name. Pure. Not here: which
pages there are.
"""

from __future__ import annotations

import re
from hashlib import sha256
from posixpath import dirname, relpath
from urllib.parse import quote, unquote, urlsplit

from crawler.text.file_names import folded

_AS_THEY_ARE = ("static/", "search/")  # scripts and styles
_FORM = re.compile(r"(.*)(\.(?:json|atom|md|txt|xml))", re.DOTALL)
# Of these, names are usually in capitals: of two that fold alike, that one keeps its name.
_IN_CAPITALS = frozenset({"post", "security", "story"})
# What some file system, or some server, does not take in a name, and devices on Windows.
_UNUSUAL = re.compile(r"[^\w.=&+() -]|\A[.\s-]|[.\s]\Z|\A(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|\Z)", re.IGNORECASE)
_LONGEST = 80  # bytes; file systems take 255, some of which are for what is added
_DIGITS = 16


def place_of(address: str) -> str:
    """Return the path of the file that holds what is at an address of the web app: a path and perhaps a query."""
    parts = urlsplit(address)
    path = parts.path.removeprefix("/")
    if path.startswith(_AS_THEY_ARE):
        return path
    found = _FORM.fullmatch(path)
    path, suffix = (found[1], found[2]) if found else (path, ".html")
    names = [unquote(name) for name in path.split("/")]
    kept = [_own(name, capitals=above in _IN_CAPITALS) for above, name in zip(["", *names], names, strict=False)]
    if not parts.query:
        return "/".join([*kept[:-1], kept[-1] or "index"]) + suffix
    return "/".join([*kept[:-1], kept[-1] or "latest", _own(unquote(parts.query), capitals=False)]) + suffix


def link(place: str, target: str) -> str:
    """Return the relative address that leads from the file at `place` to that at `target`."""
    return quote(relpath(target, dirname(place) or "."), safe="/=")


def _own(name: str, *, capitals: bool) -> str:
    """Return a name that is a file's own on every file system; one that would not be gets a mark."""
    usual = folded(name).upper() if capitals else folded(name)
    if name == usual and len(name.encode()) <= _LONGEST and not _UNUSUAL.search(name):
        return name
    plain = re.sub(r"[^\w=]+", "-", folded(name)).strip("-").encode()[:_LONGEST].decode(errors="ignore")
    mark = sha256(name.encode(errors="surrogatepass")).hexdigest()[:_DIGITS]
    return f"{plain}~{mark}"
