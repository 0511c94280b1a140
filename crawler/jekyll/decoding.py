"""Bytes of a text file become text: UTF-8, UTF-16 with its mark, or an encoding of East Asia, such as GBK or Big5.

Pure. Not here: what a server says of its answer's encoding (`crawler.spiders.asking`).
"""

from __future__ import annotations

import codecs

from crawler.east_asian import encoding_of

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_NO_TEXT = "not text"
_FEW = 10  # one damaged character in so many is borne


class NoTextError(ValueError):
    """Bytes that are no text; the error says why in words for a person."""


def decode(content: bytes) -> str:
    """Return the text of a file, without byte order marks, its lines ended by line feeds.

    A few damaged characters of UTF-8 become U+FFFD. Raises `NoTextError`.
    """
    text = _decoded(content).lstrip("\ufeff")
    if "\0" in text:
        raise NoTextError(_NO_TEXT)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def to_the_letter(content: bytes) -> str | None:
    """Return the text of a file with its byte order mark and its line ends; `None` if it is not UTF-8."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _decoded(content: bytes) -> str:
    if content.startswith(_UTF_16):
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError:
            raise NoTextError("damaged UTF-16 text") from None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    # What is UTF-8 but for a damaged character holds many more that are whole; GBK read as UTF-8 hardly any.
    text = content.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    whole = sum(not character.isascii() for character in text) - damaged
    if damaged * _FEW <= whole:
        return text
    if b"\0" in content:
        raise NoTextError(_NO_TEXT)
    encoding = encoding_of(content)
    if encoding is not None:
        return content.decode(encoding)
    try:
        content.decode("gb18030")
    except UnicodeDecodeError:
        raise NoTextError("neither UTF-8 nor GB18030 text") from None
    raise NoTextError("text in an encoding that cannot be told: save it as UTF-8")
