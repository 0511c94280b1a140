"""The addresses of pages. Every link is made here, so that a reader's language goes along, and an address lasts.

    /post/NW202204202350104915         a page in the reader's language
    /en/post/NW202204202350104915      the same in English, whatever the browser prefers
    /outlet/大江网.atom                 another form of a page

Names stand in an address percent-encoded, a part each, so that they may hold anything. Not here: which page is at
which address (`crawler.web.app`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping

LANGUAGES = ("zh", "en")
"""The languages of the pages; the first is spoken to those who prefer neither."""

FORMS = ("json", "atom", "md", "txt")
"""What an address may end with, to get another form of the page."""

_LIKE_A_FORM = re.compile(rf"\.(?=(?:{'|'.join(FORMS)})\Z)")
_SECURITY = re.compile(r"[0-9A-Za-z]{1,20}\.(?:SH|SZ|BJ|HK|US|BOARD)", re.ASCII)


def path_to(*parts: str, form: str = "", query: Mapping[str, str | None] | None = None) -> str:
    """Return the path of a page: `path_to("post", "NW1", form="json")` is `/post/NW1.json`.

    What is `None` or empty in the `query` is left out.
    """
    path = "/" + "/".join(map(_encoded, parts)) + (f".{form}" if form else "")
    asked = {key: value for key, value in (query or {}).items() if value}
    return f"{path}?{urlencode(asked, errors='replace')}" if asked else path


@lru_cache(4_096)
def _encoded(part: str) -> str:
    """Encode a name; one that ends as another form of a page would is no such form."""
    return _LIKE_A_FORM.sub("%2E", quote(part, safe="", errors="replace"))


def decoded(part: str) -> str:
    """Return the name that a part of a path stands for."""
    return unquote(part, errors="replace")


def split_language(path: str) -> tuple[str, str]:
    """Return the language that a path begins with, or "", and the path without it."""
    first, _, rest = path.removeprefix("/").partition("/")
    return (first, f"/{rest}") if first in LANGUAGES else ("", path)


def security_name(symbol: str, market: str, code: str) -> str:
    """Return what a security is called in an address: `600160.SH`, or its code where that would not be understood."""
    name = f"{symbol}.{market}"
    return name if _SECURITY.fullmatch(name) else code


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader is: the `path` without its language, the `query`, the language in the path, and the server."""

    path: str
    query: Mapping[str, str]
    language: str
    server: str

    def to(self, *parts: str, form: str = "", query: Mapping[str, str | None] | None = None) -> str:
        """Return the address of another page, in the language the reader has chosen."""
        path = path_to(*parts, form=form, query=query)
        return f"/{self.language}{path}" if self.language else path

    def here(self, **changes: str | None) -> str:
        """Return the address of this page with some of its query changed; what becomes `None` is left out."""
        return self._with_query(f"/{self.language}{self.path}" if self.language else self.path, changes)

    def in_language(self, language: str) -> str:
        """Return the address of this page in another language."""
        return self._with_query(f"/{language}{self.path}", {})

    def whole(self, path: str) -> str:
        """Return a path on this server as a whole address, the same in every language."""
        return self.server + split_language(path)[1]

    def _with_query(self, path: str, changes: Mapping[str, str | None]) -> str:
        asked = {key: value for key, value in {**self.query, **changes}.items() if value}
        return f"{path}?{urlencode(asked, errors='replace')}" if asked else path
