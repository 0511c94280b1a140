"""The parts of pages: addresses, languages, times, bodies, two versions as one, what is remembered."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import browsing
import made
import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from crawler.archive.browsing import BrowsableArchive
from crawler.web.addresses import Place, decoded, path_to, security_name, split_language
from crawler.web.readers import Memory
from crawler.web.safety import is_own
from crawler.web.showing.bodies import body_of
from crawler.web.showing.language import preferred
from crawler.web.showing.moments import Moments
from crawler.web.showing.rendering import marked
from crawler.web.showing.versions import as_one

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2022, 4, 21, 1, 0, tzinfo=UTC)


def english(singular: str, plural: str, number: int) -> str:
    return (singular if number == 1 else plural) % {"num": number}


@given(st.text())
def test_a_name_comes_back_out_of_an_address_as_one_part_and_in_no_other_form(name: str) -> None:
    path = path_to("outlet", name)
    _, part, encoded = path.split("/")
    assert part == "outlet"
    assert decoded(encoded) == name.encode("utf-8", "replace").decode()
    assert not re.search(r"\.(json|atom|md|txt)$", path)
    assert path.isascii()


@pytest.mark.parametrize(
    ("path", "language", "rest"),
    [
        ("/en/post/1", "en", "/post/1"),
        ("/zh", "zh", "/"),
        ("/zh/", "zh", "/"),
        ("/english", "", "/english"),
        ("/", "", "/"),
        ("/post/en", "", "/post/en"),
    ],
)
def test_a_path_may_begin_with_a_language(path: str, language: str, rest: str) -> None:
    assert split_language(path) == (language, rest)


def test_links_keep_the_language_and_the_query_and_canonical_addresses_have_none() -> None:
    place = Place("/search", {"q": "江西", "page": "2"}, "en", "https://news.example")
    assert place.to("post", "a/b") == "/en/post/a%2Fb"
    assert place.here(page=None) == "/en/search?q=%E6%B1%9F%E8%A5%BF"
    assert place.in_language("zh") == "/zh/search?q=%E6%B1%9F%E8%A5%BF&page=2"
    assert place.whole(place.to("post", "1")) == "https://news.example/post/1"


@pytest.mark.parametrize(
    ("symbol", "market", "name"),
    [("600160", "SH", "600160.SH"), ("00700", "HK", "00700.HK"), ("BABA", "155", "1.code"), ("A-B", "US", "1.code")],
)
def test_a_security_is_called_as_people_write_it_where_that_is_understood(
    symbol: str, market: str, name: str
) -> None:
    assert security_name(symbol, market, "1.code") == name


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB", "en"),
        ("fr, en;q=0.5, zh;q=0.6", "zh"),
        ("de", "zh"),
        ("", "zh"),
        ("zh;q=0, en;q=0.1", "en"),
        ("EN", "en"),
        ("en;q=x, zh;q=2", "zh"),
        (",;=q,,*", "zh"),
    ],
)
def test_the_language_is_the_one_the_browser_likes_best(accepted: str, language: str) -> None:
    assert preferred(accepted) == language


@given(st.text())
def test_whatever_a_browser_accepts_it_gets_a_language(accepted: str) -> None:
    assert preferred(accepted) in {"zh", "en"}


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1:8080", True),
        ("localhost", True),
        ("LOCALHOST.:80", True),
        ("[::1]:8080", True),
        ("192.168.1.7:8080", True),
        ("news.example", True),
        ("news.example:443", True),
        ("evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("evil.example@localhost", False),
        ("", False),
        ("a b", False),
        ("localhost:80:80", False),
    ],
)
def test_a_server_answers_to_its_own_names_and_to_addresses(host: str, own: bool) -> None:
    assert is_own(host, {"localhost", "news.example"}) is own


def test_times_are_written_as_people_write_them() -> None:
    chinese = Moments("zh", NOW, made.BEIJING, english)
    in_english = Moments("en", NOW, made.BEIJING, english)
    written = "2022-04-20T16:44:59+08:00"
    exact = 'datetime="2022-04-20T16:44:59+08:00" title="2022-04-20 16:44:59 +0800"'
    assert chinese.day("2022-04-20") == "4月20日 星期三"
    assert in_english.day("2022-04-20") == "Wednesday 20 April"
    assert (chinese.day("2021-04-20"), in_english.day("2021-04-20")) == (
        "2021年4月20日 星期二",
        "Tuesday 20 April 2021",
    )
    assert [chinese.day("2022-04"), in_english.day("2022-04"), chinese.day("2022")] == [
        "2022年4月",
        "April 2022",
        "2022年",
    ]
    assert chinese.clock(written) == f"<time {exact}>16:44</time>"
    assert in_english.moment(written) == f"<time {exact}>20 April, 16:44</time>"
    assert chinese.exact("2022-04-20T08:44:59+00:00").endswith(">2022-04-20 16:44:59</time>")


@pytest.mark.parametrize(
    ("passed", "shown"),
    [
        (timedelta(seconds=5), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(hours=1, minutes=50), "1 hour ago"),
        (timedelta(hours=24), "20 April, 09:00"),
        (timedelta(hours=-1), "21 April, 10:00"),
    ],
)
def test_what_was_lately_is_said_to_be_so_long_ago(passed: timedelta, shown: str) -> None:
    moments = Moments("en", NOW, made.BEIJING, english)
    assert f">{shown}</time>" in moments.ago((NOW - passed).isoformat())


@given(st.datetimes(), st.integers(-23, 23))
def test_any_moment_can_be_written(point: datetime, hours: int) -> None:
    written = point.replace(tzinfo=timezone(timedelta(hours=hours))).isoformat()
    for language in ("zh", "en"):
        moments = Moments(language, NOW, made.BEIJING, english)
        assert "<time" in moments.moment(written)
        assert "<time" in moments.clock(written)
        assert "<time" in moments.exact(written)
        assert "<time" in moments.ago(written)


def test_a_body_has_headings_in_order_links_for_pictures_and_room_for_tables() -> None:
    body = body_of(
        "#### 深\n\n一![图](https://e.example/1.png)二[![标](https://e.example/2.png)](https://e.example/)\n\n"
        "# 浅\n\n"
        "| 甲 |\n| - |\n| 1 |\n\n[](https://e.example/empty)",
        "图片",
    )
    found = LexborHTMLParser(body)
    assert [node.tag for node in found.css("h1, h2, h3, h4")] == ["h2", "h2"]
    assert found.css("img") == []
    rel = 'rel="noopener noreferrer nofollow"'
    assert f'一<a href="https://e.example/1.png" class="picture" {rel}>[图片] 图</a>二' in body
    assert f'<a href="https://e.example/" {rel}>[图片] 标</a>' in body
    assert "https://e.example/empty</a>" in body
    assert '<div class="wide" tabindex="0">' in body


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](data:text/html,<script>1</script>)",
    "![x](javascript:alert(1))",
    '<a href="https://e.example" onclick="alert(1)">x</a>',
    "<svg><script>1</script></svg>",
    "<iframe src=//e.example></iframe>",
    '[x](https://e.example "a\\" onmouseover=\\"alert(1)")',
    "[x]: javascript:alert(1)\n\n[x]",
    '<https://e.example/"onload=1>',
    "<style>*{background:url(//e.example)}</style>",
    "<form action=//e.example><input name=q></form>",
    "<meta http-equiv=refresh content=0;url=//e.example>",
    "<base href=//e.example>",
]
HARMLESS = set(
    "html head body p br hr h2 h3 h4 h5 h6 strong em s del sup sub blockquote ul ol li a pre code"
    " table thead tbody tr th td section div span".split()
)


@given(st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20)), max_size=6).map("\n\n".join))
def test_no_body_runs_or_loads_anything(markdown: str) -> None:
    found = LexborHTMLParser(body_of(markdown, "图片"))
    for node in found.css("*"):
        assert node.tag in HARMLESS
        assert set(node.attributes) <= {"href", "title", "class", "id", "start", "tabindex", "rel"}
        assert not re.match(r"(?i)\s*(javascript|data|vbscript):", node.attributes.get("href") or "")


def test_a_body_beyond_measure_is_shown_as_it_is_written() -> None:
    assert body_of("<b>" + "长" * 200_000 + "\n\n二", "图片") == "<p>&lt;b&gt;" + "长" * 200_000 + "</p>\n<p>二</p>"


def test_highlights_are_marked_and_all_else_is_escaped() -> None:
    assert marked("<江西>5G&", [(1, 3), (4, 6)]) == "&lt;<mark>江西</mark>&gt;<mark>5G</mark>&amp;"


def test_two_versions_are_one_text_with_what_changed() -> None:
    assert as_one("一。二。\n三。", "一。两。\n三。四。") == [
        [("", "一。"), ("removed", "二。"), ("added", "两。")],
        [("", "三。"), ("added", "四。")],
    ]


@given(st.text(alphabet="一二。\n"), st.text(alphabet="一二。\n"))
def test_both_texts_can_be_read_from_the_one(before: str, after: str) -> None:
    lines = as_one(before, after)
    for text, other in ((before, "added"), (after, "removed")):
        kept = "".join(words for line in lines for kind, words in line if kind != other)
        assert kept == "".join(text.split())


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[BrowsableArchive]:
    browsing.fill(tmp_path / "archive.db", made.article())
    with BrowsableArchive(tmp_path / "archive.db") as opened:
        yield opened


def test_a_result_is_remembered_until_the_archive_changes_and_two_seconds_more(archive: BrowsableArchive) -> None:
    now, found = [0.0], iter(range(9))
    memory = Memory(clock=lambda: now[0])

    def recalled() -> int:
        return memory.recall("key", archive, lambda: next(found))

    assert (recalled(), recalled()) == (0, 0)
    now[0] = 100.0
    assert recalled() == 0
    browsing.fill(archive.path, made.article("NW2", title="另一条", html="<p>另一条消息。</p>"))
    assert recalled() == 1
    browsing.fill(archive.path, made.article("NW3", title="第三条", html="<p>第三条消息。</p>"))
    now[0] = 101.9
    assert recalled() == 1
    now[0] = 102.0
    assert recalled() == 2


def test_of_those_who_ask_at_once_one_finds_the_result(archive: BrowsableArchive) -> None:
    memory, begun, waits = Memory(), threading.Event(), threading.Event()
    found: list[int] = []

    def find() -> int:
        begun.set()
        waits.wait(10)
        found.append(1)
        return len(found)

    def ask() -> None:
        with BrowsableArchive(archive.path) as own:
            results.append(memory.recall("key", own, find))

    results: list[int] = []
    threads = [threading.Thread(target=ask) for _ in range(3)]
    threads[0].start()
    assert begun.wait(10)
    for thread in threads[1:]:
        thread.start()
    waits.set()
    for thread in threads:
        thread.join(10)
    assert len(results) == 3
    assert results[0] == 1


def test_what_was_asked_long_ago_is_forgotten_first(archive: BrowsableArchive) -> None:
    memory = Memory()
    for number in range(600):
        assert memory.recall(number, archive, lambda number=number: number) == number
    assert memory.recall(599, archive, lambda: -1) == 599
    assert memory.recall(0, archive, lambda: -1) == -1
