"""The words of the search index: what the row of a post holds, and by what a term is looked up.

The table `search` holds every pair of neighbouring tokens of a title and of a text as one word, in order. A term of
two tokens is one such word, and a longer term is a phrase of them:

    江西5G应用   ->   江西 西5g_ 5g_应 应用 用。       西5G应 is the phrase "西5g_ 5g_应"

A run of letters or digits ends in `_`, so that `5g` + `vr` and `5` + `gvr` differ, and `。` follows the last token.
The table `search_tokens` serves terms of a single token: it holds every token of a post once, and those of the title
a second time after a `¶`. In both tables every row has the word `§`. No token contains any of these signs.

Search engines call the pairs CJK bigrams. With single tokens as words the index would be half as large, but a
frequent term would take ten times as long. Not here: the index itself (`crawler.archive.search.index`), and what a
query asks it (`crawler.archive.search.lookup`).
"""

from __future__ import annotations

import operator
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from crawler.text.variants import unify
from crawler.text.words import is_cjk, split

if TYPE_CHECKING:
    from collections.abc import Iterable

EVERY = "§"
"""The word that every row has, in both tables."""

NEVER = "§never"
"""A word that no row has, in either table."""

TITLE = "¶"
"""The sign before a token of the title."""

_END = "。"
_LONGEST = 64  # characters of a token; of a longer one the index holds a digest, since FTS5 cuts very long words


class Words(NamedTuple):
    """What a row of the index holds, separated by spaces: pairs of the title, pairs of the text, every token once."""

    title: str
    text: str
    tokens: str


def words_of(title: str, text: str) -> Words:
    """Return the words by which a post with this title and this plain text is found."""
    of_title, of_text = (_indexed_in(field) for field in (title, text))
    once = [EVERY, *dict.fromkeys(of_title + of_text), *(TITLE + token for token in dict.fromkeys(of_title))]
    return Words(" ".join(pairs([*of_title, _END])), " ".join([*pairs([*of_text, _END]), EVERY]), " ".join(once))


def pairs(indexed: list[str]) -> list[str]:
    """Return each pair of neighbouring tokens as one word."""
    return list(map(operator.add, indexed, indexed[1:]))


def as_indexed(tokens: Iterable[str]) -> list[str]:
    """Return tokens in the form they have in the index."""
    return [token if is_cjk(token) else _run(token) for token in tokens]


def _indexed_in(text: str) -> list[str]:
    """Return the tokens of a text in the form they have in the index."""
    found: list[str] = []
    for characters, word in split(unify(text)):
        if characters:
            found += characters
        else:
            found.append(_run(word))
    return found


def _run(token: str) -> str:
    if len(token) <= _LONGEST:
        return f"{token}_"
    return f"_{blake2b(token.encode(errors='surrogatepass'), digest_size=16).hexdigest()}_"
