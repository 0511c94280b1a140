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

from crawler.east_asian import encoding_of, is_among_latin

_GZIP = b"\x1f\x8b"
_FEW = 10  # a page is UTF-8 if at least this many of its characters above ASCII are whole for each that is damaged
# The encodings that a page can have (WHATWG), by Python's names. Other codecs, such as `undefined`, are none.
_OF_PAGES = frozenset(
    "utf-8 utf-16-le utf-16-be gb18030 big5 big5hkscs euc_jp iso2022_jp cp932 cp949 cp866 cp874 cp1250 cp1251 cp1252"
    " cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 koi8-r koi8-u mac-roman mac-cyrillic iso8859-2 iso8859-3 iso8859-4"
    " iso8859-5 iso8859-6 iso8859-7 iso8859-8 iso8859-10 iso8859-13 iso8859-14 iso8859-15 iso8859-16".split()
)
# Declared by servers that know nothing of the page. Every byte is a character in these, so they always fit.
_DECLARED_BY_DEFAULT = frozenset({"cp1252", "iso8859-15"})
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
    try:
        return body.decode()
    except UnicodeDecodeError:
        encoding = _encoding(body, declared)
    if encoding == "utf-8":
        return _ADDRESS.sub(_strays_escaped, body).decode(errors="replace")
    text = body.decode(encoding, "replace")
    return text if encoding.startswith("utf-16") else _queries_encoded(text, encoding)


def unpacked(body: bytes, most: int) -> bytes:
    """Return a file that is served compressed, as sitemaps are, decompressed up to `most` bytes; others unchanged."""
    if not body.startswith(_GZIP):
        return body
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body, most)
    except zlib.error:
        return body


def _encoding(body: bytes, declared: str) -> str:
    """Return the codec for a page that is not wholly UTF-8."""
    as_utf_8 = body.decode(errors="replace")
    damaged = as_utf_8.count("\ufffd")
    whole = sum(not character.isascii() for character in as_utf_8) - damaged
    if damaged * _FEW <= whole:
        return "utf-8"
    names = [resolve_encoding(declared) if declared else None, html_body_declared_encoding(body)]
    known = [name for name in names if name in _OF_PAGES and name != "utf-8"]
    for name in known:
        if _fits(body, name):
            return (encoding_of(body, surely=True) or name) if name in _DECLARED_BY_DEFAULT else name
    if not known and (found := encoding_of(body)):
        return found
    others = ["cp1252"] if is_among_latin(body) else ["gb18030"]
    # Of encodings that all fit badly, the one in which the fewest bytes are wrong; of equal ones, the first.
    return min([*known, *others], key=lambda name: body.decode(name, "replace").count("\ufffd"))


def _fits(body: bytes, encoding: str) -> bool:
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
