"""Plain text: folding, tokens and sentences, the same for what is stored and for what is asked.

Pure functions over strings. Not here: markup (`crawler.markdown`) and queries (`crawler.archive.search.search`).
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from crawler.language import Sentence

if TYPE_CHECKING:
    from collections.abc import Iterable

_SPACE = re.compile(r"\s+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
CJK = (
    r"\u2e80-\u2fdf\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3100-\u312f\u31a0-\u31bf\u3400-\u4dbf\u4e00-\u9fff"
    r"\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
"""The characters that are a token each, to stand inside the brackets of a pattern."""

# A run of CJK characters, each of which is a token, or one of other letters and digits; underscores only separate.
_RUN = re.compile(rf"([{CJK}]+)|([^\W_{CJK}]+)")
_CJK = re.compile(f"[{CJK}]")
FULL_WIDTH = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
"""The half-width form of each of ASCII's signs, by its full-width form."""

_FULL_WIDTH = re.compile(r"[\uff01-\uff5e]")
_SENTENCE_END = re.compile(r"(?<=[。！？!?；;])")


def squeeze(text: str) -> str:
    """Fold every run of white space, U+3000 included, to one space, trim the ends, drop control characters."""
    return _SPACE.sub(" ", printable(text)).strip()


def printable(text: str) -> str:
    """Drop control characters but tab and newline: a title must not steer the terminal it is printed on."""
    return _CONTROL.sub("", text)


def bare(text: str) -> str:
    """Drop all white space: what is left differs only when the words do."""
    return _SPACE.sub("", text)


def fold(text: str) -> str:
    """Fold as every query and every searched text is folded: NFKC (full-width to half-width), lower case."""
    # Full-width signs stand in nearly every Chinese text; without them the rest is nearly always normal, and told so
    # in a tenth of the time that normalising takes.
    half = half_width(text)
    return (half if unicodedata.is_normalized("NFKC", half) else unicodedata.normalize("NFKC", half)).lower()


def tokens(text: str) -> list[str]:
    """Split into folded tokens: each CJK character is one, each run of letters or digits is one."""
    return tokens_in(fold(text))


def tokens_in(folded: str) -> list[str]:
    """Split a text that is folded already, here or by `crawler.text.variants.unify`."""
    found: list[str] = []
    for characters, word in split(folded):
        if characters:
            found += characters
        else:
            found.append(word)
    return found


def split(folded: str) -> list[tuple[str, str]]:
    """Split a folded text into runs of CJK characters or of other letters and digits: of each pair one is empty."""
    return _RUN.findall(folded)


def is_cjk(token: str) -> bool:
    """Tell whether a token is a CJK character."""
    return "\u4e00" <= token <= "\u9fff" or _CJK.match(token) is not None


def opening(text: str, limit: int) -> str:
    """Return the first sentences of `text` that fit into `limit` characters, on one line.

    A first sentence longer than that is cut and ends in `…`.
    """
    flat = squeeze(text)
    if len(flat) <= limit:
        return flat
    kept = ""
    for sentence in _SENTENCE_END.split(flat):
        if len(kept) + len(sentence) > limit:
            break
        kept += sentence
    return kept.strip() or flat[: limit - 1] + "…"


def sentences(text: str) -> list[str]:
    """Split a text into sentences, at the ends of lines too."""
    return [sentence for line in text.splitlines() for sentence in _SENTENCE_END.split(line) if sentence.strip()]


def first_sentence(text: str, limit: int) -> str:
    """Return the first sentence of `text` on one line, without a full stop.

    One longer than `limit` characters is cut and ends in `…`.
    """
    first = _SENTENCE_END.split(squeeze(text))[0].removesuffix("。")
    return first if len(first) <= limit else first[: limit - 1] + "…"


def counted(count: int, one: str, many: str = "") -> Sentence:
    """Return `1 post`, `2 posts`; `many` where that is not `one` with an s."""
    return Sentence(f"{{count}} {one if count == 1 else many or one + 's'}", count=count)


def half_width(text: str) -> str:
    """Replace the full-width forms of ASCII's signs by the half-width ones, each sign by one."""
    for sign in set(_FULL_WIDTH.findall(text)):
        text = text.replace(sign, FULL_WIDTH[sign])
    return text


def marked(text: str, stretches: Iterable[tuple[int, int]], begin: str, end: str) -> str:
    """Return `text` with `begin` and `end` around each of its stretches, given in order, none within another."""
    pieces, at = [], 0
    for first, last in stretches:
        pieces += [text[at:first], begin, text[first:last], end]
        at = last
    return "".join([*pieces, text[at:]])
