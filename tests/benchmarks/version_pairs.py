"""Labelled pairs of texts, versions of one post and strangers, in Chinese and English, short and long.

Chinese is `natural`; English is the prose that Python brings along about itself, no passage of it in both texts of a
pair. Not here: the measuring (`likeness.py` beside this file), and pairs of stories (`story_pairs.py`).
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from functools import cache, partial
from pydoc_data.topics import topics
from typing import TYPE_CHECKING

import natural

from crawler.text.words import sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Write = Callable[[random.Random, int], str]
    Edit = Callable[[random.Random, str, Write], str]

LENGTHS = (100, 500, 3_000)
_PAIRS = 200
_PARAGRAPH = 150  # characters; a shorter one of the English prose is a heading or code
_EVERY = 20  # words, of which a light edit changes one


@dataclass(frozen=True, slots=True)
class VersionPair:
    """Two texts of about `length` characters, and whether they are versions of one post."""

    kind: str
    language: str
    length: int
    one: str
    other: str
    same: bool


def version_pairs(seed: int) -> Iterator[VersionPair]:
    """Yield all pairs; with one Python the same for the same seed."""
    for language, write in (("Chinese", _chinese), ("English", _english)):
        for length in LENGTHS:
            for kind, (same, edit) in _EDITS.items():
                chance = random.Random(f"{seed} {language} {length} {kind}")
                for _ in range(_PAIRS):
                    text = write(chance, length)
                    yield VersionPair(kind, language, length, text, edit(chance, text, write), same)


def _chinese(chance: random.Random, length: int) -> str:
    return "\n".join(natural.paragraphs(chance, length))[:length]


def _english(chance: random.Random, length: int) -> str:
    """Return paragraphs that were not given out before, until all were."""
    if not _unused:
        _unused.extend(chance.sample(_prose(), len(_prose())))
    text = _unused.pop()
    return text[:length] if len(text) >= length else f"{text}\n{_english(chance, length - len(text) - 1)}"


_unused: list[str] = []


@cache
def _prose() -> list[str]:
    parts = (" ".join(part.split()) for topic in topics.values() for part in re.split(r"\n\s*\n", topic))
    return sorted({part for part in parts if len(part) > _PARAGRAPH and part[0].isalpha()})


def _light(chance: random.Random, text: str, write: Write) -> str:
    words = re.findall(r"[a-zA-Z]+|.|\n", text)
    others = [word for word in re.findall(r"[a-zA-Z]+|.", write(chance, len(text))) if word.isalpha()]
    for _ in range(max(1, len(words) // _EVERY)):
        words[chance.randrange(len(words))] = chance.choice(others)
    return "".join(words)


def _other_lead(chance: random.Random, text: str, write: Write) -> str:
    lead = len(text) // 3
    return write(chance, lead) + text[lead:]


def _added(chance: random.Random, text: str, write: Write) -> str:
    return f"{text}\n{write(chance, len(text))}"


def _to_a_third(chance: random.Random, text: str, _write: Write) -> str:
    parts = sentences(text)
    kept = sorted(chance.sample(range(len(parts)), max(1, len(parts) // 3)))
    short = "".join(parts[number] for number in kept)
    return short if len(short) >= len(text) // 4 else text[: len(text) // 3]


def _stranger(chance: random.Random, text: str, write: Write) -> str:
    return write(chance, len(text))


def _of_one_topic(chance: random.Random, text: str, write: Write) -> str:
    """Return another text with phrases of the first in a fifth of its places."""
    phrases = [text[at : at + 6] for at in (chance.randrange(max(1, len(text) - 6)) for _ in range(6))]
    parts = re.split("([，。])", write(chance, len(text)))
    return "".join(part if chance.random() < 1 - 1 / 5 else chance.choice(phrases) for part in parts)


def _series(chance: random.Random, text: str, write: Write, *, repeated: float) -> str:
    """Return another text between the beginning and the end of the first."""
    ends = int(len(text) * repeated / 2)
    return text[:ends] + write(chance, len(text) - 2 * ends) + text[len(text) - ends :]


_EDITS: dict[str, tuple[bool, Edit]] = {
    "every twentieth word changed": (True, _light),
    "first third rewritten": (True, _other_lead),
    "as much added": (True, _added),
    "cut to a third": (True, _to_a_third),
    "strangers": (False, _stranger),
    "strangers of one topic": (False, _of_one_topic),
    "a series, a third repeated": (False, partial(_series, repeated=1 / 3)),
    "a series, half repeated": (False, partial(_series, repeated=1 / 2)),
}
