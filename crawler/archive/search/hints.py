"""What was understood of a query, and what in it does not mean what its author may have meant.

Pure functions of the query's text, for when it finds nothing. Not here: what a query means
(`crawler.archive.search.query`), and hints on filters, for which the archive is asked (`crawler.archive.asking`).
"""

from __future__ import annotations

import re
from functools import reduce
from typing import TYPE_CHECKING

from crawler.archive.search.query import parse, words
from crawler.language import Sentence
from crawler.text.words import is_cjk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.archive.search.query import Query, Term

_AND = Sentence("words must all occur anyway")
_OR = Sentence("OR in capitals, between two terms, accepts either")
_NOT = Sentence("a minus right before a term excludes it: -广告")
_NEAR = Sentence('"…" finds what stands side by side')
# What other programs take for an operator is a word here.
_NO_OPERATORS = {"and": _AND, "or": _OR, "not": _NOT, "near": _NEAR}
# Or only separates words. Within a word some of these are nothing special: 5G+VR, AT&T.
_NO_SIGNS = {"*": Sentence("a term is whole words, and each CJK character is one"), "|": _OR, "&": _AND, "+": _AND}
_SIGNS = re.compile(r"[*|]|^[&+]")


def understood(query: str) -> str:
    """Return what a query means: `"江西" and ("5g" or "6g"), without "广告"`; "" if it asks for nothing."""
    meant = parse(query)
    wanted = reduce(_both, map(_either, meant.wanted)) if meant.wanted else ""
    if not meant.unwanted:
        return wanted
    without = Sentence("without {terms}", terms=reduce(_one_of, map(_written, meant.unwanted)))
    return Sentence("{wanted}, {without}", wanted=wanted, without=without) if wanted else without


def on_query(query: str) -> list[str]:
    """Return a sentence on each thing in a query that may not mean what its author meant; none if it is plain."""
    return list(dict.fromkeys(_hints(query, parse(query))))


def _hints(query: str, meant: Query) -> Iterator[str]:
    if not meant.wanted:
        yield _on_nothing_wanted(query, meant)
    for word in words(query):
        if word.sign:
            continue
        operator = _NO_OPERATORS.get(word.text.lower())
        if operator and word.text != "OR":
            yield Sentence("{word} is searched as a word: {operator}.", word=word.text, operator=operator)
        for sign in _SIGNS.findall(word.text):
            yield Sentence("{sign} only separates words: {advice}.", sign=sign, advice=_NO_SIGNS[sign])


def _on_nothing_wanted(query: str, meant: Query) -> str:
    if meant.unwanted:
        return Sentence("The query only excludes: give a word that must occur as well.")
    if query.strip():
        return Sentence("The query has no word in it, only signs: give a word, or part of a sentence in quotes.")
    return Sentence("The query is empty: give a word.")


def _either(group: tuple[Term, ...]) -> str:
    said = reduce(_one_of, map(_written, group))
    return Sentence("({terms})", terms=said) if len(group) > 1 else said


def _one_of(first: str, second: str) -> str:
    return Sentence("{first} or {second}", first=first, second=second)


def _both(first: str, second: str) -> str:
    return Sentence("{first} and {second}", first=first, second=second)


def _written(term: Term) -> str:
    """Return a term as one could type it, in quotes, lest `and` is read as ours."""
    if term.written is not None:
        return f'="{term.written}"'
    joined = "".join(
        token if not at or is_cjk(token) or is_cjk(term.tokens[at - 1]) else f" {token}"
        for at, token in enumerate(term.tokens)
    )
    return f'"{joined}"'
