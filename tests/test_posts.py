"""Posts: a revision when what matters has changed, found again by any name, and written to with SQL of one's own."""

from __future__ import annotations

import html
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.archive import Archive
from crawler.archive.ledger import links, runs
from crawler.archive.ledger.links import End
from crawler.archive.ledger.lookup import find_posts
from crawler.archive.store import articles, posts, versions
from crawler.archive.store.derived import DerivedArticle
from crawler.errors import NoSuchPost
from crawler.items import Category, Mention, Recorded
from crawler.markdown.post_file import render_post
from crawler.text.words import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlite_utils import Database

    from crawler.items import Article

DAY = timedelta(days=1)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """Return an archive in which the runs 1 and 2 have begun."""
    with Archive(tmp_path / "archive.db", create=True) as opened:
        runs.begin(opened.db, "finews", made.SEEN)
        runs.begin(opened.db, "finews", made.LATER)
        yield opened


@pytest.fixture
def db(archive: Archive) -> Database:
    return archive.db


def rows(db: Database, table: str, order: str = "1, 2") -> list[dict[str, Any]]:
    return list(db.query(f"SELECT * FROM {table} ORDER BY {order}"))


def stored(db: Database, *articles: Article) -> list[Recorded]:
    return [posts.store(db, article, run_id) for run_id, article in enumerate(articles, start=1)]


# Stored.


def test_a_new_post_is_stored_with_its_first_revision(db: Database):
    article = made.article()
    assert stored(db, article) == [Recorded(address=made.post_address(), outcome="new", article_id=1)]
    assert rows(db, "articles") == [
        {
            "id": 1,
            "site": "finews",
            "post_id": "NW202204202350104915",
            "url": "https://finews.withounder.com/dajiangwang/2022/04/20/NW202204202350104915.html",
            "share_url": "http://finews.zning.xyz/html_News/NewsShare.html?infoCode=NW202204202350104915",
            "title": "江西出台5G行动计划",
            "source": "大江网",
            "category": "dajiangwang",
            "summary": "江西将实现5G+VR融合。",
            "published_at": "2022-04-20T16:44:59+08:00",
            "published_ts": 1650444299,
            "html": "<p>江西将实现5G+VR融合。</p><p>贵州茅台上涨。</p>",
            "markdown": "江西将实现5G+VR融合。\n\n贵州茅台上涨。",
            "text": "江西将实现5G+VR融合。\n贵州茅台上涨。",
            "content_hash": article.content_hash,
            "revision": 1,
            "first_seen_at": "2022-04-21T01:00:00+00:00",
            "last_seen_at": "2022-04-21T01:00:00+00:00",
            "gone_at": None,
            "derived": "",
            "front_matter": "{}",
            "draft": 0,
            "image": None,
            "authors": "[]",
        }
    ]
    assert rows(db, "revisions") == [
        {
            "article_id": 1,
            "revision": 1,
            "seen_at": "2022-04-21T01:00:00+00:00",
            "run_id": 1,
            "via": "page",
            "title": "江西出台5G行动计划",
            "published_at": "2022-04-20T16:44:59+08:00",
            "html": "<p>江西将实现5G+VR融合。</p><p>贵州茅台上涨。</p>",
            "content_hash": article.content_hash,
            "markdown": "江西将实现5G+VR融合。\n\n贵州茅台上涨。",
            "text": "江西将实现5G+VR融合。\n贵州茅台上涨。",
            "derived": "",
            "front_matter": "{}",
            "draft": 0,
            "image": None,
            "authors": "[]",
        }
    ]


def test_a_new_post_brings_its_category_tags_and_securities(db: Database):
    stored(db, made.article())
    assert rows(db, "categories") == [
        {
            "site": "finews",
            "slug": "dajiangwang",
            "name": "大江网新闻",
            "url": "https://finews.withounder.com/category/dajiangwang.html",
        }
    ]
    assert rows(db, "tags") == [{"id": 1, "name": "大江网新闻"}, {"id": 2, "name": "5G"}]
    assert rows(db, "article_tags", "position") == [
        {"article_id": 1, "tag_id": 1, "position": 0},
        {"article_id": 1, "tag_id": 2, "position": 1},
    ]
    assert rows(db, "securities") == [
        {
            "code": "1.600519",
            "symbol": "600519",
            "market": "SH",
            "name": "贵州茅台",
            "pinyin": "gui zhou mao tai/yi/si",
        },
        {
            "code": "116.00700",
            "symbol": "00700",
            "market": "HK",
            "name": "腾讯控股",
            "pinyin": "teng xun kong/qiang gu",
        },
    ]
    ts = 1650444299
    assert rows(db, "mentions") == [
        {"article_id": 1, "code": "1.600519", "name": "贵州茅台", "count": 2, "published_ts": ts},
        {"article_id": 1, "code": "116.00700", "name": "腾讯控股", "count": 1, "published_ts": ts},
    ]


def test_a_post_needs_neither_category_nor_tags_nor_mentions(db: Database):
    bare = made.article(category=None, tags=(), mentions=(), source=None, share_url=None)
    assert [end.outcome for end in stored(db, bare)] == ["new"]
    row = articles.get(db, 1)
    assert [row[name] for name in ("category", "source", "share_url", "tags", "mentions")] == [
        None, None, None, [], [],
    ]  # fmt: skip


def test_a_tag_named_twice_is_kept_once(db: Database):
    stored(db, made.article(tags=("快讯", "A股", "快讯")))
    assert articles.get(db, 1)["tags"] == ["快讯", "A股"]


def test_a_security_printed_under_two_names_is_mentioned_under_both(db: Database):
    printed = (
        Mention(code="1.600519", name="茅台", count=3),
        Mention(code="1.600519", name="贵州茅台", count=1),
    )
    stored(db, made.article(mentions=printed))
    assert [(mention["name"], mention["count"]) for mention in articles.get(db, 1)["mentions"]] == [
        ("茅台", 3),
        ("贵州茅台", 1),
    ]


# Seen again.


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"html": "<div><p>江西将实现 5G+VR\n融合。</p>\n\n<p><b>贵州</b>茅台上涨。</p></div>"},
        {"html": "<p>江西将实现５Ｇ＋ＶＲ融合。</p><p>贵州茅台上涨。</p>"},
        {"title": " 江西出台5G 行动计划　"},
        {"tags": ("另一个",), "source": "别处", "category": None, "mentions": ()},
    ],
    ids=["nothing", "white space and markup", "width", "the title's white space", "what stands around it"],
)
def test_what_does_not_matter_makes_no_revision(db: Database, changes: dict[str, Any]):
    first, again = made.article(), made.article(seen_at=made.LATER, **changes)
    stored(db, first)
    (before,) = rows(db, "revisions")

    assert posts.store(db, again, 2) == Recorded(address=made.post_address(), outcome="unchanged", article_id=1)
    words = {"title": again.post.title, "html": again.post.html, "markdown": again.markdown, "text": again.text}
    assert rows(db, "revisions") == [{**before, **words}]
    (row,) = rows(db, "articles")
    assert (row["revision"], row["content_hash"]) == (1, first.content_hash)
    assert (row["first_seen_at"], row["last_seen_at"]) == ("2022-04-21T01:00:00+00:00", "2022-04-21T02:30:00+00:00")


OUTLINE: dict[str, Any] = {
    "html": "<div><p>江西将实现 5G+VR融合。</p>\n\n<p><b>贵州</b>茅台上涨。</p></div>",
    "title": " 江西出台5G 行动计划　",
    "tags": ("5G", "另一个"),
    "source": "别处",
    "share_url": "https://choicewzp1.eastmoney.com/html_News/NewsShare.html?infoCode=NW1",
    "category": Category(slug="emnews", name="滚动新闻", url="https://finews.withounder.com/category/emnews.html"),
    "mentions": (Mention(code="105.NIO", name="蔚来", count=1),),
}


def test_a_page_seen_again_is_believed_in_all_that_makes_no_revision(db: Database):
    first, again = made.article(), made.article(seen_at=made.LATER, **OUTLINE)
    stored(db, first)
    before = articles.get(db, 1)
    posts.store(db, again, 2)
    assert articles.get(db, 1) == {
        **before,
        "title": " 江西出台5G 行动计划　",
        "source": "别处",
        "category": "emnews",
        "categories": ["emnews"],
        "share_url": "https://choicewzp1.eastmoney.com/html_News/NewsShare.html?infoCode=NW1",
        "html": "<div><p>江西将实现 5G+VR融合。</p>\n\n<p><b>贵州</b>茅台上涨。</p></div>",
        "markdown": "江西将实现 5G+VR融合。\n\n**贵州**茅台上涨。",
        "text": "江西将实现 5G+VR融合。\n贵州茅台上涨。",
        "summary": "江西将实现 5G+VR融合。",
        "last_seen_at": "2022-04-21T02:30:00+00:00",
        "tags": ["5G", "另一个"],
        "mentions": [{"code": "105.NIO", "symbol": "NIO", "market": "US", "name": "蔚来", "count": 1}],
    }
    assert [revision["html"] for revision in rows(db, "revisions")] == [again.post.html]


def test_a_page_seen_again_leaves_former_revisions_alone(db: Database):
    stored(db, made.article(), made.article(title="改了"))
    before, _ = rows(db, "revisions")
    again = made.article(title="改 了", html="<div>江西将实现5G+VR融合。<p>贵州茅台上涨。</p></div>")
    assert posts.store(db, again, 2).outcome == "unchanged"
    assert [rows(db, "revisions")[0], rows(db, "revisions")[1]["html"]] == [before, again.post.html]


def test_what_a_page_seen_again_does_not_tell_stays_as_it_was(db: Database):
    stored(db, made.article())
    before = articles.get(db, 1)
    posts.store(db, made.article(seen_at=made.LATER, category=None, tags=(), source=None, share_url=None), 2)
    assert articles.get(db, 1) == {**before, "last_seen_at": "2022-04-21T02:30:00+00:00"}


def test_the_same_content_at_another_address_is_only_seen_again(db: Database):
    how = {"url": "https://finews.withounder.com/elsewhere/2022/04/20/NW202204202350104915.html"}
    tables = ("revisions", "article_tags", "mentions", "categories", "tags", "securities")
    stored(db, made.article())
    posts.mark_gone(db, made.post_address().url, made.SEEN)
    (row,), before = rows(db, "articles"), [rows(db, table) for table in tables]

    again = made.article(seen_at=made.LATER, **OUTLINE, **how)
    assert posts.store(db, again, 2) == Recorded(address=made.post_address(), outcome="unchanged", article_id=1)
    assert rows(db, "articles") == [{**row, "last_seen_at": "2022-04-21T02:30:00+00:00", "gone_at": None}]
    assert [rows(db, table) for table in tables] == before


@pytest.mark.parametrize("via", ["share", "expired", "import"])
def test_the_same_content_by_another_way_changes_nothing(db: Database, via: str):
    tables = ("revisions", "article_tags", "mentions", "categories", "tags", "securities")
    stored(db, made.article())
    posts.mark_gone(db, made.post_address().url, made.SEEN)
    (row,), before = rows(db, "articles"), [rows(db, table) for table in tables]

    again = made.article(seen_at=made.LATER, via=via, **OUTLINE)
    assert posts.store(db, again, 2) == Recorded(address=made.post_address(), outcome="unchanged", article_id=1)
    assert rows(db, "articles") == [row]
    assert [rows(db, table) for table in tables] == before


@given(st.lists(st.sampled_from([" ", "\n", "\t", "\u3000", "\u00a0"]), min_size=8, max_size=8))
def test_white_space_never_changes_the_hash(spaces: list[str]):
    html = "".join(f"{space}{letter}" for space, letter in zip(spaces, "江西将实现5G。", strict=False))
    assert made.article(html=f"<p>{html}</p>").content_hash == made.article(html="<p>江西将实现5G。</p>").content_hash


@given(st.text("江西5gG。 ", max_size=8), st.text("江西5gG。 ", max_size=8))
def test_the_hash_differs_exactly_when_the_words_do(one: str, other: str):
    alike = one.replace(" ", "").lower() == other.replace(" ", "").lower()
    hashes = {made.article(title=title).content_hash for title in (one, other)}
    assert (len(hashes) == 1) is alike


def test_words_that_move_from_the_title_into_the_body_change_the_hash():
    one = made.article(title="江西新闻", html="<p>5G</p>")
    other = made.article(title="江西", html="<p>新闻5G</p>")
    assert one.content_hash != other.content_hash


# Changed.


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "江西出台6G行动计划"},
        {"published_at": made.PUBLISHED + timedelta(seconds=1)},
        {"html": "<p>江西将实现6G+VR融合。</p>"},
    ],
    ids=["title", "time", "words"],
)
def test_what_matters_makes_a_revision(db: Database, changes: dict[str, Any]):
    first, second = made.article(), made.article(seen_at=made.LATER, **changes)
    assert stored(db, first, second)[1] == Recorded(address=made.post_address(), outcome="changed", article_id=1)
    (row,) = rows(db, "articles")
    assert row["revision"] == 2
    assert row["content_hash"] == second.content_hash
    assert (row["title"], row["html"]) == (second.post.title, second.post.html)
    assert (row["markdown"], row["text"], row["summary"]) == (second.markdown, second.text, second.summary)
    assert (row["first_seen_at"], row["last_seen_at"]) == (
        "2022-04-21T01:00:00+00:00",
        "2022-04-21T02:30:00+00:00",
    )


def test_the_revision_before_stays_beside_the_new_one(db: Database):
    first = made.article()
    second = made.article(seen_at=made.LATER, title="改了", html="<p>改了。</p>", via="expired")
    stored(db, first)
    before = rows(db, "revisions")
    posts.store(db, second, 2)
    assert rows(db, "revisions") == [
        *before,
        {
            "article_id": 1,
            "revision": 2,
            "seen_at": "2022-04-21T02:30:00+00:00",
            "run_id": 2,
            "via": "expired",
            "title": "改了",
            "published_at": "2022-04-20T16:44:59+08:00",
            "html": "<p>改了。</p>",
            "content_hash": second.content_hash,
            "markdown": "改了。",
            "text": "改了。",
            "derived": "",
            "front_matter": "{}",
            "draft": 0,
            "image": None,
            "authors": "[]",
        },
    ]


def test_a_revision_replaces_tags_mentions_and_category(db: Database):
    changes = {
        "title": "改了",
        "tags": ("5G", "新"),
        "mentions": (Mention(code="105.NIO", name="蔚来", count=1),),
        "category": Category(slug="emnews", name="滚动新闻", url="https://finews.withounder.com/emnews/"),
    }
    stored(db, made.article(), made.article(**changes))
    row = articles.get(db, 1)
    assert row["category"] == "emnews"
    assert row["tags"] == ["5G", "新"]
    assert row["mentions"] == [{"code": "105.NIO", "symbol": "NIO", "market": "US", "name": "蔚来", "count": 1}]


def test_what_a_new_revision_does_not_tell_stays_as_it_was(db: Database):
    posts.store(db, made.article(), 1)
    before = articles.get(db, 1)
    told = {"via": "share", "html": "<p>新的正文，与页面一样长，却说了别的话。</p>"}
    silent = {"category": None, "tags": (), "source": None, "share_url": None}
    posts.store(db, made.article(**told, **silent), 1)
    after = articles.get(db, 1)
    kept = ("category", "tags", "source", "share_url")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert (after["revision"], after["text"]) == (2, "新的正文，与页面一样长，却说了别的话。")


def test_going_back_to_former_words_is_a_third_revision(db: Database):
    first, second = made.article(), made.article(title="改了")
    posts.store(db, first, 1)
    posts.store(db, second, 1)
    assert posts.store(db, first, 2).outcome == "changed"
    assert [row["content_hash"] for row in rows(db, "revisions")] == [
        first.content_hash,
        second.content_hash,
        first.content_hash,
    ]


@pytest.fixture(scope="module")
def opened() -> Iterator[Archive]:
    """Return an archive in which a run has begun and all else is rolled back."""
    with Archive(":memory:", create=True) as empty:
        runs.begin(empty.db, "finews", made.SEEN)
        yield empty


@settings(max_examples=examples(50), deadline=None)
@given(titles=st.lists(st.sampled_from(["甲", "乙", "丙"]), min_size=1, max_size=6))
def test_there_are_as_many_revisions_as_changes(opened: Archive, titles: list[str]):
    changes = [title for title, former in zip(titles, [None, *titles], strict=False) if title != former]
    opened.db.begin()
    try:
        for title in titles:
            posts.store(opened.db, made.article(title=title), 1)
        history = [(row["revision"], row["title"]) for row in rows(opened.db, "revisions")]
        revision = opened.post(made.ID)["revision"]
    finally:
        opened.db.rollback()
    assert history == list(enumerate(changes, start=1))
    assert revision == len(changes)


mentions = st.tuples(
    st.sampled_from(["1.600519", "0.000001", "116.00700", "90.BK0493", "7.odd"]),
    st.sampled_from("甲乙"),
    st.integers(1, 3),
)


@settings(max_examples=examples(100), deadline=None)
@given(
    title=st.text(min_size=1, max_size=20).filter(str.strip),
    body=st.text(max_size=60),
    tags=st.lists(st.sampled_from(["大江网新闻", "5G", "a b", ""]), max_size=3),
    mentioned=st.lists(mentions, max_size=4, unique_by=lambda each: each[:2]),
    categorised=st.booleans(),
)
def test_the_file_of_a_new_post_is_the_same_whether_it_is_made_before_it_is_stored_or_from_the_archive(
    opened: Archive,
    title: str,
    body: str,
    tags: list[str],
    mentioned: list[tuple[str, str, int]],
    categorised: bool,
):
    article = made.article(
        title=printable(title),
        html=f"<p>文。{html.escape(body)}</p>",
        tags=tuple(tags),
        mentions=tuple(Mention(code=code, name=name, count=count) for code, name, count in mentioned),
        category=made.DAJIANGWANG if categorised else None,
    )
    opened.db.begin()
    try:
        posts.store(opened.db, article, 1)
        from_the_archive = render_post(opened.post(made.ID))
    finally:
        opened.db.rollback()
    assert render_post(DerivedArticle(article).row) == from_the_archive


def test_a_post_remembers_every_time_its_revisions_were_published_at(db: Database):
    posts.store(db, made.article("NW0", published_at=made.PUBLISHED - DAY), 1)
    for days in (0, 1, 1, 0):
        posts.store(db, made.article(title=f"第{days}", published_at=made.PUBLISHED + days * DAY), 1)
        posts.store(db, made.article(title="改了", published_at=made.PUBLISHED + days * DAY), 1)
    assert versions.publication_times(db, 2) == {"2022-04-20T16:44:59+08:00", "2022-04-21T16:44:59+08:00"}
    assert versions.publication_times(db, 1) == {"2022-04-19T16:44:59+08:00"}


# Of one name.

MOVED = "https://finews.withounder.com/elsewhere/2022/04/20/NW202204202350104915.html"


@pytest.mark.parametrize(
    ("changes", "state", "rival"),
    [
        ({"url": MOVED, "title": "改了"}, "stored", True),
        ({"url": MOVED, "title": "改了", "via": "share"}, "stored", True),
        ({"url": MOVED, "title": "改了"}, "gone", False),
        ({"url": MOVED, "title": "改了"}, "failed", False),
        ({"url": MOVED}, "stored", False),
        ({"title": "改了"}, "stored", False),
        ({"url": MOVED, "title": "改了", "post_id": "NW1"}, "stored", False),
        ({"url": MOVED, "title": "改了", "site": "minima"}, "stored", False),
    ],
    ids=["rival", "by share", "gone", "failed", "same words", "same address", "other id", "other site"],
)
def test_other_words_at_another_address_that_is_there_are_a_rivals(
    db: Database, changes: dict[str, Any], state: Any, rival: bool
):
    stored(db, made.article())
    links.record_outcome(db, "finews", made.fetch(), End(state=state, article_id=1), run_id=1)
    assert posts.has_rival(db, made.article(**changes), 1) is rival


def test_a_post_the_ledger_does_not_know_is_nobodys_rival(db: Database):
    stored(db, made.article())
    assert not posts.has_rival(db, made.article(url=MOVED, title="改了"), 1)


def test_an_address_the_site_names_no_longer_is_nobodys_rival(db: Database):
    stored(db, made.article())
    links.record_outcome(db, "finews", made.fetch(), End(state="stored", article_id=1), run_id=1)
    assert not posts.has_rival(db, made.article(url=MOVED, title="改了"), 2)


def _on_its_day(db: Database, article_id: int) -> tuple[dict[str, Any], str]:
    row = articles.get(db, article_id)
    return row, row["published_at"]


@pytest.mark.parametrize(
    ("site", "post_id", "hours", "namesake"),
    [
        ("minima", "hello", 0, "minima"),
        ("minima", "hello", 7, "minima"),
        ("minima", "hello", 8, None),
        ("minima", "other", 0, None),
        ("finews", "other", 0, None),
    ],
    ids=["same time", "same day", "next day", "other id", "same site"],
)
def test_a_post_of_the_same_id_and_day_on_another_site_is_a_namesake(
    db: Database, site: str, post_id: str, hours: int, namesake: str | None
):
    other = made.article(post_id, site=site, published_at=made.PUBLISHED + timedelta(hours=hours))
    stored(db, made.article("hello"), other)
    assert articles.namesake(db, *_on_its_day(db, 1)) == (
        (namesake, articles.get(db, 2)["url"]) if namesake else None
    )
    assert articles.namesake(db, *_on_its_day(db, 2)) == (
        ("finews", articles.get(db, 1)["url"]) if namesake else None
    )


# Gone.


def test_a_post_that_is_gone_stays_and_says_since_when(db: Database):
    stored(db, made.article())
    (row,) = rows(db, "articles")
    posts.mark_gone(db, made.post_address().url, made.SEEN + DAY)
    posts.mark_gone(db, made.post_address().url, made.SEEN + 2 * DAY)
    assert rows(db, "articles") == [{**row, "gone_at": "2022-04-22T01:00:00+00:00"}]


@pytest.mark.parametrize("title", ["江西出台5G行动计划", "改了"])
def test_a_post_that_is_back_is_gone_no_longer(db: Database, title: str):
    stored(db, made.article())
    posts.mark_gone(db, made.post_address().url, made.LATER)
    posts.store(db, made.article(title=title, seen_at=made.SEEN + DAY), 2)
    (row,) = rows(db, "articles")
    assert (row["gone_at"], row["last_seen_at"]) == (None, "2022-04-22T01:00:00+00:00")


# Names.


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (["dajiangwang", "大江网新闻"], "大江网新闻"),
        (["大江网新闻", "dajiangwang"], "大江网新闻"),
        (["大江网新闻", "大江网"], "大江网"),
        (["dajiangwang", "dajiangwang"], "dajiangwang"),
    ],
)
def test_a_category_takes_a_better_name_but_never_its_slug(db: Database, names: list[str], kept: str):
    for number, name in enumerate(names):
        posts.store(db, made.article(f"NW{number}", category=replace(made.DAJIANGWANG, name=name)), 1)
    assert rows(db, "categories") == [
        {"site": "finews", "slug": "dajiangwang", "name": kept, "url": made.DAJIANGWANG.url}
    ]


# Found.


@pytest.mark.parametrize(
    "name",
    [
        made.ID,
        f"https://finews.withounder.com/dajiangwang/2022/04/20/{made.ID}.html",
        f"http://FINEWS.withounder.com:80/dajiangwang/2022/04/20/{made.ID}.html",
        f"https://finews.zning.me/dajiangwang/2022/04/20/{made.ID}.html",
        f"https://finews.withounder.com/%64ajiangwang/2022/04/20/{made.ID}.html?utm_source=x&y#top",
        f"https://finews.withounder.com/elsewhere/2022/04/21/{made.ID}.html",
        f"  https://finews.withounder.com/dajiangwang/2022/04/20/{made.ID}.html\n",
        f"http://finews.zning.xyz/html_News/NewsShare.html?infoCode={made.ID}",
        f"https://finews.zning.xyz/html_news/newsshare.html?a=b&INFOCODE={made.ID}&c=d#e",
        f"http://finews.zning.xyz/NewsData/GetNewsText.do?id={made.ID}",
        f"https://choicewzp1.eastmoney.com/html_News/NewsShare.html?infoCode={made.ID}",
        made.ID.lower(),
        f"https://finews.withounder.com/dajiangwang/2022/04/20/{made.ID.lower()}.html",
        f"http://finews.zning.xyz/html_News/NewsShare.html?infoCode={made.ID.lower()}",
        f"https://raw.githubusercontent.com/zning1994/finews/main/old_post/2022-04-20-{made.ID}.md",
        f"2022-04-20-{made.ID}.md",
        f"output/_posts/2022-04-20-{made.ID}.md",
        f"/home/x/old_post/2022-04-20-{made.ID}.v2.markdown",
        f"-{made.ID}.md",
    ],
)
def test_a_post_is_found_by_its_id_its_file_and_any_form_of_its_addresses(archive: Archive, name: str):
    stored(archive.db, made.article("NW202204200000000000"), made.article())
    assert find_posts(archive.db, name) == {"finews": 2}
    assert archive.post(name)["post_id"] == made.ID


def test_a_post_is_found_by_an_address_only_the_ledger_knows(db: Database):
    stored(db, made.article())
    address = replace(made.post_address(), url="https://elsewhere.example/old.html")
    links.record_outcome(db, "finews", made.fetch(address), End(state="stored", article_id=1), run_id=1)
    assert find_posts(db, "HTTPS://elsewhere.example:443/old.html#top") == {"finews": 1}


@pytest.mark.parametrize(
    "name",
    [
        "",
        "NW1",
        f"{made.ID}%",
        "https://finews.withounder.com/",
        "https://finews.withounder.com/dajiangwang/2022/04/20/NW1.html",
        f"https://elsewhere.example/dajiangwang/2022/04/20/{made.ID}.html",
        "2022-04-20-NW1.md",
        ".md",
        f"https://raw.githubusercontent.com/elsewhere/finews/main/old_post/2022-04-20-{made.ID}.md",
        "http://finews.zning.xyz/html_News/NewsShare.html?infoCode=",
        "http://[",
        "' OR 1=1 --",
        "\x00",
        "\udcff",
    ],
)
def test_a_post_that_is_not_there_is_a_sentence(archive: Archive, name: str):
    stored(archive.db, made.article())
    with pytest.raises(NoSuchPost) as missing:
        archive.post(name)
    assert missing.value.exit_code == 1
    assert str(missing.value) == (
        f"{archive.path} holds no post {name}: give its id, or the address of its page or share link."
    )


def test_an_address_the_ledger_knows_without_an_article_is_no_post(db: Database):
    links.record_links(db, "finews", made.listing(made.post_address()).links, by=made.fetch(made.HOME), run_id=1)
    assert find_posts(db, made.post_address().url) == {}


def test_posts_of_several_sites_may_bear_one_id(db: Database):
    blog = "https://blog.example/2022/04/20/hello.html"
    ours = "https://finews.withounder.com/a/2022/04/20/hello.html"
    stored(db, made.article("hello", site="minima", url=blog, category=None), made.article("hello", url=ours))
    assert [(row["id"], row["site"]) for row in rows(db, "articles")] == [(1, "minima"), (2, "finews")]
    minima, finews = {"minima": 1}, {"finews": 2}
    assert list(find_posts(db, "hello").items()) == [("minima", 1), ("finews", 2)]
    assert [find_posts(db, "hello", site) for site in ("minima", "finews", "garden")] == [minima, finews, {}]
    assert find_posts(db, blog) == find_posts(db, "https://blog.example/2022/04/20/hello.html?x") == minima
    assert find_posts(db, ours) == find_posts(db, "https://finews.zning.me/b/2022/04/20/hello.html") == finews


# Read.


def test_a_post_is_read_with_its_tags_in_order_and_its_mentions_by_weight(archive: Archive):
    stored(archive.db, made.article())
    (row,) = rows(archive.db, "articles")
    assert archive.post(made.ID) == {
        **row,
        "derived": [],
        "front_matter": {},
        "draft": False,
        "authors": [],
        "categories": ["dajiangwang"],
        "tags": ["大江网新闻", "5G"],
        "mentions": [
            {"code": "1.600519", "symbol": "600519", "market": "SH", "name": "贵州茅台", "count": 2},
            {"code": "116.00700", "symbol": "00700", "market": "HK", "name": "腾讯控股", "count": 1},
        ],
        "same_story": [],
    }


def test_every_post_is_read_oldest_first(archive: Archive):
    for number, days in enumerate([2, 0, 1, 0]):
        posts.store(archive.db, made.article(f"NW{number}", published_at=made.PUBLISHED + days * DAY), 1)
    every = list(archive.posts())
    assert [row["post_id"] for row in every] == ["NW1", "NW3", "NW2", "NW0"]
    assert every == [articles.get(archive.db, row["id"]) for row in every]


PICTURE = '<p><img src="https://x.example/chart.png" alt="图"></p>'


def test_a_post_that_is_a_picture_has_an_empty_summary_and_an_empty_text(db: Database):
    stored(db, made.article(html=PICTURE))
    row = articles.get(db, 1)
    assert (row["summary"], row["text"], row["html"]) == ("", "", PICTURE)
    assert row["markdown"] == "![图](https://x.example/chart.png)"


# Written to with SQL of one's own.

WORDS = {"summary": "摘要", "html": "<p>新的，正文</p>", "markdown": "新的，*正文*", "text": "新的，正文"}
WRITTEN: dict[str, Any] = {
    "site": "minima",
    "post_id": "NW9",
    "url": "https://blog.example/2022/04/20/NW9.html",
    "share_url": None,
    "title": "新的标题",
    "source": "别处",
    "category": None,
    "published_at": "2022-04-21T08:00:00+08:00",
    "published_ts": 1650499200,
    "content_hash": "0" * 64,
    "first_seen_at": "2022-04-22T01:00:00+00:00",
    "last_seen_at": "2022-04-23T01:00:00+00:00",
    "gone_at": "2022-04-24T01:00:00+00:00",
    **WORDS,
}


@pytest.mark.parametrize("column", [name for name in WRITTEN if name != "site"])
def test_a_column_of_articles_is_written_and_the_others_stay(db: Database, column: str):
    stored(db, made.article(), made.article(title="改了"))
    (before,), (former, _) = rows(db, "articles"), rows(db, "revisions")
    db.execute(f"UPDATE articles SET {column} = ? WHERE post_id = ?", [WRITTEN[column], made.ID])
    assert rows(db, "articles") == [{**before, column: WRITTEN[column]}]
    assert rows(db, "revisions")[0] == former


def test_all_columns_of_articles_are_written_at_once(db: Database):
    stored(db, made.article(), made.article(title="改了"))
    (before,) = rows(db, "articles")
    db.execute(f"UPDATE articles SET {', '.join(f'{name} = ?' for name in WRITTEN)}", list(WRITTEN.values()))
    assert rows(db, "articles") == [{**before, **WRITTEN}]


def test_only_the_post_that_is_meant_is_written_to(db: Database):
    stored(db, made.article("NW1"), made.article("NW2"))
    one, other = rows(db, "articles")
    db.execute("UPDATE articles SET title = '改了', text = '改了' WHERE post_id = 'NW2'")
    assert rows(db, "articles") == [one, {**other, "title": "改了", "text": "改了"}]


def test_a_post_that_is_a_picture_is_written_to_and_read_again(archive: Archive):
    stored(archive.db, made.article(html=PICTURE))
    archive.db.execute("UPDATE articles SET title = '改了'")
    before = archive.post(made.ID)
    assert (before["title"], before["summary"], before["html"]) == ("改了", "", PICTURE)
    assert archive.post(made.ID, revision=1) == before


def test_a_time_that_is_written_is_the_time_of_the_mentions_too(db: Database):
    stored(db, made.article())
    db.execute("UPDATE articles SET published_at = ?, published_ts = ?", ["2022-04-21T08:00:00+08:00", 1650499200])
    assert {row["published_ts"] for row in rows(db, "mentions")} == {1650499200}


def test_a_deleted_article_takes_with_it_all_that_is_its_own(db: Database):
    stored(db, made.article("NW1"), made.article("NW1", title="改了"))
    posts.store(db, made.article("NW2"), 2)
    links.record_outcome(
        db, "finews", made.fetch(made.post_address("NW1")), End(state="stored", article_id=1), run_id=1
    )
    (_, kept), tables = rows(db, "articles"), ("revisions", "article_tags", "mentions")
    of_others = [[row for row in rows(db, table) if row["article_id"] == 2] for table in tables]
    db.execute("DELETE FROM articles WHERE post_id = 'NW1'")
    assert rows(db, "articles") == [kept]
    assert [rows(db, table) for table in tables] == of_others
    assert rows(db, "links")[0]["article_id"] is None
    assert list(db.query("PRAGMA foreign_key_check")) == []


def test_a_deleted_article_is_new_when_it_is_met_again(archive: Archive):
    stored(archive.db, made.article("NW1"))
    archive.db.execute("DELETE FROM articles")
    assert posts.store(archive.db, made.article("NW1"), 2).outcome == "new"
    assert archive.post("NW1")["revision"] == 1


def test_the_archive_counts_what_it_holds(archive: Archive):
    stored(archive.db, made.article(), made.article(title="改了"))
    posts.store(archive.db, made.article("NW2", published_at=made.PUBLISHED + DAY, source=None), 2)
    posts.mark_gone(archive.db, made.post_address().url, made.LATER)
    links.record_links(archive.db, "finews", made.listing(made.CATEGORY).links, by=made.fetch(made.HOME), run_id=1)
    assert archive.stats() == {
        "archive": str(archive.path),
        "bytes": archive.path.stat().st_size,
        "posts": 2,
        "gone": 1,
        "drafts": 0,
        "revisions": 3,
        "securities": 2,
        "mentions": 4,
        "runs": 2,
        "first_published_at": "2022-04-20T16:44:59+08:00",
        "last_published_at": "2022-04-21T16:44:59+08:00",
        "sites": {"finews": 2},
        "categories": {"dajiangwang": 2},
        "sources": {"大江网": 1},
        "authors": {},
        "links": {"found": 1},
        # NW2 is dated later than it was seen, so its date must be wrong.
        "days": {
            (made.PUBLISHED.date() - timedelta(days=ago)).isoformat(): int(ago == 0) for ago in range(59, -1, -1)
        },
    }
