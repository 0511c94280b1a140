"""Refuse halves: a gzip stream that breaks off is no answer, though what came of it can be unpacked.

Scrapy unpacks as far as it gets; half a page would be archived as a revision. Not here: bodies that are shorter than
their Content-Length, which Scrapy sees to.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from scrapy.exceptions import ResponseDataLossError

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.http import Response

_GZIP = zlib.MAX_WBITS | 16
_AT_A_TIME = 1 << 20  # bytes, unpacked: a bomb is the business of what unpacks for good
_CODINGS = {b"gzip", b"x-gzip"}


class OnlyWholeAnswers:
    """Raises for a packed answer that was cut off."""

    def process_response(self, request: Request, response: Response) -> Response:  # noqa: ARG002  # Scrapy's hook
        """Return a whole answer as it is; raise `ResponseDataLossError` for half of one."""
        codings = [coding.strip().lower() for coding in response.headers.getlist("Content-Encoding")]
        if response.body and len(codings) == 1 and codings[0] in _CODINGS and is_cut_off(response.body):
            raise ResponseDataLossError("the gzip stream breaks off")
        return response


def is_cut_off(packed: bytes) -> bool:
    """Tell whether a gzip stream ends in its middle; what is no gzip, or unpacks to very much, is not judged."""
    unpacker = zlib.decompressobj(_GZIP)
    try:
        unpacker.decompress(packed, _AT_A_TIME)
    except zlib.error:
        return False
    return not unpacker.eof and not unpacker.unconsumed_tail
