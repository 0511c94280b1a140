"""Pinyin: how names are spelt, and which spellings mean them."""

from __future__ import annotations

import pytest

from crawler.text.pinyin import is_part, is_whole, spelling


@pytest.mark.parametrize(
    ("name", "spelt"),
    [
        ("贵州茅台", "gui zhou mao tai/yi/si"),
        ("重庆啤酒", "zhong/chong/tong qing pi jiu"),
        ("平安银行", "ping/pian/bing/beng an yin xing/hang/heng"),
        ("*ST康美", "st kang mei"),
        ("腾讯控股-W", "teng xun kong/qiang gu w"),
        ("ＴＣＬ科技", "tcl ke ji/qi"),
        ("蔚来NIO", "wei/yu lai nio"),
        ("臺積電", "tai ji dian"),
        ("", ""),
        ("--", ""),
    ],
)
def test_a_name_is_spelt(name: str, spelt: str):
    assert spelling(name) == spelt


@pytest.mark.parametrize(
    ("typed", "whole", "part"),
    [
        ("guizhoumaotai", True, True),
        ("guizhou maotai", True, True),
        ("Gui'Zhou MaoTai", True, True),
        ("gzmt", True, True),
        ("GZMT", True, True),
        ("maotai", False, True),
        ("zhoumao", False, True),
        ("gz", False, True),
        ("g", False, False),
        ("gui", False, True),
        ("uizhou", False, False),
        ("guizh", False, False),
        ("", False, False),
        ("茅台", False, False),
    ],
)
def test_a_spelling_is_matched_as_a_whole_or_in_part(typed: str, whole: bool, part: bool):
    assert (is_whole("gui zhou mao tai", typed), is_part("gui zhou mao tai", typed)) == (whole, part)


@pytest.mark.parametrize("typed", ["chongqing", "zhongqing", "cq", "zq", "chongqingpijiu", "qingpi"])
def test_every_reading_of_a_character_is_understood(typed: str):
    assert is_part(spelling("重庆啤酒"), typed)
