"""The search index: table `search`, derived from the words and made anew at any time.

A row of the index holds, as words of its own, every token of a post's title and body, every two neighbouring tokens
and every three; so a term of up to three tokens is found by one look, and the whole index is smaller than one with
positions. A longer term is found by its threes where these can only stand in a row: from one to the next the two
tokens they share lead on in one way, in this post. Where they might not, the text decides (`crawler.archive.query`).

    江西5G应用   ->   江 西 5g_ 应 用 江西 西5g_ 5g_应 应用 江西5g_ 西5g_应 5g_应用

A run of letters or digits ends in `_`, which keeps `5g` + `vr` and `5` + `gvr` apart. Words that begin with `¶` are
the title's, those with `§` are filters: time, outlet, category, securities; `«` and `»` stand before two tokens that
come after, or before, different ones in this post. No token has these signs. Not here: which posts a query finds, in
which order.
"""

from __future__ import annotations

import operator
import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING

from crawler.text import CJK, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlite_utils import Database

    from crawler.archive.query import Query, Term

EVERY = "§"
"""The word every row has."""

NEVER = f'"{EVERY}never"'
"""What no row matches."""

_TITLE = "¶"
_AFTER, _BEFORE = "«", "»"
_LONGEST = 3  # tokens in a word
_LONGEST_SURE = 12  # tokens of a term that is found by its threes alone; fewer posts have a longer one
_LONGEST_TOKEN = 64  # characters; what is beyond them the text decides
# Seconds of the stretches that time is divided into: an hour, eight (days begin with one where it is eight hours
# later than in Greenwich), four days, 64 days. Each is a multiple of the one before.
_LENGTHS = (3_600, 28_800, 345_600, 5_529_600)
_MOST_WORDS = 100  # of one term, or groups of one query, that are looked up; more narrow nothing down
_CJK_TOKEN = re.compile(f"[{CJK}]")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a version of a post is found by: its words, its time, its outlet, its category's slug, the codes in it."""

    title: str
    text: str
    published_ts: int
    source: str | None
    category: str | None
    codes: tuple[str, ...]

    def words(self) -> str:
        """Return the words of the entry's row, parted by spaces."""
        fields = [_Grams(_marked(tokens(field))) for field in (self.title, self.text)]
        filters = [EVERY, *(_time_word(length, self.published_ts // length) for length in _LENGTHS)]
        filters += [filter_word(kind, value) for kind, value in self._values()]
        found = [word for field in fields for word in field.words()]
        return " ".join([*found, *(_TITLE + word for word in fields[0].words()), *_forked(fields), *filters])

    def _values(self) -> Iterator[tuple[str, str]]:
        if self.source:
            yield "source", self.source
        if self.category:
            yield "category", self.category
        for code in self.codes:
            yield "stock", code


def filter_word(kind: str, value: str) -> str:
    """Return the word that posts of an outlet, a category or a security have."""
    return f"{EVERY}{kind}{value.encode().hex()}"


def time_words(first: int, last: int) -> list[str] | None:
    """Return words of which posts published from `first` to `last` (epoch seconds, included) have one, others none.

    `None` when the span does not begin and end with an hour, as days and months do where offsets are whole hours, or
    takes too many words. A span that ends before it begins has a word that no post has.
    """
    hour = _LENGTHS[0]
    if first % hour or (last + 1) % hour:
        return None
    words: list[str] = []
    at = first
    while at <= last:
        if len(words) == _MOST_WORDS:
            return None
        length = next(length for length in reversed(_LENGTHS) if at % length == 0 and at + length - 1 <= last)
        words.append(_time_word(length, at // length))
        at += length
    return words or [NEVER.strip('"')]


def around(first: int, last: int) -> tuple[int, int]:
    """Return a span around all posts from `first` to `last` that takes few words."""
    longest = _LENGTHS[-1]
    return first // longest * longest, (last // longest + 1) * longest - 1


def _time_word(length: int, number: int) -> str:
    return f"{EVERY}{_LENGTHS.index(length)}_{number}".replace("-", "_")


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


@dataclass(frozen=True, slots=True)
class Expressions:
    """What to `MATCH` in the table `search`: all that may be meant, what surely is, what has it in the title.

    `surely` is `None` when all that may be meant is. Where a title has a long term's threes, it counts as having it.
    """

    maybe: str
    surely: str | None
    in_title: str


def expressions(query: Query, filters: Iterable[str] = ()) -> Expressions:
    """Return what to ask the index for a query that wants something; `filters` must match as well."""
    groups = query.wanted[:_MOST_WORDS]
    beyond = len(groups) < len(query.wanted) or any(len(group) > _MOST_WORDS for group in groups)
    wanted = [group for group in groups if len(group) <= _MOST_WORDS]
    must = [f"({each})" for each in filters] or [f'"{EVERY}"']
    short = [term for term in query.unwanted if _is_word(term)][:_MOST_WORDS]
    maybe = _without(_all([*must, *(_any(_maybe(term) for term in group) for group in wanted)]), map(_maybe, short))
    in_title = _all(_any(_maybe(term, _TITLE) for term in group) for group in wanted) or f'"{EVERY}"'
    if not beyond and all(map(_is_word, (*query.terms, *query.unwanted))) and len(short) == len(query.unwanted):
        return Expressions(maybe, None, in_title)
    if beyond or len(query.unwanted) > _MOST_WORDS:
        return Expressions(maybe, NEVER, in_title)
    surely = _all([*must, *(_any(map(_surely, group)) for group in wanted)])
    return Expressions(maybe, _without(surely, map(_maybe, query.unwanted)), in_title)


def _maybe(term: Term, mark: str = "") -> str:
    """Return what finds all posts that have a term, and perhaps others."""
    return _all(f'"{mark}{word}"' for word in _threes(_marked(term.tokens))[:_MOST_WORDS])


def _surely(term: Term) -> str:
    """Return what finds posts that have a term for certain.

    One of its threes stands somewhere; from there on to the right, every two tokens lead on in one way only, and to
    the left likewise, so that all the others stand beside it.
    """
    marked = _marked(term.tokens)
    threes = _threes(marked)[:_MOST_WORDS]
    if _is_word(term):
        return _all(f'"{word}"' for word in threes)
    if len(marked) > _LONGEST_SURE or any(len(token) > _LONGEST_TOKEN for token in term.tokens):
        return NEVER
    inner = ["".join(marked[at : at + 2]) for at in range(1, len(marked) - 2)]
    forks = [
        _any([*(f'"{_AFTER}{two}"' for two in inner[:at]), *(f'"{_BEFORE}{two}"' for two in inner[at:])])
        for at in range(len(threes))
    ]
    return _any(_without(_all(f'"{word}"' for word in threes), [fork]) for fork in forks)


def _all(parts: Iterable[str]) -> str:
    return " AND ".join(f"({part})" for part in parts)


def _any(parts: Iterable[str]) -> str:
    return " OR ".join(f"({part})" for part in parts)


def _without(found: str, parts: Iterable[str]) -> str:
    unwanted = _any(parts)
    return f"({found}) NOT ({unwanted})" if unwanted else found


def _is_word(term: Term) -> bool:
    """Tell whether a term is one word of the index."""
    return len(term.tokens) <= _LONGEST and all(len(token) <= _LONGEST_TOKEN for token in term.tokens)


def _threes(marked: list[str]) -> list[str]:
    """Return the longest words that a term's tokens make."""
    if len(marked) <= _LONGEST:
        return ["".join(marked)]
    return ["".join(marked[start : start + _LONGEST]) for start in range(len(marked) - _LONGEST + 1)]


class _Grams:
    """The tokens of a title or a text, every two neighbouring ones, and every three."""

    def __init__(self, marked: list[str]) -> None:
        self.ones = marked
        self.twos = list(map(operator.add, marked, marked[1:]))
        self.threes = list(map(operator.add, self.twos, marked[2:]))

    def words(self) -> Iterator[str]:
        return chain(self.ones, self.twos, self.threes)


def _forked(fields: list[_Grams]) -> Iterator[str]:
    """Yield a word for every two tokens that come after different ones, and for those that come before such."""
    counts = Counter(chain.from_iterable(field.twos for field in fields))
    before: dict[str, set[str]] = {}
    after: dict[str, set[str]] = {}
    for field in fields:
        ones, last = field.ones, len(field.ones) - 2
        for at, two in enumerate(field.twos):
            if counts[two] > 1:
                before.setdefault(two, set()).add(ones[at - 1] if at else "")
                after.setdefault(two, set()).add(ones[at + 2] if at < last else "")
    yield from (_AFTER + two for two, ones in before.items() if len(ones) > 1)
    yield from (_BEFORE + two for two, ones in after.items() if len(ones) > 1)


def _marked(plain: Iterable[str]) -> list[str]:
    """Return tokens as they stand in the index: runs of letters or digits ended by `_`, and cut when very long."""
    return [token if "\u4e00" <= token <= "\u9fff" or _CJK_TOKEN.match(token) else _run(token) for token in plain]


def _run(token: str) -> str:
    return f"{token}_" if len(token) <= _LONGEST_TOKEN else f"{token[:_LONGEST_TOKEN]}__"


def _entries(db: Database, where: str, values: list[int]) -> Iterator[tuple[int, Entry]]:
    """Yield the rows of the index as the tables have them."""
    rows = db.execute(
        "SELECT CASE versions.revision WHEN posts.revision THEN posts.id ELSE -versions.id END,"  # noqa: S608
        " title, text, published_at, source, category,"
        " (SELECT group_concat(code, ' ') FROM"
        " (SELECT DISTINCT code FROM mentions WHERE article_id = posts.id ORDER BY code))"
        f" FROM posts JOIN versions ON article_id = posts.id WHERE {where}",  # a constant
        values,
    )
    for row, title, text, published_at, source, category, codes in rows:
        seconds = int(datetime.fromisoformat(published_at).timestamp())
        yield row, Entry(title, text, seconds, source, category, tuple((codes or "").split()))
