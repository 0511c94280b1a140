"""How a query asks the search index: as what may be meant, and what surely is.

A term of up to three tokens is one word of the index. A longer one is found by its threes where these can only stand
in a row: from one to the next the two tokens they share lead on in one way, in this post. Where they might not, the
text decides (`crawler.archive.search.query`). Not here: the words (`crawler.archive.search.words`), and asking.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.archive.search.words import AFTER, BEFORE, EVERY, LONGEST, LONGEST_TOKEN, NEVER, TITLE, marked, threes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crawler.archive.search.query import Query, Term

_LONGEST_SURE = 12  # tokens of a term that is found by its threes alone; fewer posts have a longer one
_MOST_WORDS = 100  # of one term, and of all that are long; more narrow nothing down
_MOST_OF_ALL = 1_000  # tokens of a query that are looked up; of what is beyond them the text decides


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
    wanted = list(_affordable(query.wanted))
    beyond = len(wanted) < len(query.wanted)
    must = list(filters)
    short = [term for term in query.unwanted if _is_word(term)][:_MOST_WORDS]
    # Without a group that can be looked up, every post may be meant.
    found = _all([*must, *(_any(_maybe(term) for term in group) for group in wanted)]) or f'"{EVERY}"'
    maybe = _without(found, map(_maybe, short))
    in_title = _all(_any(_maybe(term, TITLE) for term in group) for group in wanted) or f'"{EVERY}"'
    if not beyond and all(map(_is_word, (*query.terms, *query.unwanted))) and len(short) == len(query.unwanted):
        return Expressions(maybe, None, in_title)
    long = sum(len(term.tokens) for term in (*query.terms, *query.unwanted) if not _is_word(term))
    if beyond or long > _MOST_WORDS or len(query.unwanted) > _MOST_WORDS:
        return Expressions(maybe, f'"{NEVER}"', in_title)
    surely = _all([*must, *(_any(map(_surely, group)) for group in wanted)])
    return Expressions(maybe, _without(surely, map(_maybe, query.unwanted)), in_title)


def _affordable(groups: Iterable[tuple[Term, ...]]) -> Iterator[tuple[Term, ...]]:
    """Yield the groups that are looked up: as many as do not take too many words together."""
    left = _MOST_OF_ALL
    for group in groups:
        words = sum(len(term.tokens) for term in group)
        if words <= left:
            left -= words
            yield group


def _maybe(term: Term, mark: str = "") -> str:
    """Return what finds all posts that have a term, and perhaps others."""
    return _all(f'"{mark}{word}"' for word in threes(marked(term.tokens))[:_MOST_WORDS])


def _surely(term: Term) -> str:
    """Return what finds posts that have a term for certain.

    One of its threes stands somewhere; from there on to the right, every two tokens lead on in one way only, and to
    the left likewise, so that all the others stand beside it.
    """
    tokens = marked(term.tokens)
    words = threes(tokens)[:_MOST_WORDS]
    if _is_word(term):
        return _all(f'"{word}"' for word in words)
    if len(tokens) > _LONGEST_SURE or any(len(token) > LONGEST_TOKEN for token in term.tokens):
        return f'"{NEVER}"'
    inner = ["".join(tokens[at : at + 2]) for at in range(1, len(tokens) - 2)]
    forks = [
        _any([*(f'"{AFTER}{two}"' for two in inner[:at]), *(f'"{BEFORE}{two}"' for two in inner[at:])])
        for at in range(len(words))
    ]
    return _any(_without(_all(f'"{word}"' for word in words), [fork]) for fork in forks)


def _all(parts: Iterable[str]) -> str:
    return " AND ".join(f"({part})" for part in parts)


def _any(parts: Iterable[str]) -> str:
    return " OR ".join(f"({part})" for part in parts)


def _without(found: str, parts: Iterable[str]) -> str:
    unwanted = _any(parts)
    return f"({found}) NOT ({unwanted})" if unwanted else found


def _is_word(term: Term) -> bool:
    """Tell whether a term is one word of the index."""
    return len(term.tokens) <= LONGEST and all(len(token) <= LONGEST_TOKEN for token in term.tokens)
