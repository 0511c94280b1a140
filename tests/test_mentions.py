"""The ledger of securities: found by any code or name, called by the usual one, with the posts that mention them."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.archive import Archive
from crawler.archive.ledger import runs
from crawler.archive.store import posts
from crawler.errors import AmbiguousSecurity, NoSuchSecurity, NoSuchTime
from crawler.items import Mention

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crawler.archive.stock import Stock

DAY = timedelta(days=1)


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


def mention(name: str, code: str = "1.600519", count: int = 1) -> Mention:
    return Mention(code=code, name=name, count=count)


def store(archive: Archive, post_id: str, *mentions: Mention, day: int = 0, **changes: Any) -> None:
    """Store a post of so many days after the first that mentions securities."""
    posts.store(
        archive.db, made.article(post_id, mentions=mentions, published_at=made.PUBLISHED + day * DAY, **changes), 1
    )


def store_each(archive: Archive, names: Sequence[str]) -> None:
    """Store a post a day, each of which prints one name."""
    for day, name in enumerate(names):
        store(archive, f"NW{day:02}", mention(name), day=day)


def name_of(archive: Archive, code: str = "1.600519") -> str:
    (name,) = archive.db.execute("SELECT name FROM securities WHERE code = ?", [code]).fetchone()
    return str(name)


def ids(stock: Stock) -> list[str]:
    return [post["id"] for post in stock["results"]]


# What a security is called.


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        (["茅台"], "茅台"),
        (["茅台", "贵州茅台"], "贵州茅台"),
        (["贵州茅台", "贵州茅台", "五粮液"], "贵州茅台"),
        (["贵州茅台", "五粮液", "贵州茅台", "五粮液"], "五粮液"),
        (["旧名"] * 30 + ["新名"] * 9, "旧名"),
        (["旧名"] * 30 + ["新名"] * 10, "新名"),
        (["旧名"] * 11 + ["新名"] * 10, "新名"),
        (["甲", "乙", "丙"] * 7, "丙"),
    ],
)
def test_a_security_is_called_what_most_of_the_latest_twenty_print(archive: Archive, printed: list[str], name: str):
    store_each(archive, printed)
    assert name_of(archive) == name
    assert archive.stock("600519")["name"] == name


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(st.sampled_from("甲乙丙"), min_size=1, max_size=25), st.randoms(use_true_random=False))
def test_a_security_is_called_the_same_in_whatever_order_its_posts_come(
    opened: Archive, printed: list[str], chance: Any
):
    days = list(range(len(printed)))
    chance.shuffle(days)
    opened.db.begin()
    try:
        for day in days:
            store(opened, f"NW{day}", mention(printed[day]), day=day)
        name = name_of(opened)
    finally:
        opened.db.rollback()
    counts = Counter(printed[-20:])
    often = [each for each in printed[-20:] if counts[each] == max(counts.values())]
    assert name == often[-1]


def test_the_names_of_a_post_that_changed_count_no_longer(archive: Archive):
    store(archive, "NW1", mention("五粮液"))
    store(archive, "NW2", mention("茅台"), day=-1)
    store(archive, "NW1", mention("五粮液", "0.000858"), title="改了")
    assert (name_of(archive), name_of(archive, "0.000858")) == ("茅台", "五粮液")


def test_a_security_that_no_post_mentions_any_longer_keeps_its_name(archive: Archive):
    store(archive, "NW1", mention("茅台"))
    store(archive, "NW1", title="改了")
    assert name_of(archive) == "茅台"
    assert archive.stock("600519") == {
        "code": "1.600519",
        "symbol": "600519",
        "market": "SH",
        "name": "茅台",
        "names": [],
        "total": 0,
        "days": [],
        "others": [],
        "results": [],
    }


# Found.


def test_a_security_is_told_with_its_posts_its_names_and_its_days(archive: Archive):
    for post_id, day, name in (
        ("NW1", 0, "贵州茅台"),
        ("NW2", 0, "茅台"),
        ("NW3", 1, "贵州茅台"),
        ("NW4", 2, "五粮液"),
    ):
        store(archive, post_id, mention(name), mention("腾讯", "116.00700"), day=day, html=f"<p>{name}上涨。</p>")
    store(archive, "NW5", mention("腾讯", "116.00700"))
    filed = {"source": "大江网", "category": "dajiangwang", "categories": ["dajiangwang"], "authors": []}
    about = {**filed, "title": "江西出台5G行动计划"}
    url = "https://finews.withounder.com/dajiangwang/2022/04/20/{}.html"

    def told(post_id: str, day: int, printed: str, *, odd: bool) -> dict[str, Any]:
        return {
            **about,
            "id": post_id,
            "url": url.format(post_id),
            "published_at": f"2022-04-{20 + day}T16:44:59+08:00",
            "snippet": f"[{printed}]上涨。",
            "text": f"{printed}上涨。",
            "highlights": [(0, len(printed))],
            "site": "finews",
            "printed": printed,
            "odd": odd,
        }

    assert archive.stock("1.600519") == {
        "code": "1.600519",
        "symbol": "600519",
        "market": "SH",
        "name": "贵州茅台",
        "names": [
            {"name": "五粮液", "first": "2022-04-22", "last": "2022-04-22", "posts": 1, "odd": True},
            {"name": "贵州茅台", "first": "2022-04-20", "last": "2022-04-21", "posts": 2, "odd": False},
            {"name": "茅台", "first": "2022-04-20", "last": "2022-04-20", "posts": 1, "odd": False},
        ],
        "total": 4,
        "days": [
            {"day": "2022-04-22", "posts": 1},
            {"day": "2022-04-21", "posts": 1},
            {"day": "2022-04-20", "posts": 2},
        ],
        "others": [],
        "results": [
            told("NW4", 2, "五粮液", odd=True),
            told("NW3", 1, "贵州茅台", odd=False),
            told("NW2", 0, "茅台", odd=False),
            told("NW1", 0, "贵州茅台", odd=False),
        ],
    }


@pytest.mark.parametrize(
    "written",
    [
        "00700",
        "700.HK",
        "00700.HK",
        "0700.hk",
        "HK00700",
        "hk.700",
        "116.00700",
        "116,00700",
        "００７００",
        " 腾讯控股\n",
    ],
)
def test_a_security_of_hong_kong_is_found_by_any_way_to_write_it(archive: Archive, written: str):
    store(archive, "NW1", mention("腾讯控股", "116.00700"), mention("长和", "116.00001"), mention("平安", "0.000001"))
    assert archive.stock(written)["code"] == "116.00700"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("600519", "1.600519"),
        ("600519.SH", "1.600519"),
        ("600519.sh", "1.600519"),
        ("sh600519", "1.600519"),
        ("SH.600519", "1.600519"),
        ("1.600519", "1.600519"),
        ("６００５１９．ＳＨ", "1.600519"),
        ("贵州茅台", "1.600519"),
        ("茅台", "1.600519"),
        ("nio", "106.NIO"),
        ("NIO.US", "106.NIO"),
        ("106.nio", "106.NIO"),
        ("bk0493", "90.BK0493"),
        ("BK0493.BOARD", "90.BK0493"),
        ("430047.BJ", "0.430047"),
    ],
)
def test_a_security_is_found_by_any_way_to_write_it(archive: Archive, written: str, code: str):
    store(
        archive,
        "NW1",
        mention("贵州茅台"),
        mention("茅台"),
        mention("蔚来", "106.NIO"),
        mention("新能源", "90.BK0493"),
        mention("诺思兰德", "0.430047"),
    )
    assert archive.stock(written)["code"] == code


def test_of_several_securities_that_may_be_meant_the_most_mentioned_is_told_and_the_others_are_named(
    archive: Archive,
):
    store(archive, "NW1", mention("平安银行", "0.000001"), mention("上证指数", "1.000001"))
    store(archive, "NW2", mention("上证指数", "1.000001"))
    store(archive, "NW3", mention("长和", "116.000001"))
    assert [archive.stock("000001")[part] for part in ("code", "others")] == ["1.000001", ["0.000001", "116.000001"]]  # type: ignore[literal-required]
    assert [archive.stock("000001.SZ")[part] for part in ("code", "others")] == ["0.000001", []]  # type: ignore[literal-required]


def test_a_name_that_several_securities_bear_means_the_most_mentioned(archive: Archive):
    store(archive, "NW1", mention("平安", "0.000001"), mention("平安", "1.601318"))
    store(archive, "NW2", mention("中国平安", "1.601318"))
    stock = archive.stock("平安")
    assert (stock["code"], stock["others"], stock["name"]) == ("1.601318", ["0.000001"], "中国平安")


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("guizhoumaotai", "1.600519"),
        ("guizhou maotai", "1.600519"),
        ("gzmt", "1.600519"),
        ("maotai", "1.600519"),
        ("pinganyinhang", "0.000001"),  # all of a name, if only part of another
        ("zgpa", "1.601318"),
    ],
)
def test_a_security_is_found_by_its_name_in_pinyin(archive: Archive, written: str, code: str):
    store(archive, "NW1", mention("贵州茅台"), mention("平安银行", "0.000001"), mention("中国平安", "1.601318"))
    store(archive, "NW2", mention("平安银行转债", "1.110001"))
    assert archive.stock(written)["code"] == code
    hits = archive.search("江西", stock=written)["results"]
    assert [hit["id"] for hit in hits] == ["NW1"]


@pytest.mark.parametrize("ask", ["stock", "search"])
def test_pinyin_of_several_names_says_what_it_may_mean(archive: Archive, ask: str):
    store(archive, "NW1", mention("平安银行", "0.000001"), mention("中国平安", "1.601318"))
    store(archive, "NW2", mention("中国平安", "1.601318"))
    with pytest.raises(AmbiguousSecurity) as told:
        _ = archive.stock("pingan") if ask == "stock" else archive.search("江西", stock="pingan")
    assert str(told.value) == "pingan may be 中国平安 (601318.SH), 平安银行 (000001.SZ): give the code."


def test_of_many_names_that_pinyin_may_mean_eight_are_named(archive: Archive):
    names = [f"平安{sign}" for sign in "甲乙丙丁戊己庚辛壬癸"]
    store(archive, "NW1", *(mention(name, f"1.60000{number}") for number, name in enumerate(names)))
    with pytest.raises(AmbiguousSecurity, match=r"平安辛 \(600007\.SH\) and 2 more: give the code\."):
        archive.stock("pingan")


def test_a_security_that_is_renamed_is_found_by_its_new_name_in_pinyin(archive: Archive):
    store(archive, "NW1", mention("贵州茅台"))
    store(archive, "NW2", mention("五粮液"), day=1)
    store(archive, "NW3", mention("五粮液"), day=2)
    assert archive.stock("wuliangye")["name"] == "五粮液"
    with pytest.raises(NoSuchSecurity):
        archive.stock("guizhoumaotai")


@pytest.mark.parametrize(
    "written", ["600160", "000519.SZ", "BK0493", "", "五粮液", "州", "' OR 1=1 --", "\x00", "\udcff", "%"]
)
def test_a_security_that_no_post_mentions_is_a_sentence(archive: Archive, written: str):
    store(archive, "NW1", mention("贵州茅台"))
    with pytest.raises(NoSuchSecurity) as missing:
        archive.stock(written)
    assert str(missing.value) == (
        f"No post in {archive.path} mentions a security {written}: give its code, as 600160, 600160.SH or 00700.HK."
    )
    assert (missing.value.written, missing.value.exit_code) == (written, 1)


@pytest.mark.parametrize("written", ["600519.SZ", "0.600519", "600591", "贵州", "貴州茅臺酒", "guizhuo", "gzmd"])
def test_a_security_that_was_nearly_named_is_asked_about(archive: Archive, written: str):
    store(archive, "NW1", mention("贵州茅台"))
    store(archive, "NW2", mention("腾讯控股", "116.00700"))
    with pytest.raises(NoSuchSecurity) as missing:
        archive.stock(written)
    assert str(missing.value) == (
        f"No post in {archive.path} mentions a security {written}: did you mean 贵州茅台 (600519.SH)?"
    )


# Its names.


@pytest.mark.parametrize(
    ("printed", "odd"),
    [
        (["贵州茅台"], set()),
        (["贵州茅台", "贵州茅台", "五粮液"], {"五粮液"}),
        (["贵州茅台", "贵州茅台", "茅台", "ST茅台", "XD贵州茅"], set()),
        # A name it had for a time of its own was its own.
        (["乐视网"] * 3 + ["新名字"] * 9, set()),
        (["乐视网"] * 3 + ["乐视"] + ["新名字"] * 9, set()),
        (["新名字"] * 5 + ["乐视网", "新名字", "新名字"] * 2 + ["乐视网"] + ["新名字"] * 5, {"乐视网"}),
        (["新名字"] * 5 + ["乐视网", "乐视网"] + ["新名字"] * 5, {"乐视网"}),
    ],
)
def test_a_name_is_odd_that_agrees_with_none_of_its_own(archive: Archive, printed: list[str], odd: set[str]):
    store_each(archive, printed)
    stock = archive.stock("600519")
    assert {name["name"] for name in stock["names"] if name["odd"]} == odd
    assert {post["printed"] for post in stock["results"] if post["odd"]} == odd
    assert {name["name"]: name["posts"] for name in stock["names"]} == Counter(printed)


def test_a_post_that_prints_two_names_says_both_and_counts_once(archive: Archive):
    store(archive, "NW1", mention("贵州茅台"), mention("茅台"), html="<p>茅台（贵州茅台）</p>")
    stock = archive.stock("600519")
    assert (stock["total"], stock["days"]) == (1, [{"day": "2022-04-20", "posts": 1}])
    ((post),) = stock["results"]
    assert sorted(post["printed"].split(" / ")) == ["茅台", "贵州茅台"]


# Its posts.


@pytest.mark.parametrize(
    ("since", "days"),
    [
        (None, [3, 2, 1, 0]),
        ("2022", [3, 2, 1, 0]),
        ("2022-04-21", [3, 2, 1]),
        ("2022-04-21 16:44", [3, 2, 1]),
        ("2022-04-21 16:45", [3, 2]),
        ("2022-04-21T08:44:59Z", [3, 2, 1]),
        ("2022-05", []),
    ],
)
def test_a_securitys_posts_are_told_from_a_time_on(archive: Archive, since: str | None, days: list[int]):
    store_each(archive, ["茅台"] * 4)
    stock = archive.stock("600519", since=since)
    assert ids(stock) == [f"NW{day:02}" for day in days]
    assert stock["total"] == len(days)
    assert stock["days"] == [{"day": f"2022-04-{20 + day}", "posts": 1} for day in days]


def test_a_time_that_is_none_is_a_sentence(archive: Archive):
    store(archive, "NW1", mention("茅台"))
    with pytest.raises(NoSuchTime, match="'gestern' is not a time"):
        archive.stock("600519", since="gestern")


def test_pages_of_a_securitys_posts_are_stretches_of_all(archive: Archive):
    for number in range(25):
        store(archive, f"NW{number:02}", mention("茅台"), mention("贵州茅台"), day=number // 3)
    every = archive.stock("600519", limit=100)
    assert ids(every) == [f"NW{number:02}" for number in reversed(range(25))]
    pages = [archive.stock("600519", limit=7, offset=offset) for offset in range(0, 28, 7)]
    assert [post for page in pages for post in page["results"]] == every["results"]
    assert {page["total"] for page in pages} == {25}
    assert ids(archive.stock("600519")) == ids(every)[:20]
    assert archive.stock("600519", limit=0)["results"] == []


def test_a_snippet_shows_the_name_where_it_stands_and_highlights_it(archive: Archive):
    store(archive, "NW1", mention("茅台"), html=f"<p>{'前' * 100}茅台</p>")
    (post,) = archive.stock("600519")["results"]
    assert post["snippet"] == "…" + "前" * 20 + "[茅台]"
    assert (post["text"], post["highlights"]) == ("…" + "前" * 20 + "茅台", [(21, 23)])


def test_the_view_by_day_counts_posts_and_mentions(archive: Archive):
    store(archive, "NW1", mention("茅台", count=2), mention("贵州茅台", count=3))
    store(archive, "NW2", mention("茅台"))
    store(archive, "NW3", mention("茅台"), day=1)
    about = {"code": "1.600519", "symbol": "600519", "market": "SH", "name": "茅台"}
    assert list(archive.db.query("SELECT * FROM mentions_by_day ORDER BY day")) == [
        {"day": "2022-04-20", **about, "posts": 2, "mentions": 6},
        {"day": "2022-04-21", **about, "posts": 1, "mentions": 1},
    ]
