"""The edge between Scrapy and the records: how pages are decoded, and which headers are kept."""

from __future__ import annotations

import pytest
from scrapy.http import HtmlResponse, Response, TextResponse

from crawler.items import Address
from crawler.spiders.asking import Target, page_of

TARGET = Target(address=Address(url="https://finews.withounder.com/x.html", kind="post", key="x"))
TEXT = "江西出台5G应用“扬帆”行动计划。" * 20


def _page(body: bytes, headers: dict[str, str] | None = None, kind: type[Response] = HtmlResponse) -> str:
    return page_of(kind("https://finews.withounder.com/x.html", body=body, headers=headers), TARGET).source


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (TEXT.encode(), "text/html"),
        (TEXT.encode(), "text/html; charset=gb2312"),
        (b"\xef\xbb\xbf" + TEXT.encode(), "text/html; charset=utf-8"),
        (TEXT.encode("gb18030"), "text/html; charset=utf-8"),
        (TEXT.encode("gb18030"), "text/html"),
        (TEXT.encode("big5", "ignore"), "text/html; charset=big5"),
    ],
    ids=["utf-8", "utf-8 said to be gb2312", "byte order mark", "gb18030 said to be utf-8", "gb18030", "big5"],
)
def test_a_page_is_decoded_according_to_its_bytes(body: bytes, content_type: str) -> None:
    expected = body.decode("big5") if "big5" in content_type else TEXT
    assert _page(body, {"Content-Type": content_type}) == expected


def test_one_bad_byte_does_not_change_the_encoding_of_a_page() -> None:
    assert _page(TEXT.encode() + b"\xff" + TEXT.encode()) == f"{TEXT}\ufffd{TEXT}"


def test_a_response_that_is_not_text_is_decoded_too() -> None:
    assert _page(TEXT.encode(), kind=Response) == TEXT


@pytest.mark.parametrize(("status", "etag"), [(200, '"a"'), (304, None), (404, None), (500, None)])
def test_only_pages_leave_validators(status: int, etag: str | None) -> None:
    response = TextResponse("https://finews.withounder.com/x.html", status=status, headers={"ETag": '"a"'})
    assert page_of(response, TARGET).fetch.etag == etag
