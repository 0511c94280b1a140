"""Names that are near to one that is unknown."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.nearby import did_you_mean, key, nearest, nearest_by_spelling

OUTLETS = ["大江网", "上海证券报", "证券时报", "新华社", "中国证券报"]
NAMES = st.text("abc大江网證证", max_size=6)


@pytest.mark.parametrize(
    ("written", "known", "near"),
    [
        ("大江", OUTLETS, ["大江网"]),
        ("大江網", OUTLETS, ["大江网"]),
        ("大江网新闻", OUTLETS, ["大江网"]),
        ("证券报", OUTLETS, ["上海证券报", "中国证券报"]),
        ("dajiangwng", ["dajiangwang", "emnews"], ["dajiangwang"]),
        ("DaJiangWang ", ["dajiangwang", "emnews"], ["dajiangwang"]),
        ("fnews", ["finews", "minima", "emnews"], ["finews"]),
        ("600160", ["600519", "000001"], []),
        ("600591", ["600519", "000001"], ["600519"]),
        ("江", OUTLETS, []),
        ("", OUTLETS, []),
        ("大江", [], []),
        ("经济参考", OUTLETS, []),
        ("\udcff", OUTLETS, []),
    ],
)
def test_the_nearest_names_come_first(written: str, known: list[str], near: list[str]) -> None:
    assert nearest(written, known)[: len(near) or 1] == near


@pytest.mark.parametrize("typed", ["pingna", "pingan", "payh", "平安", "平安銀行", "000001"])
def test_a_name_is_near_if_one_of_its_spellings_is(typed: str) -> None:
    spellings = {
        "平安银行": ["平安银行", "000001", "pinganyinhang", "payh"],
        "贵州茅台": ["贵州茅台", "600519", "guizhoumaotai", "gzmt"],
    }
    assert nearest_by_spelling(typed, spellings) == ["平安银行"]


def test_no_more_are_named_than_are_wanted() -> None:
    assert nearest("news", [f"news{number}" for number in range(9)], most=2) == ["news0", "news1"]


@settings(max_examples=examples(200), deadline=None)
@given(NAMES, st.lists(NAMES, max_size=5))
def test_what_is_near_is_known_and_the_name_itself_the_nearest(written: str, known: list[str]) -> None:
    near = nearest(written, known)
    assert set(near) <= set(known)
    if written in known and len(key(written)) > 1:
        assert key(near[0]) == key(written)


def test_a_question_names_them() -> None:
    assert [did_you_mean(names) for names in ([], ["a"], ["a", "b", "c"])] == [
        "",
        "did you mean a?",
        "did you mean a or b or c?",
    ]
