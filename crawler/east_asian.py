"""Which of the encodings of East Asia a text is in, where its bytes are no UTF-8. Pure.

The same bytes are often valid in several, so each has to look like its language: Japanese has kana, Korean is all
hangul, and Chinese uses the characters that its standards put first. What looks like none is not guessed at.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    _Language = tuple[str, Callable[[str], bool]]

_LETTER = re.compile(r"[\u3041-\u3093\u30a1-\u30f6\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f]")
_KANA = re.compile(r"[\u3041-\u3093\u30a1-\u30f6]")
# Every tenth syllable of Korean is a particle or an ending. The same bytes are rare characters in GBK.
_KOREAN_ENDING = re.compile("[이다는을의가에은로]")
_LOOKED_AT = 5_000  # letters
_ENOUGH = 20  # letters; of as many in Chinese, read as Korean, a third would be no hangul
_MOST, _NEARLY_MOST, _HALF, _SOME, _FEW = 0.95, 0.9, 0.5, 0.2, 0.08
# One or two bytes between Latin letters: Größe in Latin-1, which GB18030 reads as a character or two.
_BYTES = re.compile(rb"[\x80-\xff]+")
_AMONG_LATIN = re.compile(
    rb"(?<=[A-Za-z])[\x80-\xff]{1,2}(?=[a-z])"
    rb"|(?<![\x80-\xff])[\x80-\xff](?=[a-z]{2})"  # état
    # A single byte before what is never the second one of a character: café, 5 €, à la
    rb"|(?<![\x80-\xff])[\x80-\xff](?![0-9@-~\x80-\xff])"
)
_WORD = re.compile(f"{_LETTER.pattern}{{2}}")  # a letter alone may be anything: 20°C in Latin-1


def encoding_of(content: bytes) -> str | None:
    """Return the codec that reads `content`, which is not UTF-8; `None` if it seems to be none of these."""
    return None if is_among_latin(content) else _first(content, _LANGUAGES)


def surely_encoding_of(content: bytes, declared: str) -> str | None:
    """Return the codec that reads `content` as frequent characters of its language; `None` if none does.

    If the `declared` one does, others do not count. For Korean that is so if all is hangul.
    """
    if is_among_latin(content):
        return None
    if declared == "cp949" and _share(content.decode(declared, "replace"), _is_hangul) >= _MOST:
        return declared
    return _first(content, sorted(_LANGUAGES[:_SURE], key=lambda language: language[0] not in declared), word=True)


def _first(content: bytes, languages: Sequence[_Language], *, word: bool = False) -> str | None:
    """Return the codec of the first language that `content` looks like; `word`: it needs two letters side by side."""
    for codec, looks_so in languages:
        text = _decoded(content, codec)
        if text is not None and looks_so(text) and (not word or _WORD.search(text)):
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
    if _share(text, lambda letter: _KOREAN_ENDING.match(letter) is not None) >= _FEW:
        return True
    is_long = sum(1 for _ in islice(_LETTER.finditer(text), _ENOUGH)) == _ENOUGH
    return is_long and _share(text, _is_hangul) >= _MOST


def _is_hangul(letter: str) -> bool:
    return "\uac00" <= letter <= "\ud7af"


def _is_traditional(text: str) -> bool:
    """Tell whether nearly all characters are of the 5,401 that Big5 has first, by their frequency."""
    return _share(text, lambda letter: b"\xa4" <= letter.encode("big5", "replace")[:1] <= b"\xc6") >= _NEARLY_MOST


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


_LANGUAGES: tuple[_Language, ...] = (
    ("cp932", _is_japanese),
    ("euc_jp", _is_japanese),
    ("cp949", _is_korean),
    ("gb18030", _is_simplified),
    ("big5", _is_traditional),
    ("gb18030", _is_chinese),
)
_SURE = len(_LANGUAGES) - 1  # the last one takes what is in none of the others
