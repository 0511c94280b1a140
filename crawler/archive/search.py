"""What a query means, and which posts it finds.

A query is folded and split into tokens as the texts are (`crawler.text`); a term matches where its tokens stand
side by side in the title or in the body. Terms side by side must all match, `"…"` is one term, `-term` excludes,
`OR` stands between two terms. Any string is a query. Posts are scanned one by one: exact, and as slow as the
archive is large. Not here: an index.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crawler.text import tokens

if TYPE_CHECKING:
    from sqlite_utils import Database

# A term in quotes, closed or not, or a word; a minus before either excludes it.
_WORD = re.compile(r'(?P<minus>-?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
_SNIPPET_BEFORE, _SNIPPET_LENGTH = 20, 80


@dataclass(frozen=True, slots=True)
class Query:
    """A query: every group of `wanted` must match by one of its terms, none of `unwanted` may.

    A term is its tokens, with a space around each: ` 江 西 ` stands in ` 在 江 西 省 `, ` 5g ` not in ` 15g `.
    """

    wanted: tuple[tuple[str, ...], ...]
    unwanted: tuple[str, ...]

    def matches(self, title: str, text: str) -> bool:
        """Tell whether a post with this title and this plain text is found."""
        spaced = (_spaced(title), _spaced(text))
        return all(any(_stands_in(term, spaced) for term in group) for group in self.wanted) and not any(
            _stands_in(term, spaced) for term in self.unwanted
        )


def parse(query: str) -> Query:
    """Read a query. One that asks for nothing, as "" or "-a", finds nothing."""
    wanted: list[list[str]] = []
    unwanted: list[str] = []
    joining = False
    for found in _WORD.finditer(unicodedata.normalize("NFKC", query)):
        if found["word"] == "OR" and not found["minus"]:
            joining = bool(wanted)
            continue
        term = _spaced(found["word"] or found["phrase"] or "")
        if not term.strip():  # separators only
            continue
        if found["minus"]:
            unwanted.append(term)
        elif joining:
            wanted[-1].append(term)
        else:
            wanted.append([term])
        joining = False
    return Query(tuple(tuple(group) for group in wanted), tuple(unwanted))


def search(db: Database, query: str, *, limit: int = 20, offset: int = 0) -> dict[str, Any]:
    """Return `query`, the `total` of posts it finds, and `results`, newest first, each with a snippet."""
    wanted = parse(query)
    total, results = 0, []
    if wanted.wanted:
        rows = db.query(
            "SELECT post_id AS id, title, published_at, source, category, url, text FROM articles"
            " ORDER BY published_ts DESC, id DESC"
        )
        for row in rows:
            text = row.pop("text")
            if wanted.matches(row["title"], text):
                if offset <= total < offset + limit:
                    results.append({**row, "snippet": _snippet(text, wanted)})
                total += 1
    return {"query": query, "total": total, "results": results}


def _spaced(text: str) -> str:
    return f" {' '.join(tokens(text))} "


def _stands_in(term: str, spaced: tuple[str, str]) -> bool:
    return any(term in one for one in spaced)


def _snippet(text: str, query: Query) -> str:
    """Return the stretch of `text` around the first token of the first term that occurs in it."""
    folded = text.lower()
    starts = [folded.find(term.split()[0]) for group in query.wanted for term in group]
    start = max(0, min((start for start in starts if start >= 0), default=0) - _SNIPPET_BEFORE)
    cut = " ".join(text[start : start + _SNIPPET_LENGTH].split())
    return f"{'…' if start else ''}{cut}{'…' if start + _SNIPPET_LENGTH < len(text) else ''}"
