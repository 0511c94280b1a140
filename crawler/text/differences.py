"""Finding what changed between two versions of a post, sentence by sentence, in a form that suits Chinese.

White space, character width, case, thousands separators and the position of line breaks are ignored. Changed figures
are also listed separately. Pure functions over strings. Not here: what a figure is (`crawler.text.figures`), and how
a change is represented (`crawler.text.changes`).
"""

from __future__ import annotations

import re
from bisect import bisect
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from itertools import groupby, pairwise, zip_longest
from typing import TYPE_CHECKING

from crawler.text.changes import Change, Changes, FigureChange
from crawler.text.figures import Piece, figures_in, pieces
from crawler.text.words import bare, fold, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crawler.text.changes import Parts, Version

# Two sentences count as one that changed if they share at least this fraction of their words and word pairs.
_SIMILAR = 0.4
# A sentence is compared with this many on either side of the same position, and in short texts with more, as long as
# there are no more comparisons than the second number.
_REACH, _COMPARISONS = 20, 1000
# A sentence with more pieces is not compared in detail, because that takes quadratic time.
_LONGEST = 500
# In a text with more sentences, frequent ones do not serve as anchors, for the same reason.
_MANY = 2000

# A sentence with its final punctuation, full-width or not, and the quotes and brackets closed after that.
_ENDS, _CLOSERS = "。｡！？!?；;", "”’）)」｣』》"
_SENTENCE = re.compile(rf"[^{_ENDS}]*+[{_ENDS}](?:\s*[{_ENDS}{_CLOSERS}])*|[^{_ENDS}]+")

_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?!,?\d)")
_CJK_CHARACTER = re.compile(r"[\u3400-\u9fff]\s*")


def compare(before: Version, after: Version) -> Changes:
    """Return all changes from `before` to `after`."""
    title, sentences = _title(before.title, after.title), _sentences(before.text, after.text)
    figures_of_title = _figure_changes([title]) if title else []
    return Changes(
        title,
        _time(before.published_at, after.published_at),
        (*figures_of_title, *_figure_changes(sentences)),
        tuple(sentences),
    )


def split_sentences(text: str) -> list[str]:
    """Split `text` at the ends of sentences and lines; a sentence keeps its final punctuation.

    An ASCII full stop does not end a sentence, because it occurs in numbers and abbreviations.
    """
    return [line for sentence in _SENTENCE.findall(text) for line in _lines(sentence)]


def _title(before: str, after: str) -> Change | None:
    return None if _key(before) == _key(after) else _changed(before, after)


def _time(before: str, after: str) -> tuple[str, str] | None:
    """Return both times, or `None` if they are the same point in time."""
    instant = _instant(before)
    same = before == after or (instant is not None and instant == _instant(after))
    return None if same else (before, after)


def _instant(written: str) -> datetime | None:
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        return None


def _key(text: str) -> str:
    """Return a key that is equal for sentences that differ only in what is ignored."""
    return _GROUPED.sub(lambda number: number[0].replace(",", ""), bare(fold(text)))


def _lines(text: str) -> list[str]:
    return [line for line in map(str.strip, text.splitlines()) if line]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Consecutive sentences that were replaced, and those that replaced them."""

    old: list[str]
    new: list[str]


def _sentences(before: str, after: str) -> list[Change]:
    if _key(before) == _key(after):
        return []
    stretches = list(_stretches(before, after))
    moved = _count(stretch.old for stretch in stretches) & _count(stretch.new for stretch in stretches)
    leaving, arriving = moved, moved.copy()
    changes: list[Change] = []
    for stretch in stretches:
        old = [sentence for sentence in stretch.old if not _take(leaving, sentence)]
        moved_here = {at for at, sentence in enumerate(stretch.new) if _take(arriving, sentence)}
        changes += _explained(old, stretch.new, moved_here)
    return changes


def _stretches(before: str, after: str) -> Iterator[_Stretch]:
    """Yield what differs, compared first by whole sentences, whatever their line breaks, and then line by line."""
    for whole in _differing(_SENTENCE.findall(before), _SENTENCE.findall(after)):
        old = [line for sentence in whole.old for line in _lines(sentence)]
        new = [line for sentence in whole.new for line in _lines(sentence)]
        yield from _differing(old, new)


def _differing(old: list[str], new: list[str]) -> Iterator[_Stretch]:
    """Yield the stretches that differ, except those that only have other line breaks."""
    matcher = SequenceMatcher(None, [*map(_key, old)], [*map(_key, new)], autojunk=len(new) > _MANY)
    for tag, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        stretch = _Stretch(old[old_start:old_end], new[new_start:new_end])
        if tag != "equal" and _key("".join(stretch.old)) != _key("".join(stretch.new)):
            yield stretch


def _count(parts: Iterable[list[str]]) -> Counter[str]:
    return Counter(_key(sentence) for sentences in parts for sentence in sentences)


def _take(left: Counter[str], sentence: str) -> bool:
    """Remove `sentence` from what is `left` and return whether it was there."""
    key = _key(sentence)
    is_left = left[key] > 0
    left[key] -= is_left
    return is_left


def _explained(old: list[str], new: list[str], moved: set[int]) -> list[Change]:
    """Return what became of each sentence of a stretch; `moved` are the positions in `new` of moved sentences."""
    changes: list[Change] = []
    old_at = new_at = 0
    pairs = _pairs(old, new, moved)
    for old_next, new_next in [*pairs, (len(old), len(new))]:
        changes += [Change("removed", ((sentence, True),), ()) for sentence in old[old_at:old_next]]
        changes += [_arrived(new[at], moved=at in moved) for at in range(new_at, new_next)]
        old_at, new_at = old_next + 1, new_next + 1
        if old_next < len(old) and new_next < len(new):
            changes.append(_changed(old[old_next], new[new_next]))
    return changes


def _arrived(sentence: str, *, moved: bool) -> Change:
    same: Parts = ((sentence, False),)
    return Change("moved", same, same) if moved else Change("added", (), ((sentence, True),))


def _pairs(old: list[str], new: list[str], moved: set[int]) -> list[tuple[int, int]]:
    """Return the positions of sentences that turned into each other, in order; the most similar win, none cross."""
    pairs: list[tuple[int, int]] = []
    for _, _, old_at, new_at in sorted(_candidates(old, new, moved)):
        place = bisect(pairs, (old_at, new_at))
        around = [*pairs[max(place - 1, 0) : place], (old_at, new_at), *pairs[place : place + 1]]
        if all(one[0] < next_[0] and one[1] < next_[1] for one, next_ in pairwise(around)):
            pairs.insert(place, (old_at, new_at))
    return pairs


def _candidates(old: list[str], new: list[str], moved: set[int]) -> Iterator[tuple[float, int, int, int]]:
    """Yield similar sentences at about the same position: negative similarity, distance, and both positions."""
    words_of_new = [frozenset[str]() if at in moved else _words(sentence) for at, sentence in enumerate(new)]
    reach = max(_REACH, _COMPARISONS // max(len(old), 1))
    for old_at, words in enumerate(map(_words, old)):
        middle = old_at * len(new) // len(old)
        for new_at in range(max(middle - reach, 0), min(middle + reach + 1, len(new))):
            similarity = _similarity(words, words_of_new[new_at])
            if similarity >= _SIMILAR:
                yield -similarity, abs(new_at - middle), old_at, new_at


def _words(sentence: str) -> frozenset[str]:
    """Return the words and word pairs of a sentence; the pairs tell apart sentences that share only common words.

    The result is empty for a sentence too long to be compared in detail, so that it is similar to no other.
    """
    if len(sentence) > _LONGEST:
        return frozenset()
    words = tokens(sentence)
    return frozenset([*words, *(f"{one} {next_}" for one, next_ in pairwise(words))])


def _similarity(one: frozenset[str], other: frozenset[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other)) if one or other else 0.0


@dataclass(frozen=True, slots=True)
class _Block:
    """Consecutive pieces that are the same in both sentences, or that replaced each other."""

    old: list[Piece]
    new: list[Piece]
    changed: bool


def _blocks(before: str, after: str) -> list[_Block]:
    """Divide two sentences into what stayed the same and what changed."""
    old, new = pieces(before), pieces(after)
    if max(len(old), len(new)) > _LONGEST:
        return [_Block(old, new, changed=True)]
    matcher = SequenceMatcher(None, [_key(p.text) for p in old], [_key(p.text) for p in new], autojunk=False)
    return [
        _Block(old[old_start:old_end], new[new_start:new_end], changed=tag != "equal")
        for tag, old_start, old_end, new_start, new_end in matcher.get_opcodes()
    ]


def _changed(before: str, after: str) -> Change:
    blocks = _blocks(before, after)
    marks = [block.changed or _is_lost_between(blocks, at) for at, block in enumerate(blocks)]
    return Change(
        "changed",
        _parts([block.old for block in blocks], marks),
        _parts([block.new for block in blocks], marks),
    )


def _is_lost_between(blocks: list[_Block], at: int) -> bool:
    """Return whether a block is a lone Chinese character between replaced ones: 大幅增长 is marked as a whole."""
    if not 0 < at < len(blocks) - 1:
        return False
    before, between, after = blocks[at - 1 : at + 2]
    beside = [*before.old[-1:], *before.new[-1:], *after.old[:1], *after.new[:1]]
    replaced = all((before.old, before.new, after.old, after.new)) and not any(piece.is_figure for piece in beside)
    return replaced and len(between.old) == 1 and _CJK_CHARACTER.fullmatch(between.old[0].text) is not None


def _parts(sides: list[list[Piece]], marks: list[bool]) -> Parts:
    marked = [(piece.text, mark) for side, mark in zip(sides, marks, strict=True) for piece in side]
    return tuple(("".join(text for text, _ in run), mark) for mark, run in groupby(marked, key=lambda part: part[1]))


def _figure_changes(changes: list[Change]) -> list[FigureChange]:
    """Return the figures that changed, without those that only moved from one sentence to another."""
    figures = [figure for change in changes if change.kind != "moved" for figure in _figures_of(change)]
    removed = Counter(_key(figure.before) for figure in figures if not figure.after)
    added = Counter(_key(figure.after) for figure in figures if not figure.before)
    leaving, arriving = removed & added, removed & added
    return [figure for figure in figures if not _has_stayed(figure, leaving, arriving)]


def _has_stayed(figure: FigureChange, leaving: Counter[str], arriving: Counter[str]) -> bool:
    if figure.before and figure.after:
        return False
    return _take(leaving, figure.before) if figure.before else _take(arriving, figure.after)


def _figures_of(change: Change) -> Iterator[FigureChange]:
    """Yield the changed figures of a sentence, paired by position."""
    for block in _blocks(change.before, change.after):
        if block.changed:
            for before, after in zip_longest(figures_in(block.old), figures_in(block.new), fillvalue=""):
                if _key(before) != _key(after):  # they are equal only in sentences too long to compare in detail
                    yield FigureChange(before, after, change.before, change.after)
