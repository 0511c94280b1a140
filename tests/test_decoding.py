"""Decoding: the bytes of text files, in the encodings that Chinese posts have come in."""

from __future__ import annotations

import codecs
import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.jekyll.decoding import NoTextError, decode

TEXT = '---\ntitle: "江西“5G+VR”领跑全国"\n---\n\n一段，两段。\n'
COMMON = (
    "的一是了我不人在他有这个上们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下而过天去能对小多然于心学么之都好看起发当没成"
    "只如事把还用第样道想作种开美总从无情己面最女但现前些所同日手又行意动方期它头经长儿回位分爱老因很给名法间斯知世什两次使身者被高已亲其"
)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        pytest.param(b"", "", id="nothing"),
        pytest.param(b"plain", "plain", id="ASCII"),
        pytest.param(TEXT.encode(), TEXT, id="UTF-8"),
        pytest.param(codecs.BOM_UTF8 + TEXT.encode(), TEXT, id="UTF-8 with a mark"),
        pytest.param(codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), TEXT, id="UTF-16, little end first"),
        pytest.param(codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), TEXT, id="UTF-16, big end first"),
        pytest.param(TEXT.encode("gbk"), TEXT, id="GBK"),
        pytest.param(TEXT.encode("gb2312"), TEXT, id="GB2312"),
        pytest.param(f"{TEXT}𠮷😀ñ".encode("gb18030"), f"{TEXT}𠮷😀ñ", id="GB18030 of four bytes"),
        pytest.param(f"\ufeff{TEXT}".encode("gb18030"), TEXT, id="GB18030 with a mark"),
        pytest.param("𠮷😀 e\u0301 ﷽ \u200d".encode(), "𠮷😀 e\u0301 ﷽ \u200d", id="UTF-8 of four bytes"),
        pytest.param("一\ufeff二".encode(), "一\ufeff二", id="a mark inside of the text"),
        pytest.param("联通".encode("gbk"), "联通", id="two characters in GBK"),
        pytest.param(
            b"---\nlayout: post\ntitle: x\ncategories: emnews\n---\n\n" + "股".encode("gbk"),
            "---\nlayout: post\ntitle: x\ncategories: emnews\n---\n\n股",
            id="one character in GBK among ASCII",
        ),
        pytest.param("价格：5€".encode("gb18030"), "价格：5€", id="a sign that GBK has not"),
    ],
)
def test_text_is_read_in_any_of_its_encodings(content: bytes, text: str) -> None:
    assert decode(content) == text


@pytest.mark.parametrize(
    ("content", "text"),
    [
        pytest.param(b"a\r\nb\r\n", "a\nb\n", id="Windows"),
        pytest.param(b"a\rb\r", "a\nb\n", id="old Macintosh"),
        pytest.param(b"a\nb\r\nc\rd\r\r\n", "a\nb\nc\nd\n\n", id="mixed"),
        pytest.param("一\r\n二".encode("gbk"), "一\n二", id="GBK"),
        pytest.param("一\r\n二".encode("utf-16"), "一\n二", id="UTF-16"),
        pytest.param("一\u2028二\x85三\x0c".encode(), "一\u2028二\x85三\x0c", id="what only resembles one stays"),
    ],
)
def test_lines_end_in_line_feeds(content: bytes, text: str) -> None:
    assert decode(content) == text


@pytest.mark.parametrize("damage", [b"\xff", b"\xe4\xb8", b"\x80"], ids=lambda damage: damage.hex())
@pytest.mark.parametrize("length", [20, 60, 1000])
def test_a_damaged_character_does_not_spoil_the_text_around_it(damage: bytes, length: int) -> None:
    content = ("市" * length).encode() + damage + ("场" * length).encode()

    assert decode(content) == "市" * length + "\ufffd" + "场" * length


def test_a_text_cut_off_inside_of_a_character_is_read() -> None:
    assert decode("江西领跑全国。市场轮动，午盘时军工".encode()[:-1]) == "江西领跑全国。市场轮动，午盘时军\ufffd"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"a\0b", "not text", id="NUL"),
        pytest.param(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not text", id="a picture"),
        pytest.param(b"\x7fELF\2\1\1" + bytes(16), "not text", id="a program"),
        pytest.param("一".encode("utf-32"), "not text", id="UTF-32"),
        pytest.param("abc".encode("utf-16-le"), "not text", id="UTF-16 without a mark"),
        pytest.param(codecs.BOM_UTF16_LE + b"a", "damaged UTF-16 text", id="UTF-16 with half a character"),
        pytest.param(codecs.BOM_UTF16_LE + b"\x00\xd8a\x00", "damaged UTF-16 text", id="UTF-16 with half a pair"),
        pytest.param(b"\xff" * 100, "neither UTF-8 nor GB18030 text", id="no encoding at all"),
        pytest.param(b"caf\xe9", "neither UTF-8 nor GB18030 text", id="Latin-1"),
    ],
)
def test_what_is_no_text_is_refused_in_words(content: bytes, reason: str) -> None:
    with pytest.raises(NoTextError, match=f"^{reason}$"):
        decode(content)


@settings(max_examples=examples(500), deadline=None)
@given(
    st.one_of(
        st.binary(max_size=300),
        st.lists(st.sampled_from([*TEXT.encode(), *TEXT.encode("gb18030"), 0xFF, 0xFE, 0xEF, 0xBB, 0xBF])).map(bytes),
        st.binary(max_size=100).map(lambda rest: codecs.BOM_UTF16_BE + rest),
    )
)
@example(codecs.BOM_UTF16_LE)
@example(codecs.BOM_UTF8)
def test_any_bytes_are_text_or_refused(content: bytes) -> None:
    try:
        text = decode(content)
    except NoTextError:
        return
    assert text.encode().decode() == text  # no half characters, which SQLite would not take
    assert not {"\0", "\r"} & set(text)


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0\r")).filter(lambda text: text[:1] != "\ufeff")


@settings(max_examples=examples(300), deadline=None)
@given(texts)
def test_every_text_in_utf_8_or_utf_16_reads_back(text: str) -> None:
    assert decode(text.encode()) == text
    assert decode(codecs.BOM_UTF8 + text.encode()) == text
    assert decode(codecs.BOM_UTF16_LE + text.encode("utf-16-le")) == text
    assert decode(codecs.BOM_UTF16_BE + text.encode("utf-16-be")) == text


# Chinese in GBK that is UTF-8 too, as a few short words are, is read as that; 的 in lines of their own is never.
@settings(max_examples=examples(300), deadline=None)
@given(st.lists(st.text(f"{COMMON}，。“”（）《》：％ aZ09\n\"'-:", max_size=60), min_size=1, max_size=5))
@example(["title: x", "𠮷😀"])
def test_common_chinese_in_gb18030_reads_back(lines: list[str]) -> None:
    text = "\n的\n".join(["", *lines, ""])

    assert decode(text.encode("gb18030")) == text


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\x81" * 1024 * 1024, id="half characters"),
        pytest.param(b"\xb0\xa1" * 512 * 1024, id="GBK"),
        pytest.param("一".encode() * 349_525 + b"\xff", id="UTF-8 with a damaged character"),
        pytest.param(codecs.BOM_UTF16_LE + b"\x00\x4e" * 524_287, id="UTF-16"),
        pytest.param(b"\r" * 1024 * 1024, id="line ends"),
    ],
)
def test_a_file_of_the_largest_size_takes_few_times_its_size_in_memory(content: bytes) -> None:
    tracemalloc.start()
    try:
        decode(content)
    except NoTextError:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 16 * len(content)


# Encodings of other languages, whose bytes GB18030 would read as something.

JAPANESE = (
    "メロスは激怒した。必ず、かの王を除かなければならぬと決意した。日経平均株価は前日比三百円高で取引を終えた。"
)
TRADITIONAL = (
    "臺灣加權指數今日收盤上漲百分之一，外資買超五十億元。專家認為，下半年景氣仍有許多不確定因素，投資人應謹慎操作。"
)
KOREAN = "코스피 지수가 오늘 상승 마감했다. 외국인 투자자들은 오백억원 규모의 순매수를 기록했다."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (TRADITIONAL, "big5"),
        (TRADITIONAL, "gbk"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (KOREAN, "euc_kr"),
        (TEXT, "gbk"),
    ],
)
def test_a_text_is_read_in_the_encoding_of_its_language(text: str, encoding: str) -> None:
    content = f'---\ntitle: "{text[:20]}"\n---\n\n<p>{text}</p>\n'.encode(encoding)
    assert decode(content) == content.decode(encoding)
    assert text in decode(content)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Größere Gärten blühen über schöne Straßen", "latin-1"),
        ("Größere Gärten blühen über schöne Straßen", "cp1252"),
        ("Les élèves français étaient déjà gâtés", "latin-1"),
    ],
)
def test_a_text_in_another_alphabet_is_refused_and_not_read_as_chinese(text: str, encoding: str) -> None:
    with pytest.raises(NoTextError):
        decode(f"---\ntitle: x\n---\n{text}\n".encode(encoding))


@pytest.mark.parametrize("marks", [1, 2, 3])
def test_any_number_of_marks_at_the_start_is_none_of_the_text(marks: int) -> None:
    assert decode(codecs.BOM_UTF8 * marks + TEXT.encode()) == TEXT
    assert decode(codecs.BOM_UTF16_LE * marks + TEXT.encode("utf-16-le")) == TEXT
