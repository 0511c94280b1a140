"""Changes between two versions of a post: sentences, figures, title and time."""

from __future__ import annotations

import json
import re
import time
import unicodedata
from collections import Counter
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.text.changes import Change, Changes, FigureChange, Version, as_dict
from crawler.text.differences import compare, split_sentences
from crawler.text.figures import figures
from crawler.text.words import bare, fold

NOON = "2022-04-20T12:00:00+08:00"
LEAD = "4月20日，公司发布一季度报告。"
RESULT = "公司实现营业收入12.5亿元，同比增长13.5%。"
MENDED = "公司实现营业收入12.8亿元，同比增长15.1%。"
OUTLOOK = "管理层预计二季度毛利率保持稳定。"
SOURCE = "（文章来源：上海证券报）"

# Few characters, so that sentences repeat, move and change in part.
texts = st.text("营收增甲1２5.,，。！；\n ”%亿元a", max_size=60)
sentences = st.sampled_from(
    [LEAD, RESULT, MENDED, OUTLOOK, SOURCE, "一季度要点\n", "净利润３.2 亿元！", "他说：“很好。”\n"]
)
posts = st.lists(sentences, max_size=12).map("".join)
anything = st.text(st.characters(codec=None))


def _compare_texts(before: str, after: str) -> Changes:
    return compare(Version("", NOON, before), Version("", NOON, after))


def _marked(change: Change) -> tuple[str, str, str]:
    """A change with what changed in brackets."""
    before, after = (
        "".join(f"[{text}]" if changed else text for text, changed in parts)
        for parts in (change.before_parts, change.after_parts)
    )
    return change.kind, before, after


def _sentence_changes(before: str, after: str) -> list[tuple[str, str, str]]:
    return [_marked(change) for change in _compare_texts(before, after).sentences]


def _figure_pairs(before: str, after: str) -> list[tuple[str, str]]:
    return [(figure.before, figure.after) for figure in _compare_texts(before, after).figures]


def _key(text: str) -> str:
    return bare(fold(text))


def test_a_changed_figure_is_marked_whole_and_listed_with_its_sentences() -> None:
    before = "4月20日，公司实现营业收入12.5亿元，同比增长13.5%。"
    after = "4月20日，公司实现营业收入12.8亿元，同比增长15.1%。"

    assert _compare_texts(before, after) == Changes(
        title=None,
        published_at=None,
        figures=(FigureChange("12.5亿元", "12.8亿元", before, after), FigureChange("13.5%", "15.1%", before, after)),
        sentences=(
            Change(
                "changed",
                (
                    ("4月20日，公司实现营业收入", False),
                    ("12.5亿元", True),
                    ("，同比增长", False),
                    ("13.5%", True),
                    ("。", False),
                ),
                (
                    ("4月20日，公司实现营业收入", False),
                    ("12.8亿元", True),
                    ("，同比增长", False),
                    ("15.1%", True),
                    ("。", False),
                ),
            ),
        ),
    )


def test_the_same_version_has_no_changes() -> None:
    version = Version("公司一季度营收增长", NOON, LEAD + RESULT)

    assert compare(version, version) == Changes(None, None, (), ())
    assert compare(version, version).is_empty


def test_a_changed_title_is_marked_and_its_figures_are_listed_first() -> None:
    before = Version("公司一季度净利润增长12%", NOON, RESULT)
    after = Version("公司一季度净利润下降13%", NOON, MENDED)
    changes = compare(before, after)

    assert changes.title == Change(
        "changed",
        (("公司一季度净利润", False), ("增长12%", True)),
        (("公司一季度净利润", False), ("下降13%", True)),
    )
    assert changes.figures == (
        FigureChange("12%", "13%", before.title, after.title),
        FigureChange("12.5亿元", "12.8亿元", RESULT, MENDED),
        FigureChange("13.5%", "15.1%", RESULT, MENDED),
    )


def test_a_new_title_is_marked_as_a_whole() -> None:
    changes = compare(Version("", NOON, LEAD), Version("公告", NOON, LEAD))

    assert changes.title == Change("changed", (), (("公告", True),))
    assert not changes.is_empty


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(NOON, "2022-04-20T12:30:00+08:00", (NOON, "2022-04-20T12:30:00+08:00"), id="later"),
        pytest.param(NOON, NOON, None, id="the same"),
        pytest.param(NOON, "2022-04-20T04:00:00Z", None, id="the same in another zone"),
        pytest.param(NOON, "2022-04-20T12:00:00", (NOON, "2022-04-20T12:00:00"), id="without an offset"),
        pytest.param("", NOON, ("", NOON), id="there was none"),
        pytest.param("昨天", "今天", ("昨天", "今天"), id="no times"),
        pytest.param("昨天", "昨天", None, id="the same word"),
    ],
)
def test_the_time_has_changed_if_it_is_another_point_in_time(
    before: str, after: str, expected: tuple[str, str] | None
) -> None:
    changes = compare(Version("", before, ""), Version("", after, ""))

    assert changes == Changes(None, expected, (), ())
    assert changes.is_empty == (expected is None)


def test_added_and_removed_sentences_are_in_the_order_of_the_new_text() -> None:
    assert _sentence_changes(f"{LEAD}{OUTLOOK}\n{SOURCE}", f"{LEAD}{RESULT}\n{SOURCE}\n本文已更正。") == [
        ("removed", f"[{OUTLOOK}]", ""),
        ("added", "", f"[{RESULT}]"),
        ("added", "", "[本文已更正。]"),
    ]


def test_figures_only_added_or_only_removed_are_listed_with_their_sentence() -> None:
    changes = _compare_texts(LEAD + RESULT, LEAD + "董事会拟每10股派3元。")

    assert changes.figures == (
        FigureChange("12.5亿元", "", RESULT, ""),
        FigureChange("13.5%", "", RESULT, ""),
        FigureChange("", "10股", "", "董事会拟每10股派3元。"),
        FigureChange("", "3元", "", "董事会拟每10股派3元。"),
    )


def test_a_figure_added_within_a_sentence_has_no_counterpart() -> None:
    before, after = "目标价18.3港元。", "目标价由18.3港元上调至20港元。"

    assert _sentence_changes(before, after) == [("changed", "目标价18.3港元。", "目标价[由]18.3港元[上调至20港元]。")]
    assert _figure_pairs(before, after) == [("", "20港元")]


def test_a_removed_figure_does_not_shift_those_after_it() -> None:
    assert _figure_pairs("营业收入12.5亿元，净利润3.2亿元，同比增长8%。", "净利润3.4亿元，同比增长9%。") == [
        ("12.5亿元", ""),
        ("3.2亿元", "3.4亿元"),
        ("8%", "9%"),
    ]


def test_a_figure_that_moved_to_another_sentence_has_not_changed() -> None:
    before = "公司实现营业收入12.5亿元。"
    after = "董事会审议通过了利润分配方案，此前披露的年度销售额是12.5亿元。"

    assert [change.kind for change in _compare_texts(before, after).sentences] == ["removed", "added"]
    assert _figure_pairs(before, after) == []


def test_a_moved_sentence_is_shown_once_and_its_figures_have_not_changed() -> None:
    assert _sentence_changes(LEAD + RESULT + OUTLOOK, LEAD + OUTLOOK + RESULT) == [("moved", OUTLOOK, OUTLOOK)]
    assert _figure_pairs(LEAD + RESULT + OUTLOOK, LEAD + OUTLOOK + RESULT) == []


def test_a_moved_sentence_is_not_taken_for_a_similar_one() -> None:
    assert _sentence_changes(RESULT + LEAD + OUTLOOK, MENDED + LEAD + OUTLOOK + RESULT) == [
        ("added", "", f"[{MENDED}]"),
        ("moved", RESULT, RESULT),
    ]


def test_a_sentence_moves_only_as_often_as_it_was_removed() -> None:
    assert _sentence_changes(RESULT + LEAD + OUTLOOK, LEAD + OUTLOOK + RESULT + RESULT) == [
        ("moved", RESULT, RESULT),
        ("added", "", f"[{RESULT}]"),
    ]


def test_each_sentence_is_compared_with_the_one_most_like_it() -> None:
    old = ["沪指收盘上涨0.5%，成交4000亿元。", "深成指收盘上涨0.9%，成交5000亿元。", "创业板指收盘上涨1.1%。"]
    new = ["沪指收盘上涨0.6%，成交4100亿元。", "北向资金净买入。", "创业板指收盘上涨1.3%。"]

    assert _sentence_changes("".join(old), "".join(new)) == [
        ("changed", "沪指收盘上涨[0.5%]，成交[4000亿元]。", "沪指收盘上涨[0.6%]，成交[4100亿元]。"),
        ("removed", "[深成指收盘上涨0.9%，成交5000亿元。]", ""),
        ("added", "", "[北向资金净买入。]"),
        ("changed", "创业板指收盘上涨[1.1%]。", "创业板指收盘上涨[1.3%]。"),
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("公司实现营业收入12.5亿元。", "公司实现营业收入 12.5 亿元。", id="spaces"),
        pytest.param("\u3000\u3000公司发布公告。", "公司发布公告。\n", id="indents"),
        pytest.param("同比增长１３．５％！", "同比增长13.5%!", id="full width"),
        pytest.param("新增门店1,200家。", "新增门店1200家。", id="thousands separators"),
        pytest.param("新增门店１,２００家。", "新增门店1200家。", id="full-width thousands"),
        pytest.param("NIO上涨。", "Nio上涨。", id="case"),
        pytest.param("九江有水运之便，\n物流成本低。\n达产后", "九江有水运之便，物流成本低。达产后", id="lines"),
        pytest.param("报告显示，\n收入增长。", "报告\n显示，收入增长。", id="lines broken elsewhere"),
        pytest.param("好！！”他说。", "好！ ！\n”他说。", id="signs apart"),
        pytest.param("涨了﹖是的。", "涨了?是的。", id="rare signs"),
    ],
)
def test_writing_the_same_differently_is_no_change(before: str, after: str) -> None:
    assert compare(Version(before, NOON, before), Version(after, NOON, after)).is_empty


def test_broken_lines_are_no_change_beside_one() -> None:
    assert _sentence_changes(
        f"{RESULT}九江有水运之便，\n物流成本低。", f"{MENDED}\n九江有水运之便，物流成本低。"
    ) == [
        (
            "changed",
            "公司实现营业收入[12.5亿元]，同比增长[13.5%]。",
            "公司实现营业收入[12.8亿元]，同比增长[15.1%]。",
        )
    ]


def test_a_heading_is_compared_apart_from_the_sentence_below_it() -> None:
    assert _sentence_changes(f"一季度业绩\n{LEAD}", f"一季度业绩快报\n{LEAD}") == [
        ("changed", "一季度业绩", "一季度业绩[快报]")
    ]


def test_the_rows_of_a_table_are_compared_one_by_one() -> None:
    assert _sentence_changes(
        "项目 2020 2021\n营收 11.2 12.5\n净利润 3.1 3.2", "项目 2020 2021\n营收 11.2 12.6\n净利润 3.1 3.2"
    ) == [("changed", "营收 11.2 [12.5]", "营收 11.2 [12.6]")]


@pytest.mark.parametrize(
    ("before", "after", "marked"),
    [
        pytest.param(
            "首款 iPhone 13 手机涨价。", "首款 iPhone 14 手机涨价。", "首款 iPhone [14 ]手机涨价。", id="number"
        ),
        pytest.param("公司推出Lumen品牌。", "公司推出Lumina品牌。", "公司推出[Lumina]品牌。", id="Latin word"),
        pytest.param(
            "公司建成5G基站网络。", "公司建成6G基站网络。", "公司建成[6G]基站网络。", id="word with a digit"
        ),
        pytest.param(
            "采购经理指数PMI50.2。", "采购经理指数PMI50.4。", "采购经理指数[PMI50.4]。", id="word with a number"
        ),
        pytest.param("公司股价大幅上涨。", "公司股价小幅下跌。", "公司股价[小幅下跌]。", id="one character between"),
        pytest.param(
            "净利润为3亿元和增长5%。", "净利润为4亿元和增长6%。", "净利润为[4亿元]和增长[6%]。", id="figures apart"
        ),
        pytest.param("公司发布公告3和5。", "公司发布公告4和6。", "公司发布公告[4]和[6]。", id="one between figures"),
        pytest.param(
            "甲公司与乙公司合作。", "该甲公司与乙公司开展合作。", "[该]甲公司与乙公司[开展]合作。", id="added"
        ),
    ],
)
def test_marks_are_readable(before: str, after: str, marked: str) -> None:
    assert [change[2] for change in _sentence_changes(before, after)] == [marked]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("一。二！三？四；五", ["一。", "二！", "三？", "四；", "五"], id="every sign"),
        pytest.param("一!二?三;四", ["一!", "二?", "三;", "四"], id="half width"),
        pytest.param("“一。”二（三。）四", ["“一。”", "二（三。）", "四"], id="closing quotes and brackets"),
        pytest.param("『「一！」』《二？》三", ["『「一！」』", "《二？》", "三"], id="nested"),
        pytest.param("真的？！是的！！！", ["真的？！", "是的！！！"], id="several signs"),
        pytest.param("增长3.5%，U.S.市场", ["增长3.5%，U.S.市场"], id="full stops"),
        pytest.param("\u3000一\n\n 二。\n三 ", ["一", "二。", "三"], id="lines"),
        pytest.param(" \n", [], id="nothing"),
    ],
)
def test_sentences_end_at_signs_and_lines(text: str, expected: list[str]) -> None:
    assert split_sentences(text) == expected


def test_changes_are_written_as_json() -> None:
    changes = compare(
        Version("旧", NOON, LEAD), Version("新", "2022-04-20T13:00:00+08:00", "4月21日，公司发布一季度报告。")
    )

    assert json.loads(json.dumps(as_dict(changes))) == {
        "title": {
            "kind": "changed",
            "before": "旧",
            "after": "新",
            "before_parts": [{"text": "旧", "changed": True}],
            "after_parts": [{"text": "新", "changed": True}],
        },
        "published_at": {"before": NOON, "after": "2022-04-20T13:00:00+08:00"},
        "figures": [
            {
                "before": "4月20日",
                "after": "4月21日",
                "before_sentence": LEAD,
                "after_sentence": "4月21日，公司发布一季度报告。",
            }
        ],
        "sentences": [
            {
                "kind": "changed",
                "before": LEAD,
                "after": "4月21日，公司发布一季度报告。",
                "before_parts": [
                    {"text": "4月20日", "changed": True},
                    {"text": "，公司发布一季度报告。", "changed": False},
                ],
                "after_parts": [
                    {"text": "4月21日", "changed": True},
                    {"text": "，公司发布一季度报告。", "changed": False},
                ],
            }
        ],
    }


def test_no_changes_are_written_as_json() -> None:
    assert as_dict(_compare_texts(LEAD, LEAD)) == {
        "title": None,
        "published_at": None,
        "figures": [],
        "sentences": [],
    }


def test_a_sentence_too_long_to_compare_in_detail_is_replaced_as_a_whole() -> None:
    before, after = "甲" * 600 + "增长5%", "甲" * 600 + "增长6%"
    changes = compare(Version(before, NOON, before), Version(after, NOON, after))

    assert changes.title == Change("changed", ((before, True),), ((after, True),))
    assert [_marked(change) for change in changes.sentences] == [
        ("removed", f"[{before}]", ""),
        ("added", "", f"[{after}]"),
    ]
    assert [(figure.before, figure.after) for figure in changes.figures] == [("5%", "6%"), ("5%", ""), ("", "6%")]


@given(anything, anything, anything, anything)
def test_comparing_never_raises_and_its_parts_give_the_title_back(
    title: str, text: str, other_title: str, other_text: str
) -> None:
    changes = compare(Version(title, title, text), Version(other_title, other_title, other_text))

    json.dumps(as_dict(changes))
    assert changes.title is None or (changes.title.before, changes.title.after) == (title, other_title)


@given(st.one_of(texts, posts, anything))
def test_a_version_compared_with_itself_shows_nothing(text: str) -> None:
    version = Version(text, text, text)

    assert compare(version, version).is_empty


@given(st.one_of(texts, posts), st.data())
def test_white_space_and_width_alone_show_nothing(text: str, data: st.DataObject) -> None:
    gaps = data.draw(st.lists(st.sampled_from(["", " ", "\n", "\u3000"]), min_size=len(text), max_size=len(text)))
    spaced = "".join(gap + character for gap, character in zip(gaps, text, strict=True))

    assert compare(Version(text, NOON, text), Version(spaced, NOON, spaced)).is_empty
    assert compare(Version(text, NOON, text), Version("", NOON, unicodedata.normalize("NFKC", text))).sentences == ()


@given(st.one_of(texts, posts), st.one_of(texts, posts))
def test_texts_that_say_something_else_show_it(before: str, after: str) -> None:
    bare_of_commas = [_key(text).replace(",", "") for text in (before, after)]
    if bare_of_commas[0] != bare_of_commas[1]:
        assert not _compare_texts(before, after).is_empty


@given(st.one_of(texts, posts), st.one_of(texts, posts))
def test_the_sentences_of_a_change_stand_in_the_texts(before: str, after: str) -> None:
    for change in _compare_texts(before, after).sentences:
        assert change.kind == "added" or change.before in split_sentences(before) or change.before == change.after
        assert change.kind == "removed" or change.after in split_sentences(after)


@given(posts, posts)
def test_every_sentence_is_unchanged_or_shown(before: str, after: str) -> None:
    changes = _compare_texts(before, after).sentences
    old, new = (Counter(map(_key, split_sentences(text))) for text in (before, after))
    gone = Counter(_key(change.before) for change in changes if change.kind != "added")
    come = Counter(_key(change.after) for change in changes if change.kind != "removed")

    assert gone <= old
    assert come <= new
    assert old - gone == new - come


@given(texts, texts)
def test_sentences_that_are_not_shown_are_the_same_in_both_texts(before: str, after: str) -> None:
    changes = _compare_texts(before, after).sentences
    old, new = (Counter(_key(text).replace(",", "")) for text in (before, after))
    gone = Counter("".join(_key(change.before) for change in changes).replace(",", ""))
    come = Counter("".join(_key(change.after) for change in changes).replace(",", ""))

    assert old - gone == new - come


@given(st.one_of(texts, posts), st.one_of(texts, posts))
def test_sentences_are_shown_in_the_order_of_the_new_text(before: str, after: str) -> None:
    shown = [change.after for change in _compare_texts(before, after).sentences if change.kind != "removed"]
    rest = iter(split_sentences(after))

    assert all(sentence in rest for sentence in shown)


@given(st.one_of(texts, posts), st.one_of(texts, posts))
def test_unmarked_parts_are_the_same_in_both_sentences(before: str, after: str) -> None:
    for change in _compare_texts(before, after).sentences:
        one, other = (
            "".join(_key(text) for text, changed in parts if not changed).replace(",", "")
            for parts in (change.before_parts, change.after_parts)
        )
        assert one == other


@given(st.one_of(texts, posts), st.one_of(texts, posts))
def test_no_mark_cuts_a_number_or_a_word(before: str, after: str) -> None:
    for change in _compare_texts(before, after).sentences:
        for (one, _), (other, _) in [*pairwise(change.before_parts), *pairwise(change.after_parts)]:
            assert not re.match("[0-9０-９a-z]{2}", one[-1] + other[0])


@given(posts, posts)
def test_no_mark_cuts_a_figure(before: str, after: str) -> None:
    for change in _compare_texts(before, after).sentences:
        for parts in (change.before_parts, change.after_parts):
            whole = figures("".join(text for text, _ in parts))
            assert [figure for text, _ in parts for figure in figures(text)] == whole


@given(st.one_of(texts, posts), st.one_of(texts, posts))
def test_a_listed_figure_stands_in_its_sentences_and_differs(before: str, after: str) -> None:
    for figure in _compare_texts(before, after).figures:
        assert figure.before in {"", *figures(figure.before_sentence)}
        assert figure.after in {"", *figures(figure.after_sentence)}
        assert _key(figure.before) != _key(figure.after)


@given(anything)
def test_no_character_of_a_text_but_white_space_is_lost_between_sentences(text: str) -> None:
    assert bare("".join(split_sentences(text))) == bare(text)


def _long_text(seed: int, first: int, sentence_count: int = 5000) -> str:
    random = Random(seed)
    alphabet = [chr(first + offset) for offset in range(400)]
    return "".join("".join(random.choices(alphabet, k=39)) + "。" for _ in range(sentence_count))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(_long_text(1, 0x4E00), _long_text(2, 0x6E00), id="nothing in common"),
        pytest.param(_long_text(1, 0x4E00), _long_text(2, 0x4E00), id="characters in common"),
        pytest.param("1" + ",111" * 50_000 + "G", "2" + ",111" * 50_000 + "G", id="one number"),
        pytest.param("1" + " " * 200_000 + "甲。", "2" + " " * 200_000 + "乙。", id="one gap"),
        pytest.param("甲" * 200_000, "乙" * 200_000, id="one sentence"),
        pytest.param("1月" * 100_000, "2月" * 100_000, id="one date"),
        pytest.param("。" * 200_000, "！" * 200_000, id="nothing but signs"),
    ],
)
def test_long_texts_are_compared_in_seconds(before: str, after: str) -> None:
    start = time.process_time()
    changes = _compare_texts(before, after)

    assert not changes.is_empty
    assert time.process_time() - start < 20  # of the processor's time; it takes two
