"""The search index: table `search`, derived from the words and made anew at any time.

A row of the index holds, as words of its own, every token of a post's title and body, every two neighbouring tokens
and every three; so a term of up to three tokens is found by one look, and the whole index is smaller than one with
positions. A longer term is narrowed down by its threes, and the text decides (`crawler.archive.query`).

    江西5G应用   ->   江 西 5g_ 应 用 江西 西5g_ 5g_应 应用 江西5g_ 西5g_应 5g_应用

A run of letters or digits ends in `_`, which keeps `5g` + `vr` and `5` + `gvr` apart. Words that begin with `¶` are the
title's, those with `§` are filters: outlet, category, securities. None of these signs survives folding, so no text
holds them. Not here: which posts a query finds, in which order.
"""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.text import CJK, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlite_utils import Database

    from crawler.archive.query import Query, Term

EVERY = "§"
"""The word every row has."""

_TITLE = "¶"
_LONGEST = 3  # tokens in a word
_LONGEST_TOKEN = 64  # characters; what is beyond them the text decides
_MOST_WORDS = 100  # of one term, or groups of one query, that are looked up; more narrow nothing down
_CJK_TOKEN = re.compile(f"[{CJK}]")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a version of a post is found by: its words, its outlet, its category's slug, the codes it mentions."""

    title: str
    text: str
    source: str | None
    category: str | None
    codes: tuple[str, ...]

    def words(self) -> str:
        """Return the words of the entry's row, parted by spaces."""
        title = _grams(_marked(self.title))
        filters = [
            EVERY,
            *(word for kind in ("source", "category") if (word := filter_word(kind, getattr(self, kind)))),
        ]
        filters += [filter_word("stock", code) for code in self.codes]
        return " ".join([*_grams(_marked(self.text)), *title, *(_TITLE + gram for gram in title), *filters])


def filter_word(kind: str, value: str | None) -> str:
    """Return the word that posts of an outlet, a category or a security have; "" for none."""
    return f"{EVERY}{kind}{value.encode().hex()}" if value else ""


def add(db: Database, row: int, entry: Entry) -> None:
    """Add a row to the index."""
    db.execute("INSERT INTO search (rowid, words) VALUES (?, ?)", [row, entry.words()])


def remove(db: Database, row: int, entry: Entry) -> None:
    """Take a row out of the index; `entry` must be what it was added with."""
    db.execute("INSERT INTO search (search, rowid, words) VALUES ('delete', ?, ?)", [row, entry.words()])


def current(db: Database, article_id: int) -> Entry:
    """Return the entry of a post's current version, from the tables."""
    return next(
        entry for _, entry in _entries(db, "posts.id = ? AND versions.revision = posts.revision", [article_id])
    )


def rebuild(db: Database) -> int:
    """Make the index anew from the tables and return how many rows it has.

    Outlet, category and securities of a former version are no longer known; its row has those of the post.
    """
    db.execute("INSERT INTO search (search) VALUES ('delete-all')")
    count = 0
    for row, entry in _entries(db, "1", []):
        add(db, row, entry)
        count += 1
    db.execute("INSERT INTO search (search) VALUES ('optimize')")
    return count


def expression(query: Query, *, title_only: bool = False, filters: Iterable[str] = ()) -> tuple[str, bool]:
    """Return what to `MATCH` in the table `search`, and whether that finds exactly the posts meant.

    Where it does not, it finds more than these, and the text decides. With `title_only`, what is wanted must stand in
    the title; what is unwanted is then left out. `filters` are words that must occur as well. Without any wanted term
    nothing is found.
    """
    mark = _TITLE if title_only else ""
    groups = query.wanted[:_MOST_WORDS]
    exact = len(groups) == len(query.wanted) and all(_is_one_word(term) for term in query.terms)
    wanted = [" OR ".join(_looked_up(term, mark) for term in group[:_MOST_WORDS]) for group in groups]
    if any(len(group) > _MOST_WORDS for group in groups):
        wanted, exact = ([f'"{EVERY}"'], False)
    found = " AND ".join([*(f"({group})" for group in wanted), *(f'"{word}"' for word in filters)])
    if title_only or not found:
        return found or '""', exact
    unwanted = [term for term in query.unwanted if _is_one_word(term)][:_MOST_WORDS]
    exact = exact and len(unwanted) == len(query.unwanted)
    return (f"({found}) NOT ({' OR '.join(_looked_up(term, '') for term in unwanted)})" if unwanted else found), exact


def _looked_up(term: Term, mark: str) -> str:
    words = _words_of(_marked_tokens(term.tokens))[:_MOST_WORDS]
    return "(" + " AND ".join(f'"{mark}{word}"' for word in words) + ")"


def _is_one_word(term: Term) -> bool:
    return len(term.tokens) <= _LONGEST and all(len(token) <= _LONGEST_TOKEN for token in term.tokens)


def _words_of(marked: list[str]) -> list[str]:
    """Return the longest words that a term's tokens make."""
    if len(marked) <= _LONGEST:
        return ["".join(marked)]
    return ["".join(marked[start : start + _LONGEST]) for start in range(len(marked) - _LONGEST + 1)]


def _grams(marked: list[str]) -> list[str]:
    """Return every one, two and three neighbouring tokens."""
    twos = list(map(operator.add, marked, marked[1:]))
    return [*marked, *twos, *map(operator.add, twos, marked[2:])]


def _marked(text: str) -> list[str]:
    return _marked_tokens(tokens(text))


def _marked_tokens(plain: Iterable[str]) -> list[str]:
    return [token if _CJK_TOKEN.match(token) else token[:_LONGEST_TOKEN] + "_" for token in plain]


def _entries(db: Database, where: str, values: list[int]) -> Iterator[tuple[int, Entry]]:
    """Yield the rows of the index as the tables have them."""
    rows = db.execute(
        "SELECT CASE versions.revision WHEN posts.revision THEN posts.id ELSE -versions.id END,"
        " title, text, source, category,"
        " (SELECT group_concat(code, ' ') FROM"
        " (SELECT DISTINCT code FROM mentions WHERE article_id = posts.id ORDER BY code))"
        f" FROM posts JOIN versions ON article_id = posts.id WHERE {where}",  # noqa: S608  # constants
        values,
    )
    for row, title, text, source, category, codes in rows:
        yield row, Entry(title, text, source, category, tuple((codes or "").split()))
