"""Which of the encodings of East Asia a text is in, where its bytes are no UTF-8. Pure.

The same bytes are often valid in several, so each has to look like its language: Japanese has kana, Korean is all
hangul, and Chinese uses the characters that its standards put first. What looks like none is not guessed at.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_LETTER = re.compile(r"[\u3041-\u3093\u30a1-\u30f6\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f]")
_KANA = re.compile(r"[\u3041-\u3093\u30a1-\u30f6]")
# Every tenth syllable of Korean is a particle or an ending. The same bytes are rare characters in GBK.
_KOREAN_ENDING = re.compile("[이다는을의가에은로]")
_LOOKED_AT = 5_000  # letters
_MOST, _HALF, _SOME, _FEW = 0.95, 0.5, 0.2, 0.08
# One or two bytes between Latin letters: Größe in Latin-1, which GB18030 reads as a character or two.
_BYTES = re.compile(rb"[\x80-\xff]+")
_AMONG_LATIN = re.compile(rb"(?<=[A-Za-z])[\x80-\xff]{1,2}(?=[a-z])")


def encoding_of(content: bytes, *, surely: bool = False) -> str | None:
    """Return the name of the codec that reads `content`, which is not UTF-8; `None` if it seems to be none of these.

    `surely`: only if its characters are frequent ones of their language.
    """
    if is_among_latin(content):
        return None
    for codec, looks_so in _LANGUAGES[: _SURE if surely else None]:
        text = _decoded(content, codec)
        if text is not None and looks_so(text):
            return codec
    return None


def is_among_latin(content: bytes) -> bool:
    """Return whether most bytes above ASCII are alone between Latin letters, as in Western languages."""
    among_latin = sum(1 for _ in _AMONG_LATIN.finditer(content))
    return among_latin > _HALF * sum(1 for _ in _BYTES.finditer(content))


def _decoded(content: bytes, codec: str) -> str | None:
    try:
        return content.decode(codec)
    except UnicodeDecodeError:
        return None


def _is_japanese(text: str) -> bool:
    return _share(text, lambda letter: _KANA.match(letter) is not None) >= _SOME


def _is_korean(text: str) -> bool:
    return _share(text, lambda letter: _KOREAN_ENDING.match(letter) is not None) >= _FEW


def _is_traditional(text: str) -> bool:
    """Tell whether nearly all characters are of the 5,401 that Big5 has first, by their frequency."""
    return _share(text, lambda letter: b"\xa4" <= letter.encode("big5", "replace")[:1] <= b"\xc6") >= _MOST


def _is_simplified(text: str) -> bool:
    """Tell whether nearly all characters are of the 3,755 that GB2312 has first, by their frequency."""
    return _share(text, _is_common) >= _MOST


def _is_chinese(text: str) -> bool:
    """Tell whether half of the characters, if any, are in GB2312; those of other encodings mostly are not."""
    return (
        _LETTER.search(text) is None or _share(text, lambda letter: letter.encode("gb2312", "ignore") != b"") >= _HALF
    )


def _is_common(letter: str) -> bool:
    return b"\xb0" <= letter.encode("gb2312", "replace")[:1] <= b"\xd7"


def _share(text: str, is_one: Callable[[str], bool]) -> float:
    """Return how many of the letters of East Asia that a text begins with are such; none of none."""
    letters = [found[0] for found in islice(_LETTER.finditer(text), _LOOKED_AT)]
    return sum(map(is_one, letters)) / max(1, len(letters))


_LANGUAGES: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("cp932", _is_japanese),
    ("euc_jp", _is_japanese),
    ("cp949", _is_korean),
    ("gb18030", _is_simplified),
    ("big5", _is_traditional),
    ("gb18030", _is_chinese),
)
_SURE = len(_LANGUAGES) - 1  # the last one takes what is in none of the others
