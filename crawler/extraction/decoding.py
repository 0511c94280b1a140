"""Turning the bytes of a page into text, and keeping the addresses in it true to what they were.

The order is that of the WHATWG's encoding sniffing: byte order mark, header, meta. But headers and meta are often
wrong, so they only count as far as the bytes agree: UTF-8 is recognised by its form, the encodings of East Asia by
how frequent the characters are that they give (see `crawler.east_asian`).

An address leads somewhere else when its bytes change. A browser sends a path in UTF-8 and a query in the encoding of
the page, so queries are percent-encoded here, where that is still known. Pure. Not here: files of posts
(`crawler.jekyll.decoding`).
"""

from __future__ import annotations

import re
import zlib
from html import unescape

from w3lib.encoding import html_body_declared_encoding, read_bom, resolve_encoding

from crawler.east_asian import encoding_of, is_among_latin, surely_encoding_of

_GZIP = b"\x1f\x8b"
_DAMAGED = "\ufffd"
_PRIVATE = re.compile("[\ue000-\uf8ff]")  # what an encoding has for characters that it lacks
_WRONG = re.compile(f"{_DAMAGED}|{_PRIVATE.pattern}")
# The encodings that a page can have (WHATWG), by Python's names. Other codecs, such as `undefined`, are none.
_OF_PAGES = frozenset(
    "utf-8 utf-16-le utf-16-be gb18030 big5 big5hkscs euc_jp iso2022_jp cp932 cp949 cp866 cp874 cp1250 cp1251 cp1252"
    " cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 koi8-r koi8-u mac-roman mac-cyrillic iso8859-2 iso8859-3 iso8859-4"
    " iso8859-5 iso8859-6 iso8859-7 iso8859-8 iso8859-10 iso8859-13 iso8859-14 iso8859-15 iso8859-16".split()
)
# Declared by servers that know nothing of the page. Every byte is a character in these, so they always fit.
_DECLARED_BY_DEFAULT = frozenset({"cp1252", "iso8859-15"})
_EAST_ASIAN = frozenset({"gb18030", "big5", "big5hkscs", "euc_jp", "cp932", "cp949"})
# A page in these can look like ASCII, so only its declaration tells.
_LIKE_ASCII = frozenset({"utf-16-le", "utf-16-be", "iso2022_jp"})
_ADDRESS = re.compile(rb"""(?i)\b(?:href|src)\s*=\s*(["'])[^"'<>\x80-\xff]{0,2000}[\x80-\xff][^"'<>]{0,2000}?\1""")
_ASCII = 128
_NO_UTF_8 = re.compile("[\udc80-\udcff]")  # a byte, as Python's surrogateescape stands for it
_IN_ATTRIBUTE = re.compile(
    r"""\b(?:href|src)\s*=\s*(?:"[^"<>]{0,4000}"|'[^'<>]{0,4000}'|[^\s"'<>]{1,4000})""", re.IGNORECASE
)
_TO_ENCODE = re.compile(r"[^\x00-\x7f]|&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});", re.IGNORECASE)


def page_source(body: bytes, declared: str) -> str:
    """Return a page as text; `declared` is the encoding that its header names, or "".

    A byte that is wrong in the page's encoding becomes U+FFFD.
    """
    marked, mark = read_bom(body)
    if marked is not None and mark is not None:
        return body[len(mark) :].decode(marked, "replace")
    names = _names(body, declared)
    likely = [*(name for name in names if name in _LIKE_ASCII), "utf-8"]
    encoding = next((name for name in likely if _decodes(body, name)), None)
    if encoding is not None:
        return body.decode(encoding)
    encoding = _encoding(body, names)
    if encoding == "utf-8":
        return _ADDRESS.sub(_strays_escaped, body).decode(errors="replace")
    return _queries_encoded(body.decode(encoding, "replace"), encoding)


def unpacked(body: bytes, most: int) -> bytes:
    """Return a file that is served compressed, as sitemaps are, decompressed up to `most` bytes; others unchanged."""
    if not body.startswith(_GZIP):
        return body
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body, most)
    except zlib.error:
        return body


def _names(body: bytes, declared: str) -> list[str]:
    """Return the encodings that the header and the page name, by Python's names; unknown names are none."""
    named = [resolve_encoding(declared) if declared else None, html_body_declared_encoding(body)]
    names = [_utf_16(body) if name == "utf-16" else name for name in named]
    return [name for name in names if name in _OF_PAGES]


def _utf_16(body: bytes) -> str:
    """Return which of its two orders UTF-16 without a mark is in: most pages have more ASCII than anything else."""
    return "utf-16-be" if body[::2].count(0) > body[1::2].count(0) else "utf-16-le"


def _encoding(body: bytes, names: list[str]) -> str:
    """Return the codec for a page that is not wholly UTF-8, of which `names` are declared."""
    is_western = is_among_latin(body)
    unfit = {"utf-8", *_LIKE_ASCII, *(_EAST_ASIAN if is_western else ())}
    known = [name for name in names if name not in unfit]
    fitting = [name for name in known if _fits(body, name)]
    if _is_damaged_utf_8(body, 1 if "utf-8" in names else 0.1 if fitting else 0.5):
        return "utf-8"
    if fitting:
        name = fitting[0]
        # Every byte is a character in Western encodings, and most pairs are in East Asian ones.
        may_be_wrong = name in _EAST_ASIAN or name in _DECLARED_BY_DEFAULT
        return (surely_encoding_of(body, name) if may_be_wrong else None) or name
    found = surely_encoding_of(body, "") if known else encoding_of(body)
    if found is not None:
        return found
    # Of encodings that all fit badly, the one in which the fewest characters are wrong; of equal ones, the first.
    candidates = [*known, "cp1252" if is_western else "gb18030"]
    return min(candidates, key=lambda name: sum(1 for _ in _WRONG.finditer(body.decode(name, "replace"))))


def _is_damaged_utf_8(body: bytes, most: float) -> bool:
    """Return whether `body` read as UTF-8 has at most so many damaged characters for each whole one above ASCII.

    In other encodings hardly any are whole.
    """
    text = body.decode(errors="replace")
    damaged = text.count(_DAMAGED)
    return damaged <= most * (sum(not character.isascii() for character in text) - damaged)


def _fits(body: bytes, encoding: str) -> bool:
    return _decodes(body, encoding) and _PRIVATE.search(body.decode(encoding)) is None


def _decodes(body: bytes, encoding: str) -> bool:
    try:
        body.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _strays_escaped(found: re.Match[bytes]) -> bytes:
    """Percent-encode what is no UTF-8 in an address on a page that is: it would be lost."""
    address = found[0].decode("utf-8", "surrogateescape")
    return _NO_UTF_8.sub(lambda stray: f"%{ord(stray[0]) - 0xDC00:02X}", address).encode()


def _queries_encoded(text: str, encoding: str) -> str:
    """Percent-encode the queries of addresses as a browser does on a page in this encoding."""

    def query_encoded(found: re.Match[str]) -> str:
        path, question_mark, query = found[0].partition("?")
        return path + question_mark + _TO_ENCODE.sub(lambda part: _encoded(part[0], encoding), query)

    return _IN_ATTRIBUTE.sub(query_encoded, text)


def _encoded(part: str, encoding: str) -> str:
    """Return a character, or a reference to one, as the bytes it is sent as; references to ASCII stay as they are.

    What the encoding lacks is sent as a reference.
    """
    character = unescape(part)
    if character.isascii():
        return part
    sent = character.encode(encoding, "xmlcharrefreplace")
    if sent.startswith(b"&#"):
        sent = sent.replace(b"&#", b"%26%23").replace(b";", b"%3B")
    return "".join(chr(byte) if byte < _ASCII else f"%{byte:02X}" for byte in sent)
