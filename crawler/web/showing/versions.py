"""Two versions of a text as one, with what was removed and what was added between what stayed."""

from __future__ import annotations

from difflib import SequenceMatcher

from crawler.text.differences import split_sentences

_MANY = 2_000  # sentences; in a longer text, frequent ones are no landmarks, which would take quadratic time
_BREAK = "\n"

Line = list[tuple[str, str]]
"""A line in stretches, each with what became of it: "" if it stayed, "removed" or "added"."""


def as_one(before: str, after: str) -> list[Line]:
    """Return the lines of both texts, sentence by sentence."""
    old, new = _sentences(before), _sentences(after)
    matcher = SequenceMatcher(None, old, new, autojunk=max(len(old), len(new)) > _MANY)
    lines: list[Line] = [[]]
    for tag, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            _add(lines, "", new[new_start:new_end])
        else:
            _add(lines, "removed", old[old_start:old_end])
            _add(lines, "added", new[new_start:new_end])
    return [line for line in lines if line]


def _sentences(text: str) -> list[str]:
    """Return the sentences of a text, with a line break between lines."""
    return [part for line in text.splitlines() for part in (*split_sentences(line), _BREAK)]


def _add(lines: list[Line], kind: str, sentences: list[str]) -> None:
    for sentence in sentences:
        if sentence == _BREAK:
            lines.append([])
        else:
            lines[-1].append((kind, sentence))
