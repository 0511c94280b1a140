"""A query as SQL on the index, and whether that settles which posts match or their texts must be read as well.

A term of one token is looked up among the tokens, a longer one among the pairs. An expression of FTS5 is about one
table, so what concerns the other one becomes an `IN`. Not here: the words of the index
(`crawler.archive.search.words`), and running the SQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.archive.search.words import EVERY, TITLE, as_indexed, pairs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crawler.archive.search.query import Query, Term

_LONGEST = 100  # tokens of a term that are looked up; whether the rest follows, the text decides
_MOST = 1_000  # tokens of a query that are looked up; likewise


@dataclass(frozen=True, slots=True)
class Lookup:
    """Candidate rows of the index as `SELECT rowid …`; if it `decides`, every one of them matches."""

    sql: str
    values: tuple[str, ...]
    decides: bool

    def within(self, first: int, last: int) -> str:
        """Return the SQL for the rows from `first` to `last`."""
        return self.sql.replace(" MATCH ?", f" MATCH ? AND rowid BETWEEN {first:d} AND {last:d}")


def lookup(query: Query, *, in_title: bool = False) -> Lookup:
    """Return the lookup of a query that wants something; with `in_title`, of posts whose title has every wanted term.

    Terms that are not wanted are excluded from title and text either way.
    """
    wanted = list(_affordable(query.wanted))
    unwanted = [term for term in query.unwanted if _is_known(term)][:_LONGEST]
    long = _Table("search", [group for group in wanted if not any(map(_is_token, group))], in_title=in_title)
    short = _Table("search_tokens", [group for group in wanted if all(map(_is_token, group))], in_title=in_title)
    long.exclude(term for term in unwanted if not _is_token(term))
    short.exclude(term for term in unwanted if _is_token(term))
    if not long.wanted and not short.wanted:  # every group has terms of both kinds, or is too long to look up
        short.wanted.append(f'"{EVERY}"')
    first, second = (long, short) if long.wanted else (short, long)
    conditions = [*second.conditions(), *(_either(group, in_title=in_title) for group in wanted if _is_mixed(group))]
    found = f"SELECT rowid FROM {first.name} WHERE {first.name} MATCH ?"  # noqa: S608  # one of two names
    sql = " AND ".join([found, *(condition for condition, _ in conditions)])
    decides = (
        len(wanted) == len(query.wanted) and len(unwanted) == len(query.unwanted) and all(map(_is_known, query.terms))
    )
    return Lookup(sql, (first.expression(), *(value for _, values in conditions for value in values)), decides)


def expression(query: Query) -> str:
    """Return what to `MATCH` in the table `search` alone, where a single token is the beginning of a pair.

    It finds what `lookup` does, though slower for a frequent character.
    """
    groups = _affordable(query.wanted)
    wanted = _all(_any(_word(term, beginning=True) for term in group) for group in groups) or f'"{EVERY}"'
    unwanted = [term for term in query.unwanted if _is_known(term)][:_LONGEST]
    return _without(wanted, [_word(term, beginning=True) for term in unwanted])


class _Table:
    """A table of the index, with the terms it is to find and those it is to exclude."""

    def __init__(self, name: str, groups: Iterable[tuple[Term, ...]], *, in_title: bool) -> None:
        self.name = name
        self.wanted = [_alternatives(group, in_title=in_title) for group in groups]
        self.unwanted: list[str] = []

    def exclude(self, terms: Iterable[Term]) -> None:
        self.unwanted += map(_word, terms)

    def expression(self) -> str:
        return _without(_all(self.wanted), self.unwanted)

    def conditions(self) -> Iterator[tuple[str, list[str]]]:
        """Yield the conditions on rows that the other table finds, with their values."""
        if self.wanted:
            yield _is_in(self.name), [self.expression()]
        elif self.unwanted:
            yield f"NOT {_is_in(self.name)}", [_any(self.unwanted)]


def _either(group: tuple[Term, ...], *, in_title: bool) -> tuple[str, list[str]]:
    """Return the condition for alternatives some of which are single tokens and some longer."""
    of_tokens = tuple(term for term in group if _is_token(term))
    of_pairs = tuple(term for term in group if not _is_token(term))
    values = [_alternatives(terms, in_title=in_title) for terms in (of_pairs, of_tokens)]
    return f"({_is_in('search')} OR {_is_in('search_tokens')})", values


def _is_in(table: str) -> str:
    # The plus keeps SQLite from running the subquery again for every row.
    return f"(+rowid IN (SELECT rowid FROM {table} WHERE {table} MATCH ?))"  # noqa: S608  # one of two names


def _affordable(groups: Iterable[tuple[Term, ...]]) -> Iterator[tuple[Term, ...]]:
    """Yield the groups that are looked up: those that fit into the limit of tokens."""
    left = _MOST
    for group in groups:
        words = sum(min(len(term.tokens), _LONGEST) for term in group)
        if words <= left:
            left -= words
            yield group


def _alternatives(terms: tuple[Term, ...], *, in_title: bool) -> str:
    """Return the expression for any of the terms, which are all single tokens or all longer."""
    if not in_title:
        return _any(map(_word, terms))
    if _is_token(terms[0]):
        return _any(f'"{TITLE}{token}"' for term in terms for token in as_indexed(term.tokens))
    return f"{{title_pairs}} : ({_any(map(_word, terms))})"


def _word(term: Term, *, beginning: bool = False) -> str:
    """Return the word or phrase that finds a term; with `beginning`, a single token as the beginning of a pair."""
    indexed = as_indexed(term.tokens[:_LONGEST])
    if len(indexed) == 1:
        return f'"{indexed[0]}"{"*" if beginning else ""}'
    return f'"{" ".join(pairs(indexed))}"'


def _is_token(term: Term) -> bool:
    return len(term.tokens) == 1


def _is_mixed(group: tuple[Term, ...]) -> bool:
    return any(map(_is_token, group)) and not all(map(_is_token, group))


def _is_known(term: Term) -> bool:
    """Tell whether the index alone settles which posts have a term."""
    return term.written is None and len(term.tokens) <= _LONGEST


def _all(parts: Iterable[str]) -> str:
    return " AND ".join(f"({part})" for part in parts)


def _any(parts: Iterable[str]) -> str:
    return " OR ".join(f"({part})" for part in parts)


def _without(found: str, unwanted: list[str]) -> str:
    return f"({found}) NOT ({_any(unwanted)})" if unwanted else found
