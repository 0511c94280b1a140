"""Whether two posts tell the same story in the same words: keys to find candidates by, and the decision.

One story appears under many ids: copied whole, under another outlet's header, with its paragraphs in another order,
with its end cut, with a few words changed. `fingerprint` gives each text a few 64-bit keys, to be kept in an index of
(key, post); two posts that share a key are candidates, and `same_story` decides about them.

Keys are stored for years, so `scheme` names how they were made, by what comes out of it: keys stored under another
name are to be made anew, even if it was a newer version of a library that changed them without a word.

Items made from one template share keys by the thousand. Who looks candidates up takes, for each key, only the newest
few (some hundred), and of all these judges those first that share the most keys (some twenty). A copy is published
within days of what it copies and shares most of its keys, the exact one first, so neither bound costs much.

Not here: the index itself, grouping pairs into stories, and likeness of meaning: a story told in other words is
another text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b

from rensa import RMinHash  # type: ignore[import-untyped]

from crawler.text import fold

# A story longer than this is known by its beginning, so that no text, however long, takes longer than this one.
_LONGEST = 20_000

_SHINGLE = 5
_BANDS = 10
_ROWS = 2
_SEED = 20220420

_SHORT = 200
_LEAST_SHARE = 0.5
_LEAST_OVERLAP = 0.65
_OTHER_FIGURES = 0.2
_SAME_BEGINNING = 5

_HEAD = re.compile(
    r"""\s*+(?:
        \([^()\n]{0,20}(?:记者|编辑|作者|通讯员)[^()\n]{0,40}\)
      | (?:本报|本刊|本网)?记者[^,。:;()\n]{1,30}(?:报道|\n)
      | [\[【]?[^\s,。:;!?()\[\]【】|丨]{0,20}(?:\d日(?:电|讯|消息|报道|(?=[|丨]))|(?:网|报|社|台|公司|快)讯|社电)
        (?:\s*\([^()\n]{1,40}\))?[\s,:|丨\]】]
    )""",
    re.VERBOSE,
)
_TAIL = re.compile(
    r"""\s*(?:
        \((?:[^()\n\d]{1,20}|[^()\n]{0,20}(?:来源|记者|编辑|责编|作者|校对|审核)[^()\n]{0,40})\)
      | (?:文章来源|来源|责任编辑|责编|编辑|作者|记者|校对|审核)\s*[::][^\n。]{1,40}
    )\s*\Z""",
    re.VERBOSE,
)
_TAIL_LENGTH = 200

_SIGNS = re.compile(r"[\W_]+")
_FIGURE = re.compile(r"\d+(?:[.,:]\d+)*%?")
# Between clauses stands any sign but those inside a figure, and but quotation marks, which outlets set as they like.
_QUOTES = re.compile(r"[\s\"'“”‘’「」『』《》<>]+")
_CLAUSE_END = re.compile(r"(?:(?!(?<=\d)[.,:](?=\d)|[%+-])[\W_])+")


@dataclass(frozen=True, slots=True)
class Wording:
    """What a post says: its title, which may be empty, and its plain text."""

    title: str
    text: str


def fingerprint(text: str) -> tuple[int, ...]:
    """x"""
    words = _SIGNS.sub("", _body(text))
    if not words:
        return ()
    exact = int.from_bytes(blake2b(words.encode("utf-8", "surrogatepass"), digest_size=8).digest(), signed=True)
    if len(words) < _SHINGLE:
        return (exact,)
    sketch = RMinHash(num_perm=_BANDS * _ROWS, seed=_SEED)
    sketch.update(_shingles(words))
    values = sketch.digest()
    return (exact, *(_signed(values[i], values[i + 1]) for i in range(0, len(values), _ROWS)))


def _signed(high: int, low: int) -> int:
    key = high << 32 | low
    return key - (1 << 64) if key >> 63 else key


def _shingles(words: str) -> list[bytes]:
    units = words.encode("utf-16-le", "surrogatepass")
    width = 2 * _SHINGLE
    return [units[start : start + width] for start in range(0, len(units) - width + 1, 2)]


def _body(text: str) -> str:
    folded = fold(text[:_LONGEST])
    head = _HEAD.match(folded)
    start = head.end() if head else 0
    end = len(folded)
    while tail := _TAIL.search(folded, max(start, end - _TAIL_LENGTH), end):
        end = tail.start()
    return folded[start:end]
