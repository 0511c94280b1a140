"""What was packed for its way through the network: unpacked to its end, or not at all."""

from __future__ import annotations

import gzip
import random
import sys
import zlib
from itertools import chain
from typing import TYPE_CHECKING

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples
from scrapy.exceptions import DownloadCancelledError, ResponseDataLossError
from scrapy.http import HtmlResponse, Response
from scrapy.settings import Settings

from crawler import settings as program
from crawler.middlewares.unpacking import CutOff, NotUnpacked, TooLarge, beginning, codings_of, unpacked
from crawler.middlewares.whole import whole
from crawler.network.failures import NetworkFailure

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = ("<p>江西</p>" * 200 + "".join(map(chr, range(0x4E00, 0x5200)))).encode()
LONG = random.Random(1).randbytes(200_000) + bytes(3_000_000)


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": lambda body: brotli.compress(body, quality=3),
    "zstd": zstd.compress,
}


def pack(body: bytes, *codings: str) -> bytes:
    for coding in codings:
        body = PACKERS[coding](body)
    return body


@pytest.mark.parametrize("coding", PACKERS)
@pytest.mark.parametrize("body", [PAGE, LONG, b""], ids=["page", "long", "empty"])
def test_a_complete_body_is_decompressed(coding: str, body: bytes) -> None:
    assert unpacked(pack(body, coding), [coding], 0) == body


@settings(max_examples=examples(100), deadline=None)
@given(st.binary(max_size=3000), st.lists(st.sampled_from(sorted(PACKERS)), max_size=4))
def test_stacked_codings_are_decompressed_in_turn(body: bytes, codings: list[str]) -> None:
    packed = pack(body, *codings)
    assert unpacked(packed, codings, 0) == body
    assert beginning(packed, codings, 10_000) == body


@settings(max_examples=examples(200), deadline=None)
@given(st.binary(min_size=1), st.lists(st.sampled_from(sorted(PACKERS)), min_size=1, max_size=3), st.data())
def test_a_body_truncated_anywhere_is_cut_off(body: bytes, codings: list[str], data: st.DataObject) -> None:
    packed = pack(body, *codings)
    kept = data.draw(st.integers(0, len(packed) - 1))
    with pytest.raises(CutOff):
        unpacked(packed[:kept], codings, 0)


@pytest.mark.parametrize("coding", PACKERS)
def test_a_truncated_inner_coding_is_cut_off_too(coding: str) -> None:
    packed = pack(pack(PAGE, "gzip")[:-40], coding)
    with pytest.raises(CutOff):
        unpacked(packed, ["gzip", coding], 0)


def test_truncated_deflate_without_its_header_is_cut_off_too() -> None:
    packed = raw_deflate(PAGE)
    assert unpacked(packed, ["deflate"], 0) == PAGE
    with pytest.raises(CutOff):
        unpacked(packed[:-5], ["deflate"], 0)


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_several_streams_make_one_body_and_the_last_must_be_complete(coding: str) -> None:
    first, second = pack(PAGE[:1000], coding), pack(PAGE[1000:], coding)
    assert unpacked(first + second, [coding], 0) == PAGE
    for kept in chain(range(1, 40), range(40, len(second), 97)):
        with pytest.raises(CutOff):
            unpacked(first + second[:kept], [coding], 0)


@pytest.mark.parametrize("padding", [bytes(512), b"\n", b"<!-- served by cache 3 -->"])
def test_padding_after_a_gzip_stream_is_ignored(padding: bytes) -> None:
    assert unpacked(gzip.compress(PAGE) + padding, ["gzip"], 0) == PAGE


@pytest.mark.parametrize("coding", PACKERS)
def test_a_body_that_decompresses_to_more_than_the_limit_is_too_large(coding: str) -> None:
    packed = pack(LONG, coding)
    assert unpacked(packed, [coding], len(LONG)) == LONG
    with pytest.raises(TooLarge):
        unpacked(packed, [coding], len(LONG) - 1)
    assert beginning(packed, [coding], 150_000) == LONG[:150_000]
    assert LONG.startswith(beginning(packed[:100_000], [coding], 200_000, is_cut=True))
    with pytest.raises(CutOff):
        beginning(packed[:100_000], [coding], 200_000)


@pytest.mark.parametrize("coding", PACKERS)
def test_a_body_not_encoded_as_its_header_says_is_not_unpacked(coding: str) -> None:
    with pytest.raises(NotUnpacked, match=coding):
        unpacked(b"<!doctype html><p>not packed at all</p>", [coding], 0)


def test_a_damaged_stream_is_not_unpacked() -> None:
    packed = bytearray(gzip.compress(PAGE))
    packed[-6] ^= 1  # in its checksum
    with pytest.raises(NotUnpacked):
        unpacked(bytes(packed), ["gzip"], 0)


@pytest.mark.parametrize(
    ("headers", "codings"),
    [
        ([], []),
        (["gzip"], ["gzip"]),
        (["GZIP , br"], ["gzip", "br"]),
        (["gzip", "br"], ["gzip", "br"]),
        (["identity"], []),
        (["gzip, identity"], ["gzip"]),
        (["utf-8"], []),
        (["none", ""], []),
    ],
)
def test_codings_are_read_from_headers_and_unknown_names_ignored(headers: list[str], codings: list[str]) -> None:
    assert codings_of(headers) == codings


@pytest.mark.parametrize("coding", ["compress", "x-compress", "dcb", "dcz", "exi", "aes128gcm", "pack200-gzip"])
def test_a_coding_that_was_not_offered_is_not_unpacked(coding: str) -> None:
    with pytest.raises(NotUnpacked, match=coding):
        codings_of([f"gzip, {coding}"])


def test_every_offered_coding_can_be_decompressed() -> None:
    told = Settings()
    told.setmodule(program)
    for coding in told["DEFAULT_REQUEST_HEADERS"]["Accept-Encoding"].split(", "):
        assert unpacked(pack(PAGE, coding), codings_of([coding]), 0) == PAGE


# Answers.


def answer(body: bytes, coding: str | None = None, status: int = 200) -> Response:
    headers = {"Content-Encoding": coding} if coding else {}
    return HtmlResponse("https://finews.withounder.com/", status=status, body=body, headers=headers)


def test_a_decompressed_answer_no_longer_has_a_content_encoding() -> None:
    response = whole(answer(pack(PAGE, "br", "gzip"), "br, gzip"), 1 << 20)
    assert (response.body, response.headers.get("Content-Encoding")) == (PAGE, None)


@pytest.mark.parametrize("body", [PAGE, b""])
def test_an_answer_without_a_content_encoding_is_passed_on(body: bytes) -> None:
    response = answer(body)
    assert whole(response, 1 << 20) is response


@pytest.mark.parametrize("status", [204, 301, 304, 404, 503])
def test_the_body_of_an_answer_that_is_not_a_page_is_not_decompressed(status: int) -> None:
    response = answer(b"\x1f\x8b", "gzip", status)
    assert whole(response, 1 << 20) is response


@pytest.mark.parametrize(
    ("body", "coding", "error", "words"),
    [
        (pack(PAGE, "br")[:-3], "br", ResponseDataLossError, "the br stream breaks off"),
        (b"", "gzip", ResponseDataLossError, "the gzip stream breaks off"),
        (pack(LONG, "zstd"), "zstd", DownloadCancelledError, "unpacks to more than 1048576 bytes"),
        (PAGE, "deflate", NetworkFailure, r"cannot be unpacked \(deflate\)"),
        (PAGE, "compress", NetworkFailure, r"cannot be unpacked \(compress\)"),
    ],
)
def test_an_answer_that_cannot_be_decompressed_counts_as_none(
    body: bytes, coding: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        whole(answer(body, coding), 1 << 20)
