"""The pipelines, each step by itself: what it does, and that it leaves alone what is not its business."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import made
import pytest
from made import Run
from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.archive import Archive
from crawler.archive.ledger import links, runs
from crawler.archive.ledger.frontier import Frontier
from crawler.archive.ledger.runs import Traffic
from crawler.archive.store.lock import run_lock
from crawler.errors import ArchiveError, ArchiveLocked, NotAnArchive
from crawler.items import Address, Article, Mention, Missed, Recorded
from crawler.markdown.post_file import render_post
from crawler.pipelines.normalise import Normalise
from crawler.pipelines.store import StoreInArchive
from crawler.pipelines.validate import Validate
from crawler.recording.normalise import normalise
from crawler.recording.recorder import Recorder
from crawler.recording.writer import Writer
from crawler.sites.loading import rules_version
from crawler.spiders.asking import Target

if TYPE_CHECKING:
    from collections.abc import Iterator
POST, ARTICLE = made.post(), made.article()
ENDS = [made.listing(made.post_address()), made.refused(), made.gone(), made.failed(), made.unchanged()]
ARCHIVED = Recorded(address=made.post_address(), outcome="new", article_id=1)
FILE = f"2022-04-20-{made.ID}.md"
LONG_AGO = 1_000_000_000


def kind(item: object) -> str:
    return type(item).__name__


def archived(outcome: Any, reason: str | None = None, *, address: Address = ARCHIVED.address, **how: Any) -> Recorded:
    """Return what is handed on of an address that came to `outcome`."""
    return Recorded(address=address, outcome=outcome, fetch_outcome=outcome, reason=reason, **how)


# Normalise.


@pytest.mark.parametrize("item", [*ENDS, ARTICLE, ARCHIVED, {}], ids=kind)
def test_normalising_leaves_anything_but_posts_alone(item: Any):
    assert Normalise(made.SITE).process_item(item) is item


def test_a_post_becomes_an_article():
    article = Normalise(made.SITE).process_item(POST)
    assert article == Article(
        post=POST,
        markdown="江西将实现5G+VR融合。\n\n贵州茅台上涨。",
        text="江西将实现5G+VR融合。\n贵州茅台上涨。",
        summary="江西将实现5G+VR融合。",
        content_hash=article.content_hash,
    )
    assert article.post is POST


def test_the_hash_is_the_same_on_every_machine():
    assert ARTICLE.content_hash == "788ac3e11d3a229e4df01c45c2da54dc77a95a253f5887ffbb4a9472594f6ed7"


def test_a_post_without_anything_is_normalised_all_the_same():
    empty = made.post(title="", html="", published_at=None, category=None, tags=(), mentions=())
    article = normalise(empty, made.SITE)
    assert (article.post, article.markdown, article.text, article.summary) == (empty, "", "", "")


@pytest.mark.parametrize(
    ("html", "title"),
    [
        ("<p>江西出台计划。全文如下。</p><p>略。</p>", "江西出台计划。全文如下。 略。"),
        (f"<p>江西出台计划。{'字' * 60}</p>", "江西出台计划。"),
        (f"<p>{'字' * 60}</p>", f"{'字' * 39}…"),
        ("", ""),
    ],
    ids=["short", "sentence", "long", "empty"],
)
def test_a_share_text_without_a_title_takes_its_first_sentences(html: str, title: str):
    assert normalise(made.post(via="share", title="", html=html), made.SITE).post.title == title


@pytest.mark.parametrize(("via", "title"), [("share", "给出的标题"), ("page", ""), ("import", "给出的标题")])
def test_a_page_never_gets_a_derived_title_and_no_title_is_replaced(via: Any, title: str):
    post = normalise(made.post(via=via, title=title), made.SITE).post
    assert (post.title, post.derived) == (title, ())


@pytest.mark.parametrize("via", ["expired", "import"])
def test_a_file_without_a_title_takes_its_first_sentence(via: Any):
    post = normalise(made.post(via=via, title="", html="<p>一句话。两句话。</p>"), made.SITE).post
    assert (post.title, post.derived) == ("一句话", ("title",))


def test_a_summary_comes_from_the_first_paragraph():
    assert made.article(html=f"<p>{'一句话。' * 100}</p><p>第二段。</p>").summary == "一句话。" * 40


def test_what_the_site_adds_to_a_body_is_not_part_of_the_article():
    html = '<p>正文<a class="keytip" href="//x.example/">茅台</a></p><p style="display:none">藏</p><script>1</script>'
    article = made.article(html=html)
    assert (article.markdown, article.text) == ("正文茅台", "正文茅台")
    assert article.post.html == html


# Validate.


@pytest.mark.parametrize("item", [*ENDS, POST, ARCHIVED, {}], ids=kind)
def test_validation_leaves_anything_but_articles_alone(item: Any):
    assert Validate().process_item(item) is item


@pytest.mark.parametrize(
    "article",
    [
        ARTICLE,
        made.article(category=None, tags=(), mentions=(), source=None, share_url=None),
        made.article(html='<p><img src="https://x.example/chart.png" alt="图"></p>'),
        made.article("2021-init_贴子+v1.0~"),
    ],
    ids=["whole", "bare", "picture", "id"],
)
def test_a_complete_article_passes_validation(article: Article):
    assert Validate().process_item(article) is article


ALLOWED = ": letters, digits and _ . + ~ - are allowed (. + ~ - not first, and no two dots together), up to 200 bytes"


@pytest.mark.parametrize(
    ("changes", "reason", "rule"),
    [
        ({"title": ""}, "no title", "layouts[page].title"),
        ({"published_at": None}, "no date", "layouts[page].date"),
        ({"html": ""}, "no body", "layouts[page].body"),
        ({"html": "<p> \n</p><script>alert(1)</script>"}, "no body", "layouts[page].body"),
        ({"title": "", "layout": "bare"}, "no title", "layouts[bare].title"),
        ({"post_id": ""}, "no id", "addresses.post"),
        ({"post_id": "../../etc/passwd"}, f"unsafe id '../../etc/passwd'{ALLOWED}", "addresses.post"),
        ({"post_id": ".hidden"}, f"unsafe id '.hidden'{ALLOWED}", "addresses.post"),
        ({"post_id": "a..b"}, f"unsafe id 'a..b'{ALLOWED}", "addresses.post"),
        ({"post_id": "a/b"}, f"unsafe id 'a/b'{ALLOWED}", "addresses.post"),
        ({"post_id": "a b"}, f"unsafe id 'a b'{ALLOWED}", "addresses.post"),
        ({"post_id": "a\n"}, f"unsafe id 'a'{ALLOWED}", "addresses.post"),
        ({"post_id": "a\x00"}, f"unsafe id 'a'{ALLOWED}", "addresses.post"),
        ({"post_id": "x" * 201}, f"unsafe id '{'x' * 59}…'{ALLOWED}", "addresses.post"),
        # One reason is given: the first.
        ({"title": "", "published_at": None, "html": ""}, "no title", "layouts[page].title"),
        ({"title": "", "post_id": "a/b"}, f"unsafe id 'a/b'{ALLOWED}", "addresses.post"),
        ({"published_at": None, "html": ""}, "no date", "layouts[page].date"),
    ],
)
def test_an_incomplete_article_is_refused_with_the_reason_and_the_rule(
    changes: dict[str, Any], reason: str, rule: str
):
    article = normalise(replace(POST, **changes), made.SITE)
    assert Validate().process_item(article) == made.refused(reason=reason, rule=rule)


# Archive.


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive.db"


@pytest.fixture
def run(path: Path) -> Iterator[Run]:
    opened = Run(path)
    yield opened
    if opened.report is None:
        opened.end()


@pytest.fixture
def step(run: Run) -> StoreInArchive:
    """The step itself, as Scrapy has it."""
    return StoreInArchive(Writer(run.recorder), give_up=lambda _: False)


def rows(run: Run, table: str) -> list[dict[str, Any]]:
    return list(run.archive.db.query(f"SELECT * FROM {table}"))


def link(run: Run, url: str = POST.url) -> dict[str, Any]:
    (row,) = run.archive.db.query("SELECT * FROM links WHERE url = ?", [url])
    return row


def stands(run: Run, url: str = POST.url) -> tuple[Any, ...]:
    row = link(run, url)
    return row["state"], row["outcome"], row["reason"], row["article_id"]


@pytest.mark.parametrize("item", [POST, ARCHIVED, {}, None], ids=kind)
def test_storing_leaves_anything_but_records_alone(run: Run, step: StoreInArchive, item: Any):
    assert asyncio.run(step.process_item(item)) is item
    assert rows(run, "links") == []


def test_an_article_is_stored_with_its_row_of_the_ledger(run: Run):
    assert run.write(ARTICLE) == ARCHIVED
    assert run.archive.post(made.ID)["title"] == "江西出台5G行动计划"
    assert stands(run) == ("stored", "new", None, 1)


def test_the_category_that_a_post_names_is_recorded_as_found(run: Run):
    run.write(ARTICLE)
    row = link(run, made.CATEGORY.url)
    assert (row["kind"], row["state"], row["found_on"], row["title"], row["attempts"]) == (
        "category", "found", POST.url, "大江网新闻", 0,
    )  # fmt: skip


def test_a_listing_is_recorded_as_fetched_and_its_links_as_found(run: Run):
    assert run.write(made.listing(made.post_address())) == Recorded(
        address=made.HOME, outcome=None, fetch_outcome="read"
    )
    assert stands(run, made.HOME.url) == ("fetched", None, None, None)
    assert stands(run) == ("found", None, None, None)


@pytest.mark.parametrize(
    ("item", "outcome", "reason"),
    [
        (made.refused(), "refused", "no title"),
        (made.failed(), "failed", "timeout"),
        (made.gone(), "gone", "HTTP 404"),
        (made.unchanged(), "failed", "not modified, though nothing is stored"),
    ],
    ids=kind,
)
def test_a_request_without_a_post_is_recorded_with_its_reason(run: Run, item: Any, outcome: Any, reason: str):
    assert run.write(item) == archived(outcome, reason)
    assert stands(run) == (outcome, outcome, reason, None)


@pytest.mark.parametrize(
    ("item", "state", "noted", "reason"),
    [
        (made.refused(made.HOME), "refused", "refused", "no title"),
        (made.failed(made.HOME), "failed", "failed", "timeout"),
        (made.gone(made.HOME), "gone", "gone", "HTTP 404"),
        (made.unchanged(made.HOME), "fetched", "unchanged", None),
    ],
    ids=kind,
)
def test_a_listing_has_no_outcome(run: Run, item: Any, state: str, noted: Any, reason: str | None):
    assert run.write(item) == Recorded(address=made.HOME, outcome=None, fetch_outcome=noted, reason=reason)
    assert stands(run, made.HOME.url) == (state, None, reason, None)


def test_a_post_that_is_gone_is_marked_and_kept(run: Run):
    run.write(ARTICLE)
    assert run.write(made.gone(at=made.LATER)) == archived("gone", "HTTP 404")
    assert run.archive.post(made.ID)["gone_at"] == "2022-04-21T02:30:00+00:00"
    assert stands(run) == ("gone", "gone", "HTTP 404", 1)


def test_a_post_that_failed_once_is_not_gone(run: Run):
    run.write(ARTICLE)
    run.write(made.failed())
    assert run.archive.post(made.ID)["gone_at"] is None


def test_an_unchanged_page_counts_as_seen_again(run: Run):
    run.write(ARTICLE)
    run.write(made.gone())
    before = run.archive.post(made.ID)
    assert run.write(made.unchanged(at=made.LATER)) == archived("unchanged", article_id=1)
    assert run.archive.post(made.ID) == {**before, "last_seen_at": "2022-04-21T02:30:00+00:00", "gone_at": None}
    assert stands(run) == ("stored", "unchanged", None, 1)


def test_one_post_that_came_two_ways_is_one_article_with_two_addresses(run: Run):
    run.write(ARTICLE)
    assert run.write(made.shared()) == archived("unchanged", address=made.share_address(), article_id=1)
    assert stands(run, made.share_address().url) == ("stored", "unchanged", None, 1)
    assert stands(run) == ("stored", "new", None, 1)


@pytest.mark.parametrize(
    ("item", "rules"),
    [
        (ARTICLE, made.RULES),
        (made.refused(), made.RULES),
        (made.listing(), made.RULES),
        (made.gone(), None),
        (made.failed(), None),
        (made.unchanged(), None),
    ],
    ids=kind,
)
def test_a_served_page_is_recorded_with_the_rules_it_was_read_by(run: Run, item: Any, rules: str | None):
    end = run.write(item)
    assert link(run, end.address.url)["rules"] == rules


def test_the_rules_are_those_of_the_run_s_definition(path: Path, run: Run):
    run.write(ARTICLE)
    run.end()
    mended = replace(made.SITE, start=("/", "/mended/"))
    again = Run(path, mended)
    again.write(made.unchanged())
    assert link(again)["rules"] == made.RULES
    again.write(ARTICLE)
    assert link(again)["rules"] == rules_version(mended) != made.RULES
    again.end()


WITH_VALIDATORS = made.article(fetch=made.fetch(etag='"a"', last_modified="Wed"))


def validators(run: Run) -> tuple[Any, ...]:
    return link(run)["etag"], link(run)["last_modified"]


@pytest.mark.parametrize(
    "other",
    [
        made.shared(html="<p>分享正文，比页面更长一些，也说了别的。</p>"),
        made.article(fetch=made.fetch(found_on=None), via="expired", html="<p>过期正文。</p>"),
    ],
    ids=["share", "expired"],
)
def test_a_page_keeps_its_validators_if_its_post_was_revised_another_way(run: Run, other: Article):
    run.write(WITH_VALIDATORS)
    assert run.write(other).outcome == "changed"
    assert validators(run) == ('"a"', "Wed")
    assert run.write(WITH_VALIDATORS).outcome == "unchanged"
    assert validators(run) == ('"a"', "Wed")


def test_a_share_link_that_says_the_same_leaves_the_pages_validators(run: Run):
    run.write(WITH_VALIDATORS)
    assert run.write(made.shared()).outcome == "unchanged"
    assert validators(run) == ('"a"', "Wed")


def test_a_page_that_changed_has_its_new_validators(run: Run):
    run.write(WITH_VALIDATORS)
    run.write(made.article(title="改了", fetch=made.fetch(etag='"b"', last_modified="Thu")))
    assert validators(run) == ('"b"', "Thu")


# The same post by its id, at another address.
ELSEWHERE = replace(made.post_address(), url=f"https://finews.withounder.com/elsewhere/2022/04/20/{made.ID}.html")
RIVAL = made.article(fetch=made.fetch(ELSEWHERE), url=ELSEWHERE.url, title="另一篇", category=None)
TWO_OF_ONE_ID = "another address has a post of this id"


def test_another_post_with_the_same_id_is_refused_and_the_first_kept(run: Run):
    run.write(ARTICLE)
    before = run.archive.post(made.ID)
    assert run.write(RIVAL) == archived("refused", TWO_OF_ONE_ID, address=ELSEWHERE)
    assert stands(run, ELSEWHERE.url) == ("refused", "refused", TWO_OF_ONE_ID, None)
    assert stands(run) == ("stored", "new", None, 1)
    assert run.archive.post(made.ID) == before
    assert len(rows(run, "revisions")) == 1
    run.end()
    assert run.report is not None
    assert run.report["reasons"] == {f"refused: {TWO_OF_ONE_ID}": 1}


def test_a_post_that_moved_is_revised_once_the_former_address_is_gone(run: Run):
    run.write(ARTICLE)
    run.write(RIVAL)
    run.write(made.gone())
    assert run.write(RIVAL) == archived("changed", address=ELSEWHERE, article_id=1)
    row = run.archive.post(made.ID)
    assert (row["url"], row["title"], row["revision"], row["gone_at"]) == (ELSEWHERE.url, "另一篇", 2, None)
    assert run.write(ARTICLE) == archived("refused", TWO_OF_ONE_ID)


def test_the_same_words_at_another_address_are_the_same_post(run: Run):
    run.write(ARTICLE)
    copy = made.article(fetch=made.fetch(ELSEWHERE, fetched_at=made.LATER), url=ELSEWHERE.url)
    before = run.archive.post(made.ID)
    assert run.write(copy) == archived("unchanged", address=ELSEWHERE, article_id=1)
    assert run.archive.post(made.ID) == {**before, "last_seen_at": "2022-04-21T02:30:00+00:00"}


def test_a_run_gives_up_if_not_even_a_failure_can_be_written(run: Run):
    troubles: list[str] = []

    def give_up(error: BaseException) -> bool:
        troubles.append(str(error))
        return True

    step = StoreInArchive(Writer(run.recorder), give_up)
    run.archive.db.execute("PRAGMA query_only = 1")
    request = Request(POST.url, cb_kwargs={"target": Target(address=made.post_address())})
    failure = Failure(ZeroDivisionError("division by zero"))
    step.note_error(failure, Response(POST.url, request=request))
    assert troubles == ["attempt to write a readonly database"]
    run.archive.db.execute("PRAGMA query_only = 0")


def test_an_error_that_belongs_to_no_request_is_not_counted(run: Run, step: StoreInArchive):
    failure = Failure(ZeroDivisionError("division by zero"))
    step.note_error(failure, Response(POST.url))
    step.note_error(failure, Response(POST.url, request=Request(POST.url)))
    assert rows(run, "links") == []


def test_a_read_only_archive_is_reported_in_a_sentence_and_its_lock_released(
    path: Path, monkeypatch: pytest.MonkeyPatch
):
    Archive(path, create=True).close()
    before = path.read_bytes()
    # The tests' own user may write anywhere; SQLite itself is told that it may not.
    connect = sqlite3.connect
    read_only = f"{path.as_uri()}?mode=ro"
    monkeypatch.setattr(
        sqlite3,
        "connect",
        lambda file, **how: connect(file if "uri" in how else read_only, **{**how, "uri": True}),
    )
    with pytest.raises(ArchiveError) as refused:
        Run(path)
    assert type(refused.value) is ArchiveError
    assert refused.value.exit_code == 1
    assert str(refused.value) == (
        f"{path} cannot be written to (attempt to write a readonly database): a run needs to."
    )
    with run_lock(path):
        assert path.read_bytes() == before


def test_a_record_is_written_completely_or_not_at_all(run: Run):
    broken = made.article(mentions=(Mention(code="no code", name="茅台", count=1),))
    with pytest.raises(AssertionError):
        run.write(broken)
    for table in ("articles", "revisions", "categories", "tags", "article_tags", "securities", "mentions", "links"):
        assert rows(run, table) == []
    assert run.write(ARTICLE) == ARCHIVED


def test_a_run_ends_with_its_report(run: Run):
    run.write(made.listing(made.post_address(), made.post_address("NW1"), made.post_address("NW2")))
    run.write(ARTICLE)
    run.write(made.refused(made.post_address("NW1")))
    run.end("interrupted", Traffic(requests=4, not_modified=1, retries=2, bytes=1000))
    report = run.report
    assert report is not None
    assert report == {
        "run": 1,
        "site": "finews",
        "outcome": "interrupted",
        "started_at": report["started_at"],
        "finished_at": report["finished_at"],
        "seconds": report["seconds"],
        "requests": 4,
        "not_modified": 1,
        "retries": 2,
        "bytes": 1000,
        "listings": 1,
        "listings_failed": 0,
        "pending": 1,
        "scope": "usual",
        "posts": {"new": 1, "changed": 0, "unchanged": 0, "refused": 1, "failed": 0, "gone": 0},
        "reasons": {"refused: no title": 1},
        "listing_reasons": {},
        "elsewhere": {},
        "hosts": {},
    }
    assert report["started_at"] <= report["finished_at"]


def test_a_run_that_has_ended_releases_the_archive(path: Path, run: Run):
    run.end()
    with run_lock(path), Archive(path) as archive:
        assert list(runs.reports(archive.db)) == [run.report]
    assert not path.with_name("archive.db-wal").exists()


def test_a_second_run_is_refused_while_the_first_goes_on(path: Path, run: Run):
    with pytest.raises(ArchiveLocked, match=f"pid {os.getpid()}, started "):
        Run(path)
    assert [row["outcome"] for row in rows(run, "runs")] == ["running"]


def test_a_run_that_cannot_begin_releases_the_lock(path: Path):
    path.write_text("看看这个\n", encoding="utf-8")
    with pytest.raises(NotAnArchive):
        Run(path)
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    with run_lock(path):
        assert path.read_text(encoding="utf-8") == "看看这个\n"


def test_a_killed_run_is_recorded_as_interrupted_and_its_posts_are_fetched_by_the_next(path: Path):
    with Archive(path, create=True) as archive:
        runs.begin(archive.db, "finews", made.SEEN)
        listing = made.listing(made.post_address())
        with archive.db.atomic():
            links.record_links(archive.db, "finews", listing.links, by=listing.fetch, run_id=1)
    run = Run(path)
    frontier = Frontier(run.archive.db, "finews", 2, scope="usual")
    frontier.begin([], made.LATER)
    assert [known.url for known in frontier.take(10, made.LATER, host="finews.withounder.com")] == [POST.url]
    run.write(ARTICLE)
    run.end()
    with Archive(path) as archive:
        assert [(report["outcome"], report["pending"], report["posts"]["new"]) for report in archive.runs()] == [
            ("finished", 0, 1),
            ("interrupted", 1, 0),
        ]


# What is asked for next.


def state_of(run: Run, address: Address) -> str | None:
    """Return where an address stands; `None` when it was never met."""
    states = [row["state"] for row in rows(run, "links") if row["url"] == address.url]
    return states[0] if states else None


NEWEST = [made.post_address(f"NW{number}") for number in range(5)]
READ_CATEGORY = made.listing(made.post_address("NW9"), by=made.CATEGORY)


def test_a_home_page_that_has_changed_makes_the_feed_due(run: Run):
    run.write(made.listing(made.post_address()))
    assert state_of(run, made.FEED) == "found"


@pytest.mark.parametrize("item", [made.unchanged(made.HOME), made.listing(by=made.CATEGORY), ARTICLE], ids=kind)
def test_nothing_else_makes_the_feed_due(run: Run, item: Any):
    run.write(item)
    assert state_of(run, made.FEED) is None


def test_the_feed_is_due_once_per_run(run: Run):
    run.write(made.listing(by=made.FEED))
    run.write(made.listing(made.post_address()))
    assert state_of(run, made.FEED) == "fetched"


def test_a_new_category_is_read(run: Run):
    run.write(ARTICLE)
    assert state_of(run, made.CATEGORY) == "found"


def test_a_known_category_is_read_again_if_the_home_page_shows_only_unknown_posts_of_it(run: Run):
    run.write(READ_CATEGORY)
    run.write(made.listing(*NEWEST))
    assert state_of(run, made.CATEGORY) == "fetched"
    run.end("interrupted", Traffic())
    again = Run(run.archive.path)
    again.write(made.article("NW3"))
    assert state_of(again, made.CATEGORY) == "found"
    again.end()


@pytest.mark.parametrize(
    ("known", "shown"),
    [(made.unchanged(NEWEST[4]), NEWEST), (made.failed(NEWEST[4]), NEWEST), (None, NEWEST[:4])],
    ids=["one was known", "one had failed", "less than home shows"],
)
def test_a_known_category_is_not_read_again_if_the_home_page_shows_all_its_new_posts(
    path: Path, run: Run, known: Any, shown: list[Address]
):
    run.write(READ_CATEGORY)
    if known is not None:
        run.write(known)
    run.end()
    again = Run(path)
    again.write(made.listing(*shown))
    for address in shown:
        again.write(made.article(address.key))
    assert state_of(again, made.CATEGORY) == "fetched"
    again.end()


@pytest.mark.parametrize(("hours", "state"), [(7, "found"), (5, "fetched")])
def test_after_a_missed_run_a_category_is_read_again_for_any_unknown_post(
    path: Path, run: Run, hours: int, state: str
):
    run.write(READ_CATEGORY)
    run.write(made.listing(made.post_address("NW9")))
    run.end()
    again = Run(path)
    at = made.SEEN + timedelta(hours=hours)
    again.write(made.listing(made.post_address("NW9"), made.post_address("NW1"), at=at))
    again.write(made.article("NW1"))
    assert state_of(again, made.CATEGORY) == state
    again.end()


@pytest.mark.parametrize("item", [made.refused(made.HOME), made.failed(made.HOME), made.gone(made.HOME)], ids=kind)
def test_without_the_home_page_every_other_known_listing_is_read(run: Run, item: Any):
    run.write(READ_CATEGORY)
    run.write(made.listing(made.post_address()))
    run.write(made.listing(by=made.FEED))
    run.end()
    again = Run(run.archive.path)
    again.write(item)
    assert [state_of(again, address) for address in (made.CATEGORY, made.FEED)] == ["found", "found"]
    again.end()


@pytest.mark.parametrize(
    "item", [made.refused(made.CATEGORY), made.failed(made.CATEGORY), made.gone(made.CATEGORY)], ids=kind
)
def test_without_another_listing_none_is_read_instead(run: Run, item: Any):
    run.write(item)
    assert [row["url"] for row in rows(run, "links")] == [made.CATEGORY.url]


def test_a_wrong_page_at_a_listing_s_address_keeps_the_validators_of_the_right_one(run: Run):
    def served(etag: str) -> Any:
        return made.fetch(made.HOME, etag=etag, last_modified="Wed")

    run.write(replace(made.refused(made.HOME), fetch=served('"wrong"')))
    assert (link(run, made.HOME.url)["etag"], link(run, made.HOME.url)["last_modified"]) == (None, None)
    run.write(replace(made.listing(made.post_address()), fetch=served('"right"')))
    run.write(replace(made.refused(made.HOME), fetch=served('"wrong"')))
    assert link(run, made.HOME.url)["etag"] == '"right"'


def test_a_refused_post_keeps_the_validators_it_is_refused_by(run: Run):
    run.write(replace(made.refused(), fetch=made.fetch(etag='"a"', last_modified="Wed")))
    assert validators(run) == ('"a"', "Wed")


def test_a_refused_page_that_has_not_changed_is_refused_again(run: Run):
    run.write(made.refused(reason="no date", rule="layouts[page].date"))
    assert run.write(made.unchanged(at=made.LATER)) == archived("refused", "no date")
    assert stands(run) == ("refused", "refused", "no date", None)
    (fetched, again) = rows(run, "fetches")
    assert (fetched["rule"], again["rule"], again["status"]) == ("layouts[page].date", "layouts[page].date", 304)


def test_a_category_page_without_posts_is_read_and_the_reason_kept(run: Run):
    for item, noted in ((made.listing(by=made.CATEGORY), "read"), (made.unchanged(made.CATEGORY), "unchanged")):
        assert run.write(item) == Recorded(
            address=made.CATEGORY, outcome=None, fetch_outcome=noted, reason="names no post"
        )
        assert stands(run, made.CATEGORY.url) == ("fetched", None, "names no post", None)
    run.write(READ_CATEGORY)
    assert stands(run, made.CATEGORY.url) == ("fetched", None, None, None)


def test_a_category_page_may_name_no_post_although_its_posts_exist(run: Run):
    run.write(ARTICLE)
    run.write(replace(READ_CATEGORY, fetch=made.fetch(made.CATEGORY, etag='"full"')))
    empty = made.listing(by=made.CATEGORY, at=made.LATER)
    run.write(replace(empty, fetch=replace(empty.fetch, etag='"empty"')))
    row = link(run, made.CATEGORY.url)
    assert (row["state"], row["reason"], row["etag"]) == ("fetched", "names no post", '"empty"')


def test_a_wrong_page_at_a_category_s_address_leaves_no_validators(run: Run):
    run.write(replace(READ_CATEGORY, fetch=made.fetch(made.CATEGORY, etag='"right"')))
    wrong = made.fetch(made.CATEGORY, etag='"wrong"', fetched_at=made.LATER)
    run.write(Missed(fetch=wrong, state="failed", reason="names no post"))
    row = link(run, made.CATEGORY.url)
    assert (row["state"], row["reason"], row["etag"]) == ("failed", "names no post", '"right"')
    run.write(made.unchanged(made.CATEGORY))
    assert stands(run, made.CATEGORY.url) == ("fetched", None, None, None)


# Export.


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made_for_it = tmp_path / "_posts"
    made_for_it.mkdir()
    return made_for_it


@pytest.fixture
def exporting(path: Path, folder: Path) -> Iterator[Run]:
    opened = Run(path, folder=folder)
    yield opened
    opened.end()


def written(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {file.name: (file.stat().st_mtime_ns, file.read_bytes()) for file in folder.iterdir()}


@pytest.mark.parametrize("item", ENDS, ids=kind)
def test_no_file_is_written_for_a_post_that_was_not_stored(exporting: Run, folder: Path, item: Any):
    exporting.write(item)
    assert written(folder) == {}


def test_a_file_is_written_for_a_stored_post(exporting: Run, folder: Path):
    assert exporting.write(ARTICLE) == ARCHIVED
    assert [file.name for file in folder.iterdir()] == [FILE]
    assert (folder / FILE).read_text(encoding="utf-8") == (
        """\
---
layout: post
title: 江西出台5G行动计划
date: 2022-04-20 16:44:59 +0800
categories:
  - dajiangwang
tags:
  - 大江网新闻
  - 5G
id: NW202204202350104915
source: 大江网
url: https://finews.withounder.com/dajiangwang/2022/04/20/NW202204202350104915.html
share_url: http://finews.zning.xyz/html_News/NewsShare.html?infoCode=NW202204202350104915
securities:
  - code: '1.600519'
    name: 贵州茅台
    count: 2
  - code: '116.00700'
    name: 腾讯控股
    count: 1
revision: 1
---

江西将实现5G+VR融合。

贵州茅台上涨。
"""
    )


@pytest.mark.parametrize("again", [ARTICLE, made.unchanged(at=made.LATER)], ids=kind)
def test_seeing_a_post_again_leaves_its_file_s_bytes_and_time_alone(exporting: Run, folder: Path, again: Any):
    exporting.write(ARTICLE)
    os.utime(folder / FILE, (LONG_AGO, LONG_AGO))
    before = written(folder)
    assert exporting.write(again).outcome == "unchanged"
    assert written(folder) == before


@pytest.mark.parametrize("again", [ARTICLE, made.unchanged(at=made.LATER)], ids=kind)
@pytest.mark.parametrize("harm", [Path.unlink, lambda file: file.write_text("别的")], ids=["deleted", "altered"])
def test_a_file_with_other_bytes_is_written_again(exporting: Run, folder: Path, again: Any, harm: Any):
    exporting.write(ARTICLE)
    whole = (folder / FILE).read_bytes()
    harm(folder / FILE)
    exporting.write(again)
    assert {name: content for name, (_, content) in written(folder).items()} == {FILE: whole}


def test_the_file_of_a_changed_post_is_rewritten(exporting: Run, folder: Path):
    exporting.write(ARTICLE)
    exporting.write(made.article(title='改了: "新"', html="<p>改了。</p>"))
    assert [file.name for file in folder.iterdir()] == [FILE]
    assert (folder / FILE).read_text(encoding="utf-8") == render_post(exporting.archive.post(made.ID))
    assert "revision: 2\n---\n\n改了。\n" in (folder / FILE).read_text(encoding="utf-8")


def test_a_post_whose_day_changes_moves_its_file(exporting: Run, folder: Path):
    exporting.write(ARTICLE)
    exporting.write(made.article("NW1"))
    end = exporting.write(made.article(published_at=made.PUBLISHED + timedelta(days=1)))
    assert end == archived("changed", article_id=1)
    assert sorted(file.name for file in folder.iterdir()) == ["2022-04-20-NW1.md", f"2022-04-21-{made.ID}.md"]


@pytest.mark.parametrize("moves", [[1], [1, 2], [1, 0, 1]], ids=["once", "twice", "to and fro"])
@pytest.mark.parametrize("by", ["page", "304"])
def test_files_of_former_days_left_by_a_crash_or_a_run_without_files_are_removed_with_the_next_visit(
    exporting: Run, folder: Path, moves: list[int], by: str
):
    moved = [made.article(published_at=made.PUBLISHED + timedelta(days=days)) for days in moves]
    exporting.write(ARTICLE)
    (folder / f"2022-04-22-{made.ID}.md").write_text("was left", encoding="utf-8")
    (folder / f"2022-04-23-{made.ID}.md").write_text("我的", encoding="utf-8")
    without_files = Recorder(exporting.archive, made.SITE, exporting.recorder.run_id, None)
    for article in moved:
        without_files.write([made.prepared(article)])
    end = exporting.write(moved[-1] if by == "page" else made.unchanged())
    assert end.outcome == "unchanged"
    former = {f"2022-04-{20 + days}-{made.ID}.md" for days in [0, *moves]}
    now = f"2022-04-{20 + moves[-1]}-{made.ID}.md"
    others = {f"2022-04-22-{made.ID}.md", f"2022-04-23-{made.ID}.md"} - former
    assert {file.name for file in folder.iterdir()} == {now, *others}
    assert (folder / now).read_text(encoding="utf-8") == render_post(exporting.archive.post(made.ID))


def test_a_post_that_returns_to_its_first_day_returns_to_its_first_file(exporting: Run, folder: Path):
    for days in (0, 1, 0):
        exporting.write(made.article(published_at=made.PUBLISHED + timedelta(days=days)))
    assert [file.name for file in folder.iterdir()] == [FILE]
    assert "revision: 3\n" in (folder / FILE).read_text(encoding="utf-8")


def of_minima(**changes: Any) -> Article:
    """Make a post of another site with the id of ours."""
    address = Address(url=f"https://blog.example/2022/04/20/{made.ID}.html", kind="post", key=made.ID)
    return made.article(fetch=made.fetch(address), site="minima", url=address.url, category=None, **changes)


def test_a_post_never_overwrites_the_file_of_another_site_s_post_with_the_same_id_and_day(
    exporting: Run, folder: Path
):
    exporting.write(ARTICLE)
    before = written(folder)
    assert exporting.recorder.trouble is None
    end = exporting.write(of_minima(title="另一篇"))
    assert (end.outcome, end.article_id) == ("new", 2)
    assert written(folder) == before
    assert exporting.recorder.trouble == (
        f"{folder / FILE} is a post of the site finews: give minima a folder of its own with --posts"
    )


def test_a_post_keeps_its_file_if_another_site_has_one_of_the_same_name(exporting: Run, folder: Path):
    exporting.write(ARTICLE)
    exporting.write(of_minima(title="另一篇"))
    exporting.write(made.article(title="改了"))
    assert "title: 改了\n" in (folder / FILE).read_text(encoding="utf-8")


def test_a_file_that_is_not_text_belongs_to_no_other_site(exporting: Run, folder: Path):
    exporting.write(ARTICLE)
    (folder / FILE).write_bytes("题".encode("gbk"))
    assert exporting.write(of_minima(title="另一篇")).outcome == "new"
    assert "title: 另一篇\n" in (folder / FILE).read_text(encoding="utf-8")


def test_a_post_that_moves_leaves_a_file_that_now_belongs_to_another_site(exporting: Run, folder: Path):
    exporting.write(ARTICLE)
    exporting.write(made.article(published_at=made.PUBLISHED + timedelta(days=1)))
    exporting.write(of_minima(title="另一篇"))
    exporting.write(made.unchanged())
    assert "title: 另一篇\n" in (folder / FILE).read_text(encoding="utf-8")
    assert exporting.recorder.trouble is None


def test_posts_with_one_id_on_two_days_have_two_files_whatever_their_sites(exporting: Run, folder: Path):
    exporting.write(ARTICLE)
    exporting.write(of_minima(published_at=made.PUBLISHED + timedelta(days=1)))
    assert sorted(file.name for file in folder.iterdir()) == [FILE, f"2022-04-21-{made.ID}.md"]
    assert exporting.recorder.trouble is None


def test_a_rival_that_is_refused_leaves_the_file_alone(exporting: Run, folder: Path):
    exporting.write(ARTICLE)
    before = written(folder)
    exporting.write(RIVAL)
    assert written(folder) == before


def test_a_post_whose_hour_changes_keeps_its_file(exporting: Run, folder: Path):
    exporting.write(ARTICLE)
    exporting.write(made.article(published_at=made.PUBLISHED + timedelta(hours=1)))
    assert [file.name for file in folder.iterdir()] == [FILE]
    assert "date: 2022-04-20 17:44:59 +0800\n" in (folder / FILE).read_text(encoding="utf-8")


def test_a_file_that_was_missing_before_its_post_moved_is_no_problem(exporting: Run, folder: Path):
    exporting.write(ARTICLE)
    (folder / FILE).unlink()
    exporting.write(made.article(published_at=made.PUBLISHED + timedelta(days=1)))
    assert [file.name for file in folder.iterdir()] == [f"2022-04-21-{made.ID}.md"]


def test_the_file_of_a_post_that_is_gone_stays(exporting: Run, folder: Path):
    exporting.write(ARTICLE)
    before = written(folder)
    exporting.write(made.gone())
    assert written(folder) == before


def test_a_post_passes_all_steps_and_becomes_a_file(exporting: Run, folder: Path):
    assert exporting.write(Validate().process_item(Normalise(made.SITE).process_item(POST))) == ARCHIVED
    assert (folder / FILE).read_text(encoding="utf-8") == render_post(exporting.archive.post(made.ID))


@pytest.mark.parametrize("item", ENDS, ids=kind)
def test_every_record_passes_all_steps_and_is_archived(step: StoreInArchive, item: Any):
    handed_on = Validate().process_item(Normalise(made.SITE).process_item(item))
    assert isinstance(asyncio.run(step.process_item(handed_on)), Recorded)
