"""Encodings of pages: what header, page and bytes say, and what becomes of bytes that do not fit."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.extraction.decoding import page_source

CHINESE = "江西出台行动计划，市场轮动，午盘时军工板块领涨。"
GERMAN = "<p>Größere Gärten blühen über schöne Straßen</p>"
FRENCH = "<p>Les élèves français étaient déjà gâtés à l’école</p>"
SPANISH = "<p>¿Dónde está el jardín? «Él» lo sabrá mañana</p>"
RUSSIAN = "<p>Сады цветут вдоль улиц, и рынок растёт</p>"
POLISH = "<p>Zażółć gęślą jaźń, mówi ogrodnik</p>"
JAPANESE = "<p>日経平均株価は前日比三百円高で取引を終えた。</p>"
KOREAN = "<p>코스피 지수가 오늘 상승 마감했다. 외국인 투자자들은 순매수를 기록했다.</p>"
TRADITIONAL = "<p>臺灣加權指數今日收盤上漲百分之一，外資買超五十億元。</p>"
SCRIPT = f"<script>{'x' * 20_000}</script>"


@pytest.mark.parametrize(
    ("text", "encoding", "declared"),
    [
        (GERMAN, "latin-1", "iso-8859-1"),
        (GERMAN, "cp1252", "windows-1252"),
        (GERMAN, "latin-1", ""),
        (f"{GERMAN}{'<p>English words</p>' * 500}", "latin-1", "iso-8859-1"),
        (f"{GERMAN}{'<p>English words</p>' * 500}", "latin-1", "utf-8"),
        (FRENCH, "cp1252", "iso-8859-1"),
        (SPANISH, "cp1252", "iso-8859-1"),
        ("<p>© 2024 Garden »</p>", "latin-1", "iso-8859-1"),
        ("<p>5 €</p>", "iso8859-15", "iso-8859-15"),
        (RUSSIAN, "cp1251", "windows-1251"),
        (RUSSIAN, "koi8-r", "koi8-r"),
        (POLISH, "iso8859-2", "iso-8859-2"),
        (CHINESE, "gbk", "gbk"),
        (CHINESE, "gbk", "gb2312"),
        (CHINESE, "gbk", "utf-8"),
        (CHINESE, "gbk", "iso-8859-1"),
        (CHINESE, "gbk", "windows-1252"),
        (CHINESE, "gbk", "us-ascii"),
        (CHINESE, "gbk", ""),
        (f"{SCRIPT}<p>江西</p>", "gbk", "gbk"),
        (f"{SCRIPT}<p>江西</p>", "gbk", "iso-8859-1"),
        (f'{{"text": "{"x" * 3000}江西"}}', "gbk", ""),
        (f"{CHINESE}𠮷😀", "gb18030", "gb18030"),
        (TRADITIONAL, "big5", "big5"),
        (TRADITIONAL, "big5", "iso-8859-1"),
        (JAPANESE, "shift_jis", "shift_jis"),
        (JAPANESE, "euc_jp", "euc-jp"),
        (JAPANESE, "euc_jp", ""),
        (KOREAN, "euc_kr", "euc-kr"),
        (CHINESE, "utf-8", "iso-8859-1"),
        (CHINESE, "utf-8", "gbk"),
        (CHINESE, "utf-8", ""),
        (GERMAN, "utf-8", "iso-8859-1"),
        ("<i>\ue001</i>", "utf-8", "utf-8"),  # a font's icon
        ("<p>café</p>", "latin-1", "iso-8859-1"),
        ("<p>café</p>", "latin-1", "utf-8"),
        ("<p>café</p>", "latin-1", ""),
        ("<p>a\xa0b © 2024</p>", "latin-1", ""),
        ("<p>5 €</p>", "cp1252", "utf-8"),
        ("<p>20°C</p>", "latin-1", "iso-8859-1"),
        ("<p>ÉTÉ À PARIS, ÄÖ</p>", "latin-1", "iso-8859-1"),
        ("<p>“Word”, it’s</p>", "cp1252", "iso-8859-1"),
        (GERMAN, "latin-1", "gb2312"),
        ("<p>江西</p>", "gbk", "iso-8859-1"),
        ("<p>江西</p>", "gbk", "utf-8"),
        (CHINESE, "gbk", "big5"),
        (CHINESE, "gbk", "shift_jis"),
        (TRADITIONAL, "big5", "gbk"),
        (JAPANESE, "shift_jis", "gb2312"),
        ("<p>리비아 모크샤어</p>", "euc_kr", "euc-kr"),
        ("<p>โดกริบ</p>", "cp874", "tis-620"),
        ("<p>Türkiye, Şöyle</p>", "cp1254", "iso-8859-9"),
        ("<p>état écossais</p>", "latin-1", ""),
        (JAPANESE, "iso2022_jp", "iso-2022-jp"),
        (CHINESE, "utf-16-le", "utf-16le"),
        ("<p>江西</p>", "utf-16-be", "utf-16"),
        ("<p>moss</p>", "utf-16-le", "utf-16"),
        ("<p>moss</p>", "ascii", "utf-16"),
        ("<p>moss</p>", "ascii", "iso-2022-jp"),
    ],
)
def test_a_page_is_read_in_the_encoding_that_its_bytes_fit(text: str, encoding: str, declared: str) -> None:
    assert page_source(text.encode(encoding), declared) == text


@pytest.mark.parametrize(
    "name", ["undefined", "idna", "punycode", "rot13", "hex", "utf-7", "unicode_escape", "none", "x y", "é", "\x00"]
)
@pytest.mark.parametrize(("text", "encoding"), [(CHINESE, "utf-8"), (CHINESE, "gbk"), (GERMAN, "latin-1")])
def test_a_name_of_no_encoding_is_no_name(name: str, text: str, encoding: str) -> None:
    assert page_source(text.encode(encoding), name) == text


@pytest.mark.parametrize(
    ("head", "text", "encoding"),
    [
        ('<meta charset="windows-1251">', RUSSIAN, "cp1251"),
        ("<meta http-equiv=Content-Type content='text/html; charset=koi8-r'>", RUSSIAN, "koi8-r"),
        ('<?xml version="1.0" encoding="windows-1251"?>', RUSSIAN, "cp1251"),
        ('<meta charset="iso-8859-1">', CHINESE, "gbk"),
        ('<meta charset="undefined">', CHINESE, "gbk"),
    ],
)
def test_without_a_header_the_page_itself_may_say(head: str, text: str, encoding: str) -> None:
    assert page_source((head + text).encode(encoding), "") == head + text


def test_the_header_comes_before_the_page_itself() -> None:
    page = f'<meta charset="koi8-r">{RUSSIAN}'
    assert page_source(page.encode("cp1251"), "windows-1251") == page


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [(codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")],
)
@pytest.mark.parametrize("declared", ["", "gbk", "iso-8859-1"])
def test_a_byte_order_mark_comes_first_and_is_no_part_of_the_page(mark: bytes, encoding: str, declared: str) -> None:
    assert page_source(mark + CHINESE.encode(encoding), declared) == CHINESE


@pytest.mark.parametrize(
    ("encoding", "declared", "stray"),
    [
        ("gbk", "gbk", b"\xff"),
        ("gbk", "", b"\xff"),
        ("gbk", "utf-8", b"\xff"),
        ("utf-8", "utf-8", b"\xff"),
        ("utf-8", "", b"\xb0"),
        ("utf-8", "gbk", b"\xe6"),
    ],
)
@pytest.mark.parametrize("times", [1, 20])
def test_one_bad_byte_costs_one_character(encoding: str, declared: str, stray: bytes, times: int) -> None:
    before, after = (CHINESE * times).encode(encoding), CHINESE.encode(encoding)

    assert page_source(before + stray + b"<p>" + after, declared) == f"{CHINESE * times}\ufffd<p>{CHINESE}"


@pytest.mark.parametrize(
    ("body", "declared", "text"),
    [
        ("<p>江西</p>".encode() + b"\xff.", "utf-8", "<p>江西</p>\ufffd."),
        ("<p>江西</p>".encode() + b"\xff.", "", "<p>江西</p>\ufffd."),
        (b"<p>caf\xe9</p>" + "’".encode(), "utf-8", "<p>caf\ufffd</p>’"),
        ("<p>江西</p>".encode("gbk") + b"\xff.", "gbk", "<p>江西</p>\ufffd."),
        (GERMAN.encode("cp1252") + b"\x81.", "iso-8859-1", f"{GERMAN}\ufffd."),
        (GERMAN.encode() + b"\xe4.", "utf-8", f"{GERMAN}\ufffd."),
    ],
)
def test_a_short_page_with_a_bad_byte_is_read_but_for_it(body: bytes, declared: str, text: str) -> None:
    assert page_source(body, declared) == text


@pytest.mark.parametrize(
    ("written", "encoding", "sent"),
    [
        ('href="/a?b=&#26032;&amp;c=1"', "gbk", 'href="/a?b=%D0%C2&amp;c=1"'),
        ("href='/a?b=&#x65B0;'", "gbk", "href='/a?b=%D0%C2'"),
        ("href=/a?b=新&c=2", "gbk", "href=/a?b=%D0%C2&c=2"),
        ('src="/a?b=&eacute;"', "cp1252", 'src="/a?b=%E9"'),
        ('href="/a?b=ñ"', "cp1252", 'href="/a?b=%F1"'),
        ('href="/a?b=&#26032;"', "cp1252", 'href="/a?b=%26%2326032%3B"'),
        ('href="/&#26032;?b=&lt;"', "gbk", 'href="/&#26032;?b=&lt;"'),
        ('title="?b=新"', "gbk", 'title="?b=新"'),
        ('href="/a?b=&#26032;"', "utf-8", 'href="/a?b=&#26032;"'),
    ],
)
def test_a_query_is_sent_in_the_encoding_of_the_page(written: str, encoding: str, sent: str) -> None:
    text = GERMAN if encoding == "cp1252" else CHINESE
    assert page_source(f"<a {written}>{text}".encode(encoding), encoding) == f"<a {sent}>{text}"


@given(st.binary(max_size=200), st.sampled_from(["", "gbk", "utf-8", "iso-8859-1", "big5", "shift_jis", "utf-16"]))
def test_any_bytes_are_text(body: bytes, declared: str) -> None:
    text = page_source(body, declared)

    assert text.encode().decode() == text
    assert page_source(text.encode(), "utf-8") == text.removeprefix("\ufeff")
