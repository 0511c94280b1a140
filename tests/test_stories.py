"""Stories: posts that tell the same, found when they come in, shown once, and let go when they change."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.archive import Archive
from crawler.archive.ledger import runs
from crawler.archive.store import posts, stories

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crawler.archive.search.search import Sort

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

# Two long items of several paragraphs, and a short one.
FIVE_G = [
    "江西省政府新闻办昨日召开发布会，介绍5G应用“扬帆”行动计划的主要内容和下一步工作安排。",
    "计划提出，到2023年底全省累计建成基站10万个，实现乡镇以上区域连续覆盖，重点园区深度覆盖。",
    "省工信厅负责人表示，将围绕工业制造、智慧农业、文化旅游等领域，培育100家示范企业，打造可复制的样板。",
    "会上还透露，今年计划安排专项资金3亿元，对成效突出的项目给予奖励，并鼓励社会资本参与网络建设。",
]
LIQUOR = [
    "贵州茅台发布公告称，一季度实现营业总收入331亿元，同比增长18%，归母净利润172亿元，符合市场预期。",
    "分产品看，系列酒收入增速明显快于主品牌，直销渠道占比提升至三成以上，线上平台上线首月注册用户超千万。",
    "机构认为，公司产品结构持续优化，全年目标完成确定性较高，建议关注批价走势与渠道库存变化。",
    "截至收盘，公司股价上涨2.1%，成交额超过60亿元，北向资金净买入8亿元，居两市前列。",
]
SHORT = "央行今日开展100亿元7天期逆回购操作，中标利率2.10%，与此前持平。"


@pytest.fixture(scope="module")
def opened() -> Iterator[Archive]:
    with Archive(":memory:", create=True) as archive:
        runs.begin(archive.db, "finews", made.SEEN)
        yield archive


@pytest.fixture
def archive(opened: Archive) -> Iterator[Archive]:
    """Return an archive in which a run has begun; what else is done to it is rolled back."""
    opened.db.begin()
    yield opened
    opened.db.rollback()


def body(*paragraphs: str) -> str:
    return "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)


def store(archive: Archive, post_id: str, *paragraphs: str, hours: float = 0, **changes: Any) -> None:
    """Store a post of so many hours after the first."""
    published_at = made.PUBLISHED + hours * HOUR
    posts.store(archive.db, made.article(post_id, html=body(*paragraphs), published_at=published_at, **changes), 1)


def told(archive: Archive) -> list[list[str]]:
    """Return the stories that several posts tell, each with its posts in the order they were published."""
    every = [[telling["id"] for telling in archive.post(post["post_id"])["same_story"]] for post in archive.posts()]
    return sorted({tuple(same): same for same in every if same}.values())


def rows(archive: Archive) -> tuple[list[Any], list[Any]]:
    return (
        archive.db.execute("SELECT post_id FROM stories JOIN posts ON posts.id = article_id ORDER BY 1").fetchall(),
        archive.db.execute("SELECT DISTINCT article_id FROM story_keys ORDER BY 1").fetchall(),
    )


# One story.


def test_the_same_text_under_two_ids_is_one_story_and_the_first_published_is_first(archive: Archive):
    store(archive, "NW2", *FIVE_G, hours=2, source="财联社", title="江西发布计划")
    store(archive, "NW1", *FIVE_G)
    store(archive, "NW3", *LIQUOR)
    same = [
        {
            "id": "NW1",
            "site": "finews",
            "title": "江西出台5G行动计划",
            "published_at": "2022-04-20T16:44:59+08:00",
            "source": "大江网",
            "first": True,
        },
        {
            "id": "NW2",
            "site": "finews",
            "title": "江西发布计划",
            "published_at": "2022-04-20T18:44:59+08:00",
            "source": "财联社",
            "first": False,
        },
    ]
    assert [archive.post(post_id)["same_story"] for post_id in ("NW1", "NW2", "NW3")] == [same, same, []]


def test_of_posts_published_at_once_the_first_archived_is_first(archive: Archive):
    for post_id in ("NW3", "NW1", "NW2"):
        store(archive, post_id, *FIVE_G)
    assert told(archive) == [["NW3", "NW1", "NW2"]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (FIVE_G, ["财联社4月20日电，" + FIVE_G[0], *FIVE_G[1:]]),
        (FIVE_G, ["（记者 张三）" + FIVE_G[0], *FIVE_G[1:], "（文章来源：大江网）"]),
        (FIVE_G, FIVE_G[::-1]),
        (FIVE_G, FIVE_G[:3]),
        (FIVE_G, ["".join(FIVE_G)]),
        (FIVE_G, [paragraph.replace("表示", "指出").replace("透露", "介绍") for paragraph in FIVE_G]),
        ([*FIVE_G, *LIQUOR], [paragraph.replace("10万个", "12万个") for paragraph in [*FIVE_G, *LIQUOR]]),
        ([SHORT], ["【央行操作】财联社4月20日电，" + SHORT]),
        ([SHORT], [SHORT.replace("，", ","), "（完）"]),
    ],
    ids=[
        "an agency's header",
        "an author and a source",
        "paragraphs the other way round",
        "the end cut",
        "one paragraph",
        "some words",
        "a figure of a long text",
        "a short text with a header",
        "a short text with other signs",
    ],
)
def test_a_text_that_tells_the_same_joins_the_story(archive: Archive, one: Sequence[str], other: Sequence[str]):
    store(archive, "NW1", *one)
    store(archive, "NW2", *other, source="财联社")
    assert told(archive) == [["NW1", "NW2"]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (FIVE_G, LIQUOR),
        ([SHORT], [SHORT.replace("100亿元", "200亿元")]),
        ([SHORT], [SHORT.replace("2.10%", "2.00%")]),
        ([SHORT], [SHORT.replace("央行", "美联储")]),
        (FIVE_G, [FIVE_G[0], *LIQUOR]),
        ([""], [""]),
    ],
    ids=[
        "another item",
        "a figure of a short text",
        "its second figure",
        "another bank",
        "a paragraph in common",
        "no words",
    ],
)
def test_a_text_that_tells_something_else_does_not_join(archive: Archive, one: Sequence[str], other: Sequence[str]):
    store(archive, "NW1", *one)
    store(archive, "NW2", *other)
    assert told(archive) == []


@pytest.mark.parametrize(("hours", "same"), [(71, True), (72, True), (73, False), (24 * 7, False)])
def test_an_item_that_returns_after_days_is_another_story(archive: Archive, hours: int, same: bool):
    store(archive, "NW2", *FIVE_G, hours=hours)
    store(archive, "NW1", *FIVE_G)
    assert told(archive) == ([["NW1", "NW2"]] if same else [])


def test_three_posts_that_tell_the_same_are_one_story(archive: Archive):
    for number, header in enumerate(("", "财联社4月20日电，", "证券时报网讯，")):
        store(archive, f"NW{number}", header + FIVE_G[0], *FIVE_G[1:], hours=number)
    assert told(archive) == [["NW0", "NW1", "NW2"]]


def test_a_post_similar_to_two_others_joins_them_even_if_they_are_not_similar(archive: Archive):
    whole = [*FIVE_G, *LIQUOR]
    store(archive, "NW1", *whole)
    store(archive, "NW2", *whole[:3], hours=1)
    assert told(archive) == []
    store(archive, "NW3", *whole[:5], hours=2)
    assert told(archive) == [["NW1", "NW2", "NW3"]]


def test_a_post_can_merge_two_stories(archive: Archive):
    whole = [*FIVE_G, *LIQUOR]
    for number in range(2):
        store(archive, f"NW1{number}", *whole, hours=number)
        store(archive, f"NW2{number}", *whole[:3], hours=2 + number)
    assert told(archive) == [["NW10", "NW11"], ["NW20", "NW21"]]
    store(archive, "NW30", *whole[:5], hours=4)
    assert told(archive) == [["NW10", "NW11", "NW20", "NW21", "NW30"]]


# Changes.


def test_a_post_that_no_longer_tells_the_same_leaves_its_story(archive: Archive):
    for number in range(3):
        store(archive, f"NW{number}", *FIVE_G, hours=number)
    store(archive, "NW1", *LIQUOR, hours=1)
    assert told(archive) == [["NW0", "NW2"]]
    assert archive.post("NW1")["same_story"] == []


def test_a_story_ends_when_only_one_post_is_left(archive: Archive):
    store(archive, "NW1", *FIVE_G)
    store(archive, "NW2", *FIVE_G)
    store(archive, "NW1", *LIQUOR)
    assert told(archive) == []
    assert rows(archive)[0] == []
    assert list(stories.faults(archive.db)) == []


def test_a_post_can_change_from_one_story_to_another(archive: Archive):
    for post_id, text in (("NW1", FIVE_G), ("NW2", FIVE_G), ("NW3", FIVE_G), ("NW4", LIQUOR), ("NW5", LIQUOR)):
        store(archive, post_id, *text)
    store(archive, "NW3", *LIQUOR)
    assert told(archive) == [["NW1", "NW2"], ["NW3", "NW4", "NW5"]]


def test_a_post_that_changes_stories_does_not_take_the_others_along(archive: Archive):
    for post_id in ("NW1", "NW2", "NW3"):
        store(archive, post_id, *FIVE_G)
    store(archive, "NW4", *LIQUOR)
    store(archive, "NW1", *LIQUOR)
    assert told(archive) == [["NW1", "NW4"], ["NW2", "NW3"]]


def test_posts_connected_only_by_a_third_separate_when_it_leaves(archive: Archive):
    whole = [*FIVE_G, *LIQUOR]
    store(archive, "NW1", *whole)
    store(archive, "NW2", *whole[:5])
    store(archive, "NW3", *whole[:3])
    assert told(archive) == [["NW1", "NW2", "NW3"]]
    store(archive, "NW2", SHORT)
    assert told(archive) == []
    assert rows(archive)[0] == []


def test_a_post_whose_time_changes_can_leave_its_story(archive: Archive):
    store(archive, "NW1", *FIVE_G)
    store(archive, "NW2", *FIVE_G)
    store(archive, "NW2", *FIVE_G, hours=240)
    assert told(archive) == []


def test_a_post_that_comes_to_tell_the_same_joins_the_story(archive: Archive):
    store(archive, "NW1", *FIVE_G)
    store(archive, "NW2", *LIQUOR)
    store(archive, "NW2", *FIVE_G)
    assert told(archive) == [["NW1", "NW2"]]


def test_a_post_whose_words_change_a_little_stays(archive: Archive):
    store(archive, "NW1", *FIVE_G)
    store(archive, "NW2", *FIVE_G)
    store(archive, "NW2", *FIVE_G[:3], "会后参观了展厅。")
    assert told(archive) == [["NW1", "NW2"]]


def test_a_former_version_belongs_to_no_story(archive: Archive):
    store(archive, "NW1", *FIVE_G)
    store(archive, "NW1", *LIQUOR)
    store(archive, "NW2", *FIVE_G)
    assert told(archive) == []


def test_a_post_seen_again_is_assigned_once(archive: Archive):
    for _ in range(2):
        for post_id in ("NW1", "NW2"):
            store(archive, post_id, *FIVE_G)
    assert told(archive) == [["NW1", "NW2"]]
    assert [len(each) for each in rows(archive)] == [2, 2]


def test_a_post_that_is_deleted_leaves_no_rows_behind(archive: Archive):
    for number in range(3):
        store(archive, f"NW{number}", *FIVE_G)
    archive.db.execute("DELETE FROM articles WHERE post_id = 'NW0'")
    assert told(archive) == [["NW1", "NW2"]]
    archive.db.execute("DELETE FROM articles WHERE post_id = 'NW1'")
    assert told(archive) == []
    assert rows(archive)[0] == []
    archive.db.execute("DELETE FROM articles")
    assert rows(archive) == ([], [])


# Found anew.


def test_finding_all_stories_again_gives_the_same(archive: Archive):
    for number in range(3):
        store(archive, f"NW1{number}", *FIVE_G, hours=number)
        store(archive, f"NW2{number}", *LIQUOR, hours=number)
        store(archive, f"NW3{number}", SHORT.replace("100", f"{number}00"), hours=number)
    before, count = told(archive), len(rows(archive)[1])
    assert before == [["NW10", "NW11", "NW12"], ["NW20", "NW21", "NW22"]]
    archive.db.execute("DELETE FROM stories")
    archive.db.execute("INSERT INTO stories SELECT id, 1 FROM posts")
    stories.rebuild(archive.db)
    assert (told(archive), len(rows(archive)[1])) == (before, count)


HEADERS = ["", "财联社4月20日电，", "（记者 张三）", "【快讯】"]
texts = st.one_of(
    st.permutations(FIVE_G),
    st.permutations(LIQUOR),
    st.sampled_from([FIVE_G, LIQUOR]).flatmap(lambda text: st.sampled_from([text[:2], text[:3], text[1:]])),
    st.just([*FIVE_G, *LIQUOR]),
    st.sampled_from([[SHORT], [SHORT.replace("100", "200")], [SHORT.replace("，", "。")]]),
)
corpora = st.lists(st.tuples(st.sampled_from(HEADERS), texts, st.integers(min_value=0, max_value=100)), max_size=7)


@settings(max_examples=examples(60), deadline=None)
@given(corpora, st.randoms(use_true_random=False))
def test_stories_do_not_depend_on_the_order_of_their_posts(
    opened: Archive, corpus: list[tuple[str, list[str], int]], chance: Any
):
    shuffled = list(enumerate(corpus))
    chance.shuffle(shuffled)
    found = []
    for order in (enumerate(corpus), shuffled):
        opened.db.begin()
        try:
            for number, (header, text, hours) in order:
                store(opened, f"NW{number}", header + text[0], *text[1:], hours=hours + number / 60)
            found.append(told(opened))
            stories.rebuild(opened.db)
            found.append(told(opened))
            assert list(stories.faults(opened.db)) == []
        finally:
            opened.db.rollback()
    assert found[1:] == found[:-1]


# Searched.


def test_a_search_shows_a_story_once_by_the_first_of_its_posts(archive: Archive):
    store(archive, "NW2", *FIVE_G, hours=2, source="财联社")
    store(archive, "NW1", *FIVE_G, hours=1)
    store(archive, "NW3", *FIVE_G, hours=3, source=None)
    store(archive, "NW4", *LIQUOR, hours=4, title="江西")
    found = archive.search("江西", collapse=True)
    assert (found["total"], [(hit["id"], hit.get("others")) for hit in found["results"]]) == (
        2,
        [("NW4", None), ("NW1", ["NW2", "NW3"])],
    )
    assert found["results"][1] == {
        "id": "NW1",
        "title": "江西出台5G行动计划",
        "published_at": "2022-04-20T17:44:59+08:00",
        "source": "大江网",
        "category": "dajiangwang",
        "categories": ["dajiangwang"],
        "authors": [],
        "url": "https://finews.withounder.com/dajiangwang/2022/04/20/NW1.html",
        "snippet": "[江西]省政府新闻办昨日召开发布会，介绍5G应用“扬帆”行动计划的主要内容和下一步工作安排。"
        " 计划提出，到2023年底全省累计建成基站10万个，实现乡镇以上区域连续…",
        "text": "江西省政府新闻办昨日召开发布会，介绍5G应用“扬帆”行动计划的主要内容和下一步工作安排。"
        " 计划提出，到2023年底全省累计建成基站10万个，实现乡镇以上区域连续…",
        "highlights": [(0, 2)],
        "site": "finews",
        "others": ["NW2", "NW3"],
    }
    assert archive.search("江西")["total"] == 4


def test_only_the_matching_posts_of_a_story_are_shown_and_named(archive: Archive):
    for number, source in enumerate(("大江网", "财联社", "财联社")):
        store(archive, f"NW{number}", *FIVE_G, hours=number, source=source)
    found = archive.search("江西", source="财联社", collapse=True)
    assert (found["total"], [(hit["id"], hit.get("others")) for hit in found["results"]]) == (1, [("NW1", ["NW2"])])
    found = archive.search("江西", source="大江网", collapse=True)
    assert [(hit["id"], hit.get("others")) for hit in found["results"]] == [("NW0", None)]


@pytest.mark.parametrize("sort", ["relevance", "date"])
def test_pages_of_stories_tile(archive: Archive, sort: Sort):
    for number in range(10):  # the same text, told over again every ten days by one post more
        for telling in range(number + 1):
            store(archive, f"NW{number}-{telling}", *FIVE_G, hours=number * 240 + telling)
    every = archive.search("江西", collapse=True, sort=sort, limit=100)
    assert [[hit["id"], *hit.get("others", [])] for hit in every["results"]] == [
        [f"NW{number}-{telling}" for telling in range(number + 1)] for number in reversed(range(10))
    ]
    pages = [archive.search("江西", collapse=True, sort=sort, limit=3, offset=offset) for offset in range(0, 12, 3)]
    assert [hit for page in pages for hit in page["results"]] == every["results"]
    assert {page["total"] for page in [*pages, every]} == {10}
    assert archive.search("江西")["total"] == 55
