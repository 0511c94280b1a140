"""Chinese text whose words are as many and as varied as those of real news; the same for a seed on every machine.

Text that is put together from the sentences of one post has few words, and an index of it is a third of what it is on
real posts. Here words come by their frequency from the list of the package jieba (MIT), phrases of them are used by
Zipf's law, and each text has some of them as its topic beside words of its own: held against 5,319 real posts, words
and distinct words a post, and those of a thousand posts, agree within a tenth. Not here: posts (`corpus`).
"""

from __future__ import annotations

import random
import re
from functools import cache
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path

_SEEN = 20  # times that jieba has met a word at least
_PHRASES = 20_000
_RANK = 3  # Zipf's law from this rank on
_OF_A_TOPIC = 12
# What a part of a sentence is: a phrase that all texts share, one of the topic, or words of its own.
_SHARED, _TOPICAL = 0.36, 0.24
_SENTENCES_A_PARAGRAPH = 3


def paragraphs(chance: random.Random, length: int) -> list[str]:
    """Return the paragraphs of a text of about `length` characters."""
    topic = chance.sample(_phrases(), _OF_A_TOPIC)
    said: list[str] = []
    while sum(map(len, said)) < length:
        said.append("".join(_sentence(chance, topic) for _ in range(_SENTENCES_A_PARAGRAPH)))
    return said


def title(chance: random.Random) -> str:
    """Return a title: two phrases that others use as well."""
    return "".join(chance.choices(_phrases(), cum_weights=_zipf(), k=2))


def word(chance: random.Random) -> str:
    """Return a word by its frequency."""
    words, weights = _words()
    return chance.choices(words, cum_weights=weights)[0]


def _sentence(chance: random.Random, topic: list[str]) -> str:
    parts = [_part(chance, topic) + chance.choice(["，", "", "", "、"]) for _ in range(chance.randrange(2, 6))]
    return "".join(parts).rstrip("，、") + "。"


def _part(chance: random.Random, topic: list[str]) -> str:
    die = chance.random()
    if die < _SHARED:
        return chance.choices(_phrases(), cum_weights=_zipf())[0]
    if die < _SHARED + _TOPICAL:
        return chance.choice(topic)
    words, weights = _words()
    return "".join(chance.choices(words, cum_weights=weights, k=3))


@cache
def _words() -> tuple[list[str], list[int]]:
    """Return the words that jieba has met often enough, and how often, as sums over all before."""
    found = find_spec("jieba")
    if found is None or found.origin is None:
        message = "The benchmarks make text of the words of jieba: pip install 'finews-archive[corpus]'."
        raise SystemExit(message)
    lines = Path(found.origin).with_name("dict.txt").read_text(encoding="utf-8").splitlines()
    listed = [(word, int(times)) for word, times, *_ in map(str.split, lines)]
    kept = [(word, times) for word, times in listed if times >= _SEEN and re.fullmatch(r"[\u4e00-\u9fff]+", word)]
    return [word for word, _ in kept], list(accumulate(times for _, times in kept))


@cache
def _phrases() -> list[str]:
    chance = random.Random(5)
    words, weights = _words()
    return ["".join(chance.choices(words, cum_weights=weights, k=chance.randrange(2, 7))) for _ in range(_PHRASES)]


@cache
def _zipf() -> list[float]:
    return list(accumulate(1 / (rank + _RANK) for rank in range(_PHRASES)))
