"""Likeness: the keys of a text, and whether two posts tell one story in the same words."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from functools import cache

import pytest
from benchmarks.story_pairs import Pair, long_posts, pairs, posts
from hypothesis import given
from hypothesis import strategies as st

from crawler.text.minhash import minhash_keys, scheme
from crawler.text.near_duplicates import TitledText, same_story

SHORT = "财联社4月20日电，沪指开盘涨0.5%，深成指涨0.3%，创业板指跌0.1%，煤炭、油气板块涨幅居前。"
LONG = max((post.text for post in posts()), key=len)

TITLES = st.text("沪指涨跌0.58%，A公司：", max_size=20)
TEXTS = st.text("沪指开盘涨跌0123.5%，。：;（）【】记者 \n\ud800𠮷aA", max_size=60) | st.text(max_size=60)


def same(one: str, other: str, titles: tuple[str, str] = ("", "")) -> bool:
    """Decide on two texts, either way round."""
    texts = TitledText(titles[0], one), TitledText(titles[1], other)
    decided = same_story(*texts)
    assert same_story(*reversed(texts)) == decided
    return decided


# Keys


def test_a_text_has_one_key_of_its_letters_and_ten_of_its_n_grams() -> None:
    keys = minhash_keys(SHORT)

    assert len(keys) == 11
    assert all(-(2**63) <= key < 2**63 for key in keys)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        pytest.param("", 0, id="nothing"),
        pytest.param(" \n……（）％", 0, id="nothing but signs"),
        pytest.param("（完）", 0, id="nothing but a footer"),
        pytest.param("沪指涨", 1, id="too short for an n-gram"),
        pytest.param("沪指收涨", 11, id="one n-gram"),
    ],
)
def test_a_text_without_letters_has_no_keys(text: str, count: int) -> None:
    assert len(minhash_keys(text)) == count


def test_the_keys_of_a_text_are_those_stored_in_archives() -> None:
    # Whoever changes them makes every archive find its stories anew.
    assert minhash_keys("沪指收涨0.5%，报3151.05点。") == (
        -8374831406050309055,
        2484367213764328646,
        -7670817562980774614,
        1629015173919728192,
        9151288961490873952,
        -4293414107956855640,
        5903321006198210640,
        -4286091616566144103,
        7957091202715303952,
        507983702759806404,
        4086145153864263245,
    )
    assert scheme() == "4-grams, 10 keys of 2, R-MinHash, fd4e4562"


def test_another_process_computes_the_same_keys(environment: dict[str, str]) -> None:
    program = f"from crawler.text.minhash import minhash_keys, scheme; print(scheme(), minhash_keys({LONG!r}))"
    for seed, kernel in (("1", "scalar"), ("2", "avx2")):
        child = subprocess.run(
            [sys.executable, "-c", program],
            env={**environment, "PYTHONHASHSEED": seed, "RENSA_FORCE_KERNEL": kernel, "PYTHONUTF8": "1"},
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        assert child.stdout == f"{scheme()} {minhash_keys(LONG)}\n"


@pytest.mark.parametrize(
    "framed",
    [
        pytest.param("（记者 张三）{}", id="a reporter"),
        pytest.param("本报记者 张三 南昌报道\n{}", id="a reporter on a line"),
        pytest.param("新华社南昌4月20日电（记者 张三、李四）{}", id="an agency"),
        pytest.param("财联社4月20日电，{}", id="an agency by wire"),
        pytest.param("格隆汇4月20日丨{}", id="an outlet with a date"),
        pytest.param("证券时报e公司讯，{}", id="an outlet"),
        pytest.param("每经AI快讯，{}", id="a flash"),
        pytest.param("【多家公司回购股份】{}", id="a title in brackets"),
        pytest.param("{}（文章来源：大江网）", id="a source"),
        pytest.param("{}\n（责任编辑：王五 HF062）", id="an editor"),
        pytest.param("{}（记者 张三）（完）\n责任编辑：李四", id="three footers"),
        pytest.param("{}（上海证券报）", id="an outlet at the end"),
        pytest.param("\u3000\u3000{}  \n", id="white space"),
    ],
)
def test_header_and_footer_change_no_key(framed: str) -> None:
    text = "多家公司今日公告，拟以自有资金回购股份，用于员工持股计划。"

    assert minhash_keys(framed.format(text)) == minhash_keys(text)


@pytest.mark.parametrize("name", ["腾讯", "中国核电", "贵州茅台", "晨岭电气快讯", "东方网力", "晨岭电气4月20日"])
def test_the_name_a_text_begins_with_is_no_header(name: str) -> None:
    text = "一季度净利润同比增长12%"

    assert minhash_keys(f"{name}：{text}") != minhash_keys(text)


def test_a_cut_copy_shares_a_key_with_the_whole() -> None:
    for post in (*posts(), *long_posts()):
        assert not {*minhash_keys(post.text)}.isdisjoint(minhash_keys(post.text[: len(post.text) * 3 // 4]))


def test_unrelated_posts_share_no_key() -> None:
    keys = [key for post in posts() for key in minhash_keys(post.text)]

    assert len(keys) == len(set(keys))


# The decision


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("沪指涨0.5%", "沪指涨0.8%", id="a figure"),
        pytest.param("A公司：一季度净利润同比增长12%", "B公司：一季度净利润同比增长12%", id="a company"),
        pytest.param("腾讯：一季度净利润同比增长12%", "立讯：一季度净利润同比增长12%", id="a company like an outlet"),
        pytest.param("晨岭电气(609001)：股东拟减持", "晨岭电气(609002)：股东拟减持", id="a code"),
        pytest.param(SHORT, SHORT.replace("0.3", "0.4"), id="a figure of four"),
        pytest.param(SHORT, SHORT.replace("跌", "涨"), id="the other direction"),
        pytest.param(SHORT, SHORT.replace("0.3", "-0.3"), id="a sign"),
        pytest.param("沪指现报3.1", "沪指现报3.15", id="a figure that begins like the other"),
        pytest.param("某股涨停，换手三成", "某股涨停，换手四成", id="a figure in characters"),
    ],
)
def test_a_changed_figure_or_name_in_a_short_item_is_no_duplicate(one: str, other: str) -> None:
    assert not same(one, other)
    assert not same(one, other, ("午间快报：市场表现如何", "午间快报：市场表现如何"))


def test_a_changed_figure_in_a_short_item_under_one_title_is_no_duplicate() -> None:
    title = "北向资金净买入逾三十亿元"
    text = (
        "北向资金4月19日净买入31.2亿元，其中沪股通净买入18.5亿元，深股通净买入12.7亿元，已连续三个交易日净买入。从行业看，"
        "电力设备、食品饮料与医药生物居前，银行与钢铁遭小幅减持，分析人士认为节奏或有反复。"
    )

    assert not same(text, text.replace("18.5", "18.6"), (title, title))
    assert not same(text, text.replace("18.5亿", "18.5万"), (title, title))
    assert same(text, text.replace("遭小幅减持", "被小幅减持"), (title, title))
    assert not same(text, text.replace("遭小幅减持", "被小幅减持"))


def test_a_changed_figure_in_a_long_text_is_the_same_story() -> None:
    assert same(LONG, LONG.replace("200%", "300%"))


def test_a_long_text_with_many_other_figures_is_another_story() -> None:
    digits = random.Random(1)
    other = "".join(str(digits.randrange(10)) if letter.isdigit() else letter for letter in LONG)

    assert not same(LONG, other)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(SHORT, id="exactly"),
        pytest.param(
            "沪指开盘涨0.5%，深成指涨0.3%，创业板指跌0.1%，煤炭、油气板块涨幅居前（记者 张三）",
            id="header and footer",
        ),
        pytest.param("央视网消息：" + SHORT.partition("，")[2], id="another header"),
        pytest.param("煤炭、油气板块涨幅居前。沪指开盘涨0.5%，深成指涨0.3%，创业板指跌0.1%。", id="reordered"),
        pytest.param("沪指开盘涨0.5%，深成指涨0.3%，创业板指跌0.1%，煤", id="cut"),
        pytest.param("沪指开盘涨０．５％，深成指涨 0.3%，“创业板指”跌0.1%；煤炭、油气板块涨幅居前", id="other signs"),
        pytest.param("【A股开盘】" + SHORT + "有关部门今日召开会议。", id="more at the end"),
    ],
)
def test_a_short_item_in_the_same_words_is_a_duplicate(other: str) -> None:
    assert same(SHORT, other)


def test_a_text_may_be_cut_inside_a_figure_if_the_other_goes_on() -> None:
    assert same("沪指开盘涨0.5%，深成指涨0.3%，创业板指跌0.1%。", "沪指开盘涨0.5%，深成指涨0.")


def test_less_than_half_of_a_text_is_another_story() -> None:
    assert not same(LONG, LONG[: len(LONG) * 2 // 5])
    assert same(LONG, LONG[: len(LONG) * 3 // 5])


@pytest.mark.parametrize(
    ("one", "other", "text", "expected"),
    [
        pytest.param("晨岭电气", "瑞枫日化", "", False, id="no text"),
        pytest.param("晨岭电气", "晨岭电气", "", False, id="no text under one title"),
        pytest.param("图解晨岭电气年报", "图解瑞枫日化年报", "点击查看原图。", False, id="no text worth the name"),
        pytest.param("图解晨岭电气年报", "图解晨岭电气年报", "点击查看原图。", True, id="the same title"),
        pytest.param("图解晨岭电气年报", "", "点击查看原图。", True, id="one without a title"),
        pytest.param(
            "晨岭电气：净利润同比增长12%",
            "瑞枫日化：净利润同比增长12%",
            "公司公告，一季度净利润同比增长12%。",
            False,
            id="a company only the title names",
        ),
        pytest.param(
            "晨岭电气：净利润同比增长12%",
            "晨岭电气：净利润同比增长15%",
            "晨岭电气发布公告，详情见附件。",
            False,
            id="a figure only the title gives",
        ),
        pytest.param(
            "快讯：三大指数集体高开",
            "沪指开盘涨0.5% 煤炭板块领涨",
            SHORT,
            False,
            id="a headline of which the text says nothing",
        ),
        pytest.param("沪指开盘上涨", "煤炭、油气板块走强", SHORT, True, id="two headlines"),
        pytest.param("沪指开盘涨0.5%，煤炭走强", "沪指开盘涨0.5%", SHORT, True, id="a shortened headline"),
    ],
)
def test_titles_of_the_same_short_text_must_fit_together(one: str, other: str, text: str, expected: bool) -> None:
    assert same(text, text, (one, other)) is expected


def test_titles_of_the_same_long_text_may_differ() -> None:
    assert same(LONG, LONG, ("江西出台5G行动计划", "扬帆起航"))


def test_long_texts_from_one_template_are_told_apart_by_the_company_in_the_title() -> None:
    (form, *_) = (pair for pair in pairs() if pair.kind == "another company in a long form of words")

    assert not same_story(form.one, form.other)
    assert same_story(form.one, TitledText(f"重磅！{form.one.title}", form.one.text))


def test_a_title_in_brackets_counts_if_there_is_no_other() -> None:
    text = "公司公告，一季度净利润同比增长12%。"

    assert not same(f"【晨岭电气：净利润同比增长12%】{text}", f"【瑞枫日化：净利润同比增长12%】{text}")


@given(TITLES, TEXTS, TITLES, TEXTS)
def test_the_order_of_the_two_posts_does_not_matter(title: str, text: str, title2: str, text2: str) -> None:
    same(text, text2, (title, title2))


@given(TITLES, TEXTS)
def test_every_text_with_letters_is_its_own_duplicate(title: str, text: str) -> None:
    assert same(text, text, (title, title)) is bool(minhash_keys(text))


@given(TEXTS, TEXTS)
def test_texts_in_exactly_the_same_words_share_their_first_key(text: str, text2: str) -> None:
    keys, others = minhash_keys(text), minhash_keys(text2)

    if keys and others and keys[0] == others[0]:
        assert keys == others


@pytest.mark.parametrize(
    "unit", ["(", "（a）", " ", "9", "9.", "。", "a，", "来源：", "沪指涨0.5%，", "\ufdfa", "【"]
)
def test_no_text_takes_long(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    began = time.process_time()
    minhash_keys(text)
    same(text, text[9:], (text, text[7:]))
    same(text, text[:15_000] + "完")

    assert (
        time.process_time() - began < 20
    )  # of the processor's time, which others on the machine do not take; it takes 0.2


# All kinds together


@cache
def linked() -> list[tuple[Pair, bool]]:
    return [
        (
            pair,
            not {*minhash_keys(pair.one.text)}.isdisjoint(minhash_keys(pair.other.text))
            and same_story(pair.one, pair.other),
        )
        for pair in pairs()
    ]


def test_no_pair_of_two_stories_is_taken_for_one() -> None:
    assert [pair for pair, found in linked() if found and not pair.same] == []


def test_nearly_all_pairs_of_one_story_are_found() -> None:
    found = [found for pair, found in linked() if pair.same]

    assert sum(found) > 0.94 * len(found)
