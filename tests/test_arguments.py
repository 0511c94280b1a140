"""Spiders' arguments: read as `scrapy crawl -a` gives them or as a program does, or refused with a sentence."""

from __future__ import annotations

import pytest

from crawler.errors import UsageError
from crawler.spiders import arguments


@pytest.mark.parametrize(
    ("value", "use"),
    [
        *((use, use) for use in ("missing", "always", "never")),
        *((value, "missing") for value in (True, "yes", "1", "true", "on", " Yes ", "TRUE")),
        *((value, "never") for value in (False, "no", "0", "false", "off", " No ", "FALSE")),
    ],
)
def test_the_use_of_share_links_is_one_of_three_words_or_yes_or_no(value: str | bool, use: str) -> None:
    assert arguments.share_use(value) == use


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        *((value, True) for value in (True, "yes", "1", "true", "on", " Yes ", "TRUE")),
        *((value, False) for value in (False, "no", "0", "false", "off", " No ", "FALSE")),
    ],
)
def test_yes_and_no_may_be_any_of_the_usual_words(value: str | bool, flag: bool) -> None:
    assert arguments.flag("full", value) is flag


@pytest.mark.parametrize("value", ["ture", "", " ", "y", "2", "full", "yes,no"])
def test_a_word_that_means_neither_yes_nor_no_is_refused(value: str) -> None:
    with pytest.raises(UsageError) as refused:
        arguments.flag("full", value)
    assert str(refused.value) == f"full is {value!r}: give yes or no."


@pytest.mark.parametrize("value", ["0", "-1", "²", "①", "1.5", "many"])
def test_a_limit_that_is_not_a_number_is_refused(value: str) -> None:
    with pytest.raises(UsageError) as refused:
        arguments.number(value)
    assert str(refused.value) == f"limit is {value!r}: give a number of posts, 1 or more."


@pytest.mark.parametrize("value", ["", "maybe", "Always", "missing,always"])
def test_any_other_word_for_the_use_of_share_links_is_refused(value: str) -> None:
    with pytest.raises(UsageError) as refused:
        arguments.share_use(value)
    assert str(refused.value) == f"share is {value!r}: give one of missing, always, never."


@pytest.mark.parametrize(
    ("value", "values"),
    [
        ("dajiangwang", ["dajiangwang"]),
        (" dajiangwang , emnews,", ["dajiangwang", "emnews"]),
        (["a, b"], ["a, b"]),
        ((), []),
    ],
)
def test_several_values_come_as_a_sequence_or_as_text_with_commas(value: str | list[str], values: list[str]) -> None:
    assert arguments.listed("category", value) == values


@pytest.mark.parametrize("value", ["", " ", ",", " , "])
@pytest.mark.parametrize("name", ["category", "page", "code"])
def test_an_argument_that_is_empty_is_refused_and_not_ignored(name: str, value: str) -> None:
    with pytest.raises(UsageError) as refused:
        arguments.listed(name, value)
    assert str(refused.value) == (
        f"{name} is {value!r}: give what it is to name, with commas between, or leave it out."
    )
