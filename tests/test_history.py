"""A post's history: which versions there are, and each as it was."""

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
from crawler.archive.store import posts
from crawler.errors import NoSuchPost, NoSuchRevision
from crawler.items import Mention

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.items import Article

OF_A_VERSION = ("revision", "title", "published_at", "summary", "html", "markdown", "text", "content_hash")


@pytest.fixture(scope="module")
def opened() -> Iterator[Archive]:
    with Archive(":memory:", create=True) as archive:
        runs.begin(archive.db, "finews", made.SEEN)
        runs.begin(archive.db, "finews", made.LATER)
        yield archive


@pytest.fixture
def archive(opened: Archive) -> Iterator[Archive]:
    """Return an archive in which the runs 1 and 2 have begun; what else is done to it is rolled back."""
    opened.db.begin()
    yield opened
    opened.db.rollback()


FIRST = made.article()
SECOND = made.article(
    seen_at=made.LATER,
    title="改了",
    html="<p>改了。</p>",
    published_at=made.PUBLISHED + timedelta(days=1),
    tags=("新",),
    mentions=(Mention(code="105.NIO", name="蔚来", count=1),),
)


def said(article: Article, revision: int) -> dict[str, Any]:
    """Return what belongs to a version of an article."""
    assert article.post.published_at is not None
    return {
        "revision": revision,
        "title": article.post.title,
        "published_at": article.post.published_at.isoformat(),
        "summary": article.summary,
        "html": article.post.html,
        "markdown": article.markdown,
        "text": article.text,
        "content_hash": article.content_hash,
    }


def test_the_history_of_a_post_is_its_versions_the_oldest_first(archive: Archive):
    posts.store(archive.db, made.article("NW0"), 1)
    posts.store(archive.db, FIRST, 1)
    posts.store(archive.db, SECOND, 2)
    assert archive.history(made.ID) == [
        {
            "revision": 1,
            "seen_at": "2022-04-21T01:00:00+00:00",
            "run": 1,
            "via": "page",
            "title": "江西出台5G行动计划",
            "published_at": "2022-04-20T16:44:59+08:00",
            "content_hash": FIRST.content_hash,
            "draft": False,
        },
        {
            "revision": 2,
            "seen_at": "2022-04-21T02:30:00+00:00",
            "run": 2,
            "via": "page",
            "title": "改了",
            "published_at": "2022-04-21T16:44:59+08:00",
            "content_hash": SECOND.content_hash,
            "draft": False,
        },
    ]


def test_a_post_that_has_not_changed_has_one_version(archive: Archive):
    posts.store(archive.db, FIRST, 1)
    posts.store(archive.db, made.article(seen_at=made.LATER), 2)
    assert [(version["revision"], version["run"]) for version in archive.history(made.ID)] == [(1, 1)]


@pytest.mark.parametrize("name", [made.ID, made.post_address().url, made.SHARE])
def test_a_history_is_found_by_any_name_of_the_post(archive: Archive, name: str):
    posts.store(archive.db, FIRST, 1)
    assert len(archive.history(name)) == 1
    assert archive.post(name, revision=1) == archive.post(made.ID)


def test_a_time_of_first_sight_is_in_utc(archive: Archive):
    posts.store(archive.db, made.article(seen_at=made.SEEN.astimezone(made.BEIJING)), 1)
    assert archive.history(made.ID)[0]["seen_at"] == "2022-04-21T01:00:00+00:00"


def test_a_former_version_is_read_as_it_was_within_the_post_as_it_is(archive: Archive):
    posts.store(archive.db, FIRST, 1)
    posts.store(archive.db, SECOND, 2)
    now = archive.post(made.ID)
    assert (now["revision"], now["tags"], [mention["code"] for mention in now["mentions"]]) == (
        2,
        ["新"],
        ["105.NIO"],
    )
    assert archive.post(made.ID, revision=1) == {**now, **said(FIRST, 1)}


def test_each_version_has_what_was_derived_and_what_else_its_own_file_said(archive: Archive):
    front = {"author": "小新", "nested": {"a": [1, None]}}
    posts.store(archive.db, made.article(via="import", derived=("title", "date"), others=front), 1)
    posts.store(archive.db, SECOND, 2)
    told = [archive.post(made.ID, revision=number) for number in (1, 2)]
    assert [(post["derived"], post["front_matter"]) for post in told] == [(["title", "date"], front), ([], {})]
    assert archive.post(made.ID) == told[1]


@pytest.mark.parametrize("via", ["share", "expired", "import"])
def test_a_version_tells_which_way_it_came(archive: Archive, via: str):
    posts.store(archive.db, FIRST, 1)
    html = "<p>江西将实现5G+VR融合。</p><p>贵州茅台下跌，别的也说了。</p>"
    posts.store(archive.db, made.article(via=via, html=html, seen_at=made.LATER), 2)
    told = [(version["revision"], version["run"], version["via"]) for version in archive.history(made.ID)]
    # A file that tells no time does not take the place of what the site has shown.
    assert told == ([(1, 2, "import"), (2, 1, "page")] if via == "import" else [(1, 1, "page"), (2, 2, via)])


def test_the_current_version_is_the_post(archive: Archive):
    posts.store(archive.db, FIRST, 1)
    posts.store(archive.db, SECOND, 2)
    assert archive.post(made.ID, revision=2) == archive.post(made.ID)


def test_a_page_seen_again_is_the_version_it_is_of(archive: Archive):
    posts.store(archive.db, FIRST, 1)
    posts.store(archive.db, SECOND, 1)
    again = made.article(
        title="改 了", html="<div>改了。</div>", published_at=made.PUBLISHED + timedelta(days=1), seen_at=made.LATER
    )
    assert posts.store(archive.db, again, 2).outcome == "unchanged"
    assert [archive.post(made.ID, revision=number)["title"] for number in (1, 2)] == ["江西出台5G行动计划", "改 了"]
    assert [version["title"] for version in archive.history(made.ID)] == ["江西出台5G行动计划", "改 了"]


@pytest.mark.parametrize(
    ("count", "revision", "sentence"),
    [
        (1, 2, "There is no revision 2: the post has one revision, see `finews history`."),
        (1, 0, "There is no revision 0: the post has one revision, see `finews history`."),
        (2, 3, "There is no revision 3: the post has 2 revisions, see `finews history`."),
        (2, -1, "There is no revision -1: the post has 2 revisions, see `finews history`."),
        (1, 2**63, f"There is no revision {2**63}: the post has one revision, see `finews history`."),
    ],
)
def test_a_revision_there_is_not_is_a_sentence(archive: Archive, count: int, revision: int, sentence: str):
    for article in (FIRST, SECOND)[:count]:
        posts.store(archive.db, article, 1)
    with pytest.raises(NoSuchRevision) as missing:
        archive.post(made.ID, revision=revision)
    assert str(missing.value) == sentence
    assert (missing.value.revision, missing.value.count, missing.value.exit_code) == (revision, count, 1)


def test_a_post_there_is_not_has_no_history(archive: Archive):
    with pytest.raises(NoSuchPost, match=r"holds no post NW1: give its id"):
        archive.history("NW1")
    with pytest.raises(NoSuchPost, match=r"holds no post NW1: give its id"):
        archive.post("NW1", revision=1)


pieces = ["江西将实现5G+VR融合，", "贵州茅台上涨。", "<b>粗</b>", "</p><p>", "*", "&amp;", "😀"]
stretches = st.lists(st.sampled_from(pieces), min_size=1, max_size=6)


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.tuples(st.sampled_from("甲乙"), stretches.map("".join)), min_size=1, max_size=6))
def test_every_version_is_read_as_it_was_stored(opened: Archive, told: list[tuple[str, str]]):
    articles = [made.article(title=title, html=f"<p>{body}</p>") for title, body in told]
    versions: list[Article] = []
    opened.db.begin()
    try:
        for article in articles:
            posts.store(opened.db, article, 1)
            if versions and versions[-1].content_hash == article.content_hash:
                versions.pop()
            versions.append(article)
        expected = [said(article, number) for number, article in enumerate(versions, start=1)]
        read = [opened.post(made.ID, revision=row["revision"]) for row in opened.history(made.ID)]
        seen = list(opened.db.query("SELECT * FROM revisions ORDER BY revision"))
    finally:
        opened.db.rollback()
    assert [{name: post[name] for name in OF_A_VERSION} for post in read] == expected
    in_the_view = [name for name in OF_A_VERSION if name != "summary"]
    assert [{name: row[name] for name in in_the_view} for row in seen] == [
        {name: one[name] for name in in_the_view} for one in expected
    ]
