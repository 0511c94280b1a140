"""Where a version of a post stands among those there are: what is new, what is known, what goes below."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.archive import Archive
from crawler.archive.ledger import runs
from crawler.archive.store import posts, versions
from crawler.archive.store.revisions import adds
from crawler.dates import iso

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crawler.items import Article, Outcome

WORDS = "江西将实现5G与工业互联网的融合应用。全省建成十万个基站。投资超过三百亿元。"
SHORT = "<p>江西将实现融合。</p>"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "archive.db", create=True) as opened:
        runs.begin(opened.db, "finews", made.SEEN)
        yield opened


def page(html: str = f"<p>{WORDS}</p>", **changes: object) -> Article:
    return made.article(html=html, **changes)


def shared(html: str, **changes: object) -> Article:
    return made.shared(html=html, **changes)


def imported(html: str, seen_at: str | None = None, **changes: object) -> Article:
    article = made.article(html=html, via="import", fetch=made.fetch(fetched_at=made.LATER), **changes)
    moment = made.SEEN + timedelta(days=int(seen_at)) if seen_at else None
    return replace(article, post=replace(article.post, seen_at=moment))


def store(archive: Archive, *articles: Article) -> list[Outcome | None]:
    return [posts.store(archive.db, article, 1).outcome for article in articles]


def told(archive: Archive) -> list[tuple[int, str, str]]:
    rows = archive.db.execute("SELECT revision, via, text FROM revisions ORDER BY revision")
    return [(revision, via, text.replace("\n", "")) for revision, via, text in rows]


# Share texts.


@pytest.mark.parametrize(
    "text",
    [
        WORDS,
        WORDS.replace("。", "．"),
        f"{WORDS}（文章来源：大江网）",
        "全省建成十万个基站。投资超过三百亿元。",
        "该新闻已删除。",
        "",
        "！！！",
    ],
)
def test_a_text_that_says_nothing_new_or_is_a_wreck_adds_nothing(text: str) -> None:
    assert not adds(WORDS, text)


@pytest.mark.parametrize("text", [WORDS.replace("三百", "四百"), f"{WORDS}明年再建。", f"别的。{WORDS}", "另" * 60])
def test_a_text_that_says_something_else_adds_to_what_is_there(text: str) -> None:
    assert adds(WORDS, text)


def test_a_share_text_that_contradicts_is_a_revision(archive: Archive) -> None:
    other = WORDS.replace("三百", "四百")
    assert store(archive, page(), shared(f"<p>{other}</p>")) == ["new", "changed"]
    assert told(archive) == [(1, "page", WORDS), (2, "share", other)]


def test_page_and_share_text_may_differ_for_good(archive: Archive) -> None:
    both = page(), shared(f"<p>{WORDS.replace('三百', '四百')}</p>")
    assert store(archive, *both, *both, *both) == ["new", "changed", *["unchanged"] * 4]
    assert len(told(archive)) == 2


def test_a_page_that_changes_after_a_share_text_has_the_last_word(archive: Archive) -> None:
    store(archive, page(), shared(f"<p>{WORDS.replace('三百', '四百')}</p>"))
    assert store(archive, page(f"<p>{WORDS.replace('三百', '五百')}</p>")) == ["changed"]
    assert [via for _, via, _ in told(archive)] == ["page", "share", "page"]


def test_a_share_text_fills_what_is_missing_and_changes_nothing_else(archive: Archive) -> None:
    store(archive, page(source=None, share_url=None, mentions=()))
    before = archive.post(made.ID)
    assert store(archive, shared("<p>该新闻已删除。</p>", source="新华社")) == ["unchanged"]
    after = archive.post(made.ID)
    filled = {"source": "新华社", "share_url": made.SHARE, "mentions": after["mentions"]}
    assert after == {**before, **filled}
    assert [mention["code"] for mention in after["mentions"]] == ["1.600519", "116.00700"]
    assert archive.search("5G", source="新华社")["total"] == 1


def test_what_is_known_is_not_taken_from_a_share_text(archive: Archive) -> None:
    store(archive, page())
    store(archive, shared(f"<p>{WORDS}</p>", source="新华社", tags=("别的",), category=None))
    post = archive.post(made.ID)
    assert (post["source"], post["tags"], post["category"]) == ("大江网", ["大江网新闻", "5G"], "dajiangwang")


# Files.


def test_a_file_that_differs_in_signs_only_is_no_revision(archive: Archive) -> None:
    store(archive, page("<p>江西“扬帆”，前行。</p>"))
    assert store(archive, imported('<p>江西"扬帆",前行。</p>')) == ["unchanged"]


def test_a_file_without_a_time_goes_below_what_the_site_has_shown(archive: Archive) -> None:
    assert store(archive, page(), imported(SHORT)) == ["new", "changed"]
    assert told(archive) == [(1, "import", "江西将实现融合。"), (2, "page", WORDS)]
    assert archive.post(made.ID)["text"] == WORDS


def test_of_files_alone_the_last_one_is_on_top(archive: Archive) -> None:
    assert store(archive, imported(SHORT), imported(f"<p>{WORDS}</p>")) == ["new", "changed"]
    assert told(archive) == [(1, "import", "江西将实现融合。"), (2, "import", WORDS)]


def test_a_file_with_a_time_takes_its_place_by_that(archive: Archive) -> None:
    versions = [imported(f"<p>第{day}日。</p>", day) for day in ("5", "1", "3", "9")]
    assert store(archive, *versions) == ["new", "changed", "changed", "changed"]
    assert [text for _, _, text in told(archive)] == ["第1日。", "第3日。", "第5日。", "第9日。"]
    post = archive.post(made.ID)
    assert (post["revision"], post["text"]) == (4, "第9日。")
    assert post["first_seen_at"] == iso(made.SEEN + timedelta(days=1))


def test_a_version_that_was_ever_there_is_not_imported_again(archive: Archive) -> None:
    versions = [imported(f"<p>第{day}日。</p>", day) for day in ("1", "3", "5")]
    store(archive, *versions)
    assert store(archive, *versions, *reversed(versions)) == ["unchanged"] * 6


def test_every_version_is_found_as_of_its_time_wherever_it_was_put(archive: Archive) -> None:
    store(archive, *[imported(f"<p>第{day}日。</p>", day) for day in ("5", "1", "3")])
    found = [archive.search(f'"第{day}日"', as_of="2022-04-24T12:00Z")["total"] for day in (1, 3, 5)]
    assert found == [0, 1, 0]
    assert archive.search('"第5日"')["total"] == 1


def test_what_was_put_below_counts_for_its_run_as_a_change(archive: Archive) -> None:
    store(archive, page(), imported(SHORT))
    assert runs.miscounted(archive.db) == []
    archive.db.execute("UPDATE runs SET outcome = 'finished', new = 1, changed = 1")
    assert runs.miscounted(archive.db) == []


def test_a_page_after_an_import_has_its_own_address(archive: Archive) -> None:
    store(archive, imported(f"<p>{WORDS}</p>", url="https://finews.withounder.com/x/2022/04/20/y.html"))
    assert store(archive, page()) == ["unchanged"]
    assert archive.post(made.ID)["url"] == made.post_address().url


def test_a_version_costs_as_many_looks_at_others_however_many_there_are(archive: Archive) -> None:
    statements: list[str] = []

    def cost_of(number: int) -> int:
        statements.clear()
        store(archive, imported(f"<p>{WORDS}第{number}次更新。</p>", str(number)))
        return sum("text FROM versions" in statement for statement in statements)

    store(archive, imported(f"<p>{WORDS}</p>", "0"))
    archive.db.conn.set_trace_callback(statements.append)
    costs = [cost_of(number) for number in range(1, 31)]

    assert costs[1:] == [costs[1]] * 29
    assert costs[1] > 0


def test_a_version_of_which_a_failed_transaction_took_back_the_like_is_stored(archive: Archive) -> None:
    text, quoted = f"<p>{WORDS}“新”</p>", f"<p>{WORDS}「新」</p>"
    store(archive, imported(f"<p>{WORDS}</p>", "0"), imported(f"<p>{WORDS}旧</p>", "1"))
    archive.db.execute("BEGIN")
    store(archive, imported(text, "2"))
    archive.db.execute("ROLLBACK")

    assert store(archive, imported(quoted, "3"), imported(text, "4")) == ["changed", "unchanged"]


def test_the_versions_of_a_post_are_read_once_however_many_are_added(archive: Archive) -> None:
    statements: list[str] = []
    store(archive, imported(f"<p>{WORDS}</p>", "0"))
    archive.db.conn.set_trace_callback(statements.append)
    store(archive, *[imported(f"<p>{WORDS}第{day}日。</p>", str(day)) for day in (3, 1, 5, 4, 2, 6)])
    assert sum("via, seen_at, content_hash FROM versions" in statement for statement in statements) == 1


@given(st.lists(st.tuples(st.integers(1, 28), st.booleans()), max_size=12))
@settings(max_examples=examples(30))
def test_versions_at_hand_are_those_that_are_stored_whatever_was_taken_back(
    tmp_path_factory: pytest.TempPathFactory, versions_to_store: list[tuple[int, bool]]
) -> None:
    with Archive(tmp_path_factory.mktemp("a") / "a.db", create=True) as archive:
        runs.begin(archive.db, "finews", made.SEEN)
        store(archive, imported(f"<p>{WORDS}</p>", "15"))
        for number, (day, is_kept) in enumerate(versions_to_store):
            archive.db.execute("BEGIN")
            store(archive, imported(f"<p>{WORDS}第{number}次。</p>", str(day)))
            archive.db.execute("COMMIT" if is_kept else "ROLLBACK")
            at_hand = versions.version_infos(archive.db, 1)
            stored = archive.db.execute(
                "SELECT revision, via, seen_at, content_hash FROM versions WHERE article_id = 1 ORDER BY revision"
            )
            assert list(at_hand) == stored.fetchall()
