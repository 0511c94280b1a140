"""Decode a page by its bytes rather than by what its headers say, and keep the addresses in it true to theirs.

An address leads somewhere else when its bytes change. A browser sends a path in UTF-8 and a query in the encoding of
the page, and bytes that are percent-encoded as they stand; so what could not be told from the decoded text is
percent-encoded before. Pure. Not here: files of posts (`crawler.jekyll.decoding`).
"""

from __future__ import annotations

import re

_FEW = 100  # a page with fewer bad characters than one in so many is UTF-8 all the same
_ADDRESS = re.compile(rb"""(?i)\b(?:href|src)\s*=\s*(["'])[^"'<>\x80-\xff]{0,2000}[\x80-\xff][^"'<>]{0,2000}?\1""")
_ABOVE_ASCII = re.compile(rb"[\x80-\xff]")
_NO_UTF_8 = re.compile("[\udc80-\udcff]")  # a byte, as Python's surrogateescape stands for it


def page_source(body: bytes, declared: str) -> str:
    """Return a page as text: UTF-8 unless that is clearly wrong, else as `declared`, or as most Chinese pages are."""
    text = body.decode("utf-8-sig", "replace")
    bad = text.count("\ufffd")
    if bad * _FEW <= len(text):
        return _ADDRESS.sub(_strays_escaped, body).decode("utf-8-sig", "replace") if bad else text
    with_queries = _ADDRESS.sub(_query_escaped, body)
    for encoding in (declared, "gb18030"):
        try:
            return with_queries.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return text


def _strays_escaped(found: re.Match[bytes]) -> bytes:
    """Percent-encode what is no UTF-8 in an address on a page that is: it would be lost."""
    address = found[0].decode("utf-8", "surrogateescape")
    return _NO_UTF_8.sub(lambda stray: f"%{ord(stray[0]) - 0xDC00:02X}", address).encode()


def _query_escaped(found: re.Match[bytes]) -> bytes:
    """Percent-encode the query of an address on a page that is not in UTF-8."""
    path, question_mark, query = found[0].partition(b"?")
    return path + question_mark + _ABOVE_ASCII.sub(lambda byte: b"%%%02X" % ord(byte[0]), query)
