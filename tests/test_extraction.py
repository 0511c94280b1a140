"""Extraction and normalisation, page by page: every folder of `pages/` is a case."""

from __future__ import annotations

import pytest
from fixture_pages import actual, cases, expected


@pytest.mark.parametrize("case", cases())
def test_a_page_gives_what_its_case_says(case: str) -> None:
    assert actual(case) == expected(case)


def test_both_definitions_have_cases() -> None:
    assert {case.partition("/")[0] for case in cases()} == {"finews", "minima"}
