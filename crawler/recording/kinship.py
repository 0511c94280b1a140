"""How much two texts have in common, so that versions of one post are told from posts that only share its name.

Single characters and words say nothing: any two texts of a language share a third of them. Runs of three tokens are
rare enough. `tests/benchmarks/likeness.py` measures how well they tell versions from strangers. Not here: whether two
posts tell the same story (`crawler.text.near_duplicates`), which goes by figures and names as well.
"""

from __future__ import annotations

from crawler.text.words import tokens

_RUN = 3  # tokens


def common(one: str, other: str) -> float:
    """Return which share of the runs of three tokens in the shorter text stands in the other too, from 0 to 1.

    A text that was cut short or added to has everything in common with the whole. Texts of fewer tokens are compared
    as one run, and two without any are the same.
    """
    fewer, more = sorted((_runs(one), _runs(other)), key=len)
    return len(fewer & more) / len(fewer)


def _runs(text: str) -> set[tuple[str, ...]]:
    found = tokens(text)
    return set(zip(found, found[1:], found[2:], strict=False)) or {tuple(found)}
