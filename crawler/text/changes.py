"""The changes between two versions of a post: types for title, time, sentences and figures, and their JSON form.

Not here: finding changes (`crawler.text.differences`), and printing them (`crawler.cli`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Kind = Literal["added", "removed", "changed", "moved"]
"""What became of a sentence."""

Parts = tuple[tuple[str, bool], ...]
"""A sentence in pieces, each with whether it changed; joined, they are the sentence."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a post: its `title`, publication time (ISO 8601), and plain `text` with one line per block."""

    title: str
    published_at: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a sentence or title: its `kind`, and the sentence in both versions with its changes marked.

    "added" has no parts before, "removed" none after; "moved" has equal parts on both sides, with nothing marked.
    """

    kind: Kind
    before_parts: Parts
    after_parts: Parts

    @property
    def before(self) -> str:
        """The sentence as it was, or ""."""
        return "".join(text for text, _ in self.before_parts)

    @property
    def after(self) -> str:
        """The sentence as it is now, or ""."""
        return "".join(text for text, _ in self.after_parts)


@dataclass(frozen=True, slots=True)
class FigureChange:
    """A figure that changed, with the sentences (or titles) it is in; "" if the figure or the sentence is missing."""

    before: str
    after: str
    before_sentence: str
    after_sentence: str


@dataclass(frozen=True, slots=True)
class Changes:
    """All changes between two versions; `title` and `published_at` (before, after) are `None` if unchanged.

    `figures` has those of the title first, then those of the text; `sentences` are in the order of the new text.
    """

    title: Change | None
    published_at: tuple[str, str] | None
    figures: tuple[FigureChange, ...]
    sentences: tuple[Change, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed at all."""
        return self.title is None and self.published_at is None and not self.sentences


def as_dict(changes: Changes) -> dict[str, Any]:
    """Return `changes` as JSON values; each part of a sentence becomes `{"text": ..., "changed": ...}`."""
    return {
        "title": changes.title and _change_as_dict(changes.title),
        "published_at": changes.published_at and dict(zip(("before", "after"), changes.published_at, strict=True)),
        "figures": [asdict(figure) for figure in changes.figures],
        "sentences": [_change_as_dict(sentence) for sentence in changes.sentences],
    }


def _change_as_dict(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "before": change.before,
        "after": change.after,
        "before_parts": [{"text": text, "changed": changed} for text, changed in change.before_parts],
        "after_parts": [{"text": text, "changed": changed} for text, changed in change.after_parts],
    }
