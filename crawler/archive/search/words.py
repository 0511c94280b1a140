"""The words of the search index: what the row of a post holds, and what a term is looked up by.

Table `search` holds every two neighbouring tokens of a title and of a text as one word, in their order, so a term of
two tokens is a word there and a longer one a phrase of such pairs:

    江西5G应用   ->   江西 西5g_ 5g_应 应用 用。       西5G应 is the phrase "西5g_ 5g_应"

A run of letters or digits ends in `_`, which keeps `5g` + `vr` and `5` + `gvr` apart, and `。` stands after the last
token of all. Table `search_tokens` holds every token once, for terms of one: those of a title again with `¶` before
them. Every row has `§` in both. No token has these signs.

Search engines know the pairs as CJK bigrams. With single tokens as words the index would be half as large, but a
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
"""The word every row has, in either table."""

NEVER = "§never"
"""What no row has, in either table."""

TITLE = "¶"
"""What tokens of the title begin with."""

_END = "。"
_LONGEST = 64  # characters of a token; of a longer one the index holds a digest, since FTS5 would cut it some day


class Words(NamedTuple):
    """What a row of the index holds, parted by spaces: pairs of the title, pairs of the text, every token once."""

    title: str
    text: str
    tokens: str


def words_of(title: str, text: str) -> Words:
    """Return the words that a post with this title and this plain text is found by."""
    of_title, of_text = (_indexed_in(field) for field in (title, text))
    once = [EVERY, *dict.fromkeys(of_title + of_text), *(TITLE + token for token in dict.fromkeys(of_title))]
    return Words(" ".join(pairs([*of_title, _END])), " ".join([*pairs([*of_text, _END]), EVERY]), " ".join(once))


def pairs(indexed: list[str]) -> list[str]:
    """Return every two neighbouring tokens as one word; none of fewer than two."""
    return list(map(operator.add, indexed, indexed[1:]))


def as_indexed(tokens: Iterable[str]) -> list[str]:
    """Return tokens as the index has them."""
    return [token if is_cjk(token) else _run(token) for token in tokens]


def _indexed_in(text: str) -> list[str]:
    """Return the tokens of a text as the index has them."""
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
