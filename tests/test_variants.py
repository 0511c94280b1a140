"""Folding for searches: forms of one character are one, and what is not seen separates nothing."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

import crawler.text
from crawler.text.variants import NO_WIDTH, unify
from crawler.text.words import fold


@pytest.mark.parametrize(
    ("text", "unified"),
    [
        ("臺灣", "台湾"),
        ("萬科", "万科"),
        ("裏裡里", "里里里"),
        ("爲為为", "为为为"),
        ("著名", "着名"),
        ("ＡＢＣ", "abc"),
        ("5\u200bG", "5g"),
        ("5\u00adG", "5g"),
        ("\ufeff江\u2060西\u200e", "江西"),
        ("葛\U000e0100", "葛"),
        ("\uf914", "乐"),  # a compatibility ideograph for 樂
        ("", ""),
    ],
)
def test_a_text_is_folded_for_searching(text: str, unified: str):
    assert unify(text) == unified


seen = st.characters(exclude_categories=["Cf", "Mn"]).filter(lambda sign: not re.match(f"[{NO_WIDTH}]", sign))


@given(st.text(seen))
def test_a_text_keeps_its_length_where_folding_keeps_it(text: str):
    assert len(unify(text)) == len(fold(text))


@given(st.text())
def test_what_is_folded_stays_as_it_is(text: str):
    assert unify(unify(text)) == unify(text)


def test_every_form_of_a_character_leads_to_one_that_leads_no_further():
    lines = files(crawler.text).joinpath("variants.txt").read_text(encoding="utf-8").splitlines()
    forms = [form for line in lines for form in line[1:]]
    assert len(forms) == len(set(forms)) == 4_129
    assert {line[0] for line in lines}.isdisjoint(forms)
    assert [form for form in forms if fold(form) != form] == []
