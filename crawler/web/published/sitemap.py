"""The sitemap of a published site (sitemaps.org, version 0.9), in as many files as its limits ask for.

A sitemap names whole addresses, so search engines take only that of a site whose public address is known; without one
the addresses in it are relative. Not here: which pages there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MOST = 50_000  # addresses in one file, by the protocol
_SCHEMA = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
_BEGIN = '<?xml version="1.0" encoding="utf-8"?>\n'


def sitemaps(pages: Sequence[str], base: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each file; `sitemap.xml` is the one that leads to all.

    `pages` are the paths of files, and `base` is the public address of their folder, with a slash at its end, or "".
    """
    parts = [pages[start : start + _MOST] for start in range(0, len(pages), _MOST)]
    if len(parts) <= 1:
        yield "sitemap.xml", _listing("urlset", "url", pages, base)
        return
    names = [f"sitemap-{number}.xml" for number in range(1, len(parts) + 1)]
    for name, part in zip(names, parts, strict=True):
        yield name, _listing("urlset", "url", part, base)
    yield "sitemap.xml", _listing("sitemapindex", "sitemap", names, base)


def _listing(root: str, element: str, paths: Sequence[str], base: str) -> str:
    addresses = (escape(urljoin(base, quote(path))) for path in paths)
    lines = "".join(f"<{element}><loc>{address}</loc></{element}>\n" for address in addresses)
    return f"{_BEGIN}<{root} {_SCHEMA}>\n{lines}</{root}>\n"
