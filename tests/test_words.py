"""Text: squeezed, folded, split into tokens and into sentences."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.text.words import bare, fold, opening, printable, squeeze, tokens


@pytest.mark.parametrize(
    ("text", "squeezed"),
    [
        pytest.param("  一  二\n\n三 ", "一 二 三", id="spaces and lines"),
        pytest.param("\u3000\u3000一\u3000二", "一 二", id="ideographic spaces"),
        pytest.param("一\xa0二\u2028三\x85四", "一 二 三 四", id="other spaces"),
        pytest.param("一\x00二\x1b[31m三\x7f", "一二[31m三", id="control characters"),
        pytest.param("一\ud800二", "一二", id="half of a character"),
        pytest.param(" \n\t", "", id="nothing"),
    ],
)
def test_squeezed_text_is_one_line_with_single_spaces(text: str, squeezed: str) -> None:
    assert squeeze(text) == squeezed


@given(st.text())
def test_squeezing_twice_is_squeezing_once(text: str) -> None:
    assert squeeze(squeeze(text)) == squeeze(text)


def test_printable_text_keeps_tabs_and_newlines() -> None:
    assert printable("一\t二\n三\r\x1b]0;title\x07四") == "一\t二\n三]0;title四"


@given(st.text(st.characters(codec=None)))
def test_printable_text_holds_no_control_character_and_can_be_written(text: str) -> None:
    kept = printable(text)

    assert {character for character in kept if unicodedata.category(character) in {"Cc", "Cs"}} <= {
        "\t",
        "\n",
        "\x85",
    }
    assert kept.encode("utf-8").decode("utf-8") == kept


def test_bare_text_has_no_white_space_at_all() -> None:
    assert bare(" 一 \u3000二\n三\t") == "一二三"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        pytest.param("ＡＢＣ６００１６０", "abc600160", id="full width"),
        pytest.param("NIO", "nio", id="capitals"),
        pytest.param("（％）", "(%)", id="full-width signs"),
        pytest.param("㈱ﬁ", "(株)fi", id="compatibility characters"),
        pytest.param("e\u0301", "é", id="composed"),
    ],
)
def test_folding_makes_one_of_every_way_to_write(text: str, folded: str) -> None:
    assert fold(text) == folded


# What composes, what decomposes, what changes its place, what lower case makes longer; much of it full width.
folding = st.one_of(
    st.text(st.characters()),
    st.text(
        "江西aＡＺａｚ！～（．－＿｀ \u0301\u0300\u0323\u3099ｶﾞｶがﾊﾟeéＥⅣ㈱ﬁ…℃İΣς한\u1112\u1161\u11ab\ufdfa𝐀\ud800'"
    ),
    st.text(st.characters(min_codepoint=0xFF00, max_codepoint=0xFFEF)),
)


@settings(max_examples=examples(500), deadline=None)
@given(folding)
@example("Ａ\u0301")
@example("ＡΣ")
@example("\uff3c\u0338")
def test_folding_is_nfkc_and_lower_case(text: str) -> None:
    assert fold(text) == unicodedata.normalize("NFKC", text).lower()


def test_every_character_is_folded_as_nfkc_folds_it() -> None:
    every = [chr(point) for point in range(0x110000)]
    assert [sign for sign in every if fold(sign) != unicodedata.normalize("NFKC", sign).lower()] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("江西5G+VR", ["江", "西", "5g", "vr"], id="Chinese and Latin"),
        pytest.param("600160.SH", ["600160", "sh"], id="a symbol"),
        pytest.param("15G", ["15g"], id="letters and digits run together"),
        pytest.param("snake_case", ["snake", "case"], id="underscores separate"),
        pytest.param("１．５％", ["1", "5"], id="full width"),
        pytest.param("カタカナ한국", ["カ", "タ", "カ", "ナ", "한", "국"], id="kana and hangul"),
        pytest.param("𠮷野〇々", ["𠮷", "野", "〇", "々"], id="rare characters"),
        pytest.param("café naïve", ["café", "naïve"], id="accents"),
        pytest.param("……（）“”！ \n", [], id="nothing but signs"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_a_token_is_one_cjk_character_or_one_run_of_letters(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@given(st.text())
def test_tokens_read_again_are_the_same_tokens(text: str) -> None:
    assert tokens(" ".join(tokens(text))) == tokens(text)


@given(st.text("AｚＺ1９中。，_ é㈱"))
def test_folded_text_has_the_tokens_of_the_text(text: str) -> None:
    assert tokens(fold(text)) == tokens(text)


@given(st.text())
def test_no_token_holds_white_space(text: str) -> None:
    assert all(token and bare(token) == token for token in tokens(text))


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        pytest.param("一二三。", 10, "一二三。", id="short text whole"),
        pytest.param("一二三。四五六！七八九？", 8, "一二三。四五六！", id="as many sentences as fit"),
        pytest.param("一二三。四五六！", 8, "一二三。四五六！", id="exactly fitting"),
        pytest.param("一二三四五六七八九", 5, "一二三四…", id="one long sentence cut"),
        pytest.param("  一\n二\u3000三。 ", 20, "一 二 三。", id="on one line"),
        pytest.param("Rises. 3.5% more! And so on and on", 20, "Rises. 3.5% more!", id="a full stop ends no number"),
        pytest.param("", 5, "", id="nothing"),
    ],
)
def test_an_opening_is_the_first_sentences_that_fit(text: str, limit: int, expected: str) -> None:
    assert opening(text, limit) == expected


@given(st.text("一二。！ ;a\n"), st.integers(1, 30))
def test_an_opening_fits_and_begins_the_text(text: str, limit: int) -> None:
    first = opening(text, limit)

    assert len(first) <= limit
    assert squeeze(text).startswith(first.removesuffix("…"))
