"""What every answer has, whoever asks for whatever: the policy, no cookie, no traceback, no way to write."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

import browsing
import made
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.items import Category, Mention
from crawler.web.pages import front

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from browsing import Answer, Browser

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
HOSTILE = '"><script src=https://evil.example/x.js></script><img src=https://evil.example/x.png onerror=alert(1)>'
KNOWN = [
    "/", "/search", "/search.json", "/search.atom", "/post/NW1", "/post/NW1.md", "/post/NW1/changes", "/outlets",
    "/days", "/runs", "/why", "/coverage", "/latest.atom", "/api", "/api/posts", "/api/search",
    "/api/securities/600519",
    "/security/600519", "/day/2022-04", "/story/NW1", "/category/x", "/outlet/x", "/static/style.css",
    "/static/../app.py",
    "/en/", "/zh/search",
]  # fmt: skip
NAMES = [
    "q", "since", "until", "source", "category", "stock", "as_of", "sort", "collapse", "page", "before", "after",
    "view", "revision", "address", "limit", "offset", "cursor", "day",
]  # fmt: skip
VALUES = ["2022-04", "0000", "9999-12-31", "-1", "1e9", "9" * 30, "0.0", "-9999999999999.9", "%", "'", '"', "\0"]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    path = tmp_path_factory.mktemp("safety") / "archive.db"
    hostile = made.article(
        "NW<1>\"'",
        title=HOSTILE,
        html=f"<p>{HOSTILE}</p><iframe src=https://evil.example></iframe><p>江西</p>",
        source=HOSTILE,
        category=Category(slug="hostile", name=HOSTILE, url="https://evil.example/"),
        tags=(HOSTILE,),
        mentions=(Mention(code="1.600519", name=HOSTILE, count=1),),
    )
    browsing.fill(path, made.article("NW1"), hostile)
    with browsing.browsing(path) as opened:
        yield opened


def assert_safe(answer: Answer) -> None:
    """See that an answer has what every answer has."""
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in answer.headers
    assert b"Traceback" not in answer.body


@pytest.mark.parametrize("target", [*KNOWN, "/nowhere", "/post/NW404", "/search?q=5G&since=x"])
def test_every_answer_lets_a_page_run_and_load_nothing(browser: Browser, target: str) -> None:
    assert_safe(browser.get(target))
    assert_safe(browser.get(target, method="HEAD"))


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", ""]
)
def test_nothing_but_reading_is_answered(browser: Browser, method: str) -> None:
    for target in ("/", "/post/NW1", "/api/posts", "/static/style.css", "/nowhere"):
        refused = browser.get(target, method=method)
        assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD")
        assert_safe(refused)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "", None, "localhost\t"]
)
def test_another_name_that_leads_here_is_not_answered(browser: Browser, host: str | None) -> None:
    refused = browser.get("/", host=host)
    assert refused.status == 400
    assert "江西" not in refused.text
    assert_safe(refused)


def test_the_public_address_is_a_name_of_the_server_and_stands_in_pages(tmp_path: Path) -> None:
    browsing.fill(tmp_path / "archive.db", made.article())
    with browsing.browsing(
        tmp_path / "archive.db", public_url="https://news.example/", names=["news.example"]
    ) as browser:
        post = browser.get(f"/post/{made.ID}", host="news.example")
        canonical = post.page.css_first("link[rel=canonical]").attributes["href"]
        assert (post.status, canonical) == (200, f"https://news.example/post/{made.ID}")


_TARGETS = st.one_of(
    st.sampled_from(KNOWN),
    st.text().map(lambda name: "/post/" + quote(name, safe="", errors="replace")),
    st.text().map(lambda name: "/outlet/" + quote(name, safe="/", errors="replace") + ".json"),
    st.text().map(lambda name: "/day/" + quote(name, safe="", errors="replace")),
    st.text().map(lambda name: "/security/" + quote(name, safe="", errors="replace")),
    st.text(alphabet=st.characters(min_codepoint=0x21, max_codepoint=0x7E)).map(
        lambda path: "/" + path.replace("?", "")
    ),
)
_QUERIES = st.lists(st.tuples(st.sampled_from(NAMES), st.one_of(st.text(), st.sampled_from(VALUES))), max_size=4).map(
    lambda pairs: "&".join(f"{name}={quote(value, safe='', errors='replace')}" for name, value in pairs)
)
_RAW = st.text(alphabet=st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=40)


@given(
    _TARGETS,
    st.one_of(_QUERIES, _RAW),
    st.sampled_from(["GET", "HEAD"]),
    st.text(alphabet=st.characters(max_codepoint=255)),
)
def test_whatever_is_asked_is_answered_or_refused(
    browser: Browser, path: str, query: str, method: str, accepted: str
) -> None:
    answer = browser.get(f"{path}?{query}", method=method, accept_language=accepted)
    assert answer.status in {200, 400, 404, 503}
    assert_safe(answer)


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/post/" + quote("NW<1>\"'", safe=""),
        "/search?q=" + quote(HOSTILE),
        "/search?q=5G&source=" + quote(HOSTILE),
        "/outlet/" + quote(HOSTILE, safe=""),
        "/category/hostile",
        "/security/600519",
        "/outlets",
        "/categories",
        "/securities",
        "/why?address=" + quote(HOSTILE),
        "/post/" + quote(HOSTILE, safe=""),
        "/coverage?since=2022",
        quote(f"/{HOSTILE}"),
    ],
)
def test_what_strangers_wrote_stands_on_a_page_as_text(browser: Browser, target: str) -> None:
    page = browser.get(target).page
    assert [node.attributes["src"].partition("?")[0] for node in page.css("script")] == ["/static/keys.js"]
    assert page.css("img, iframe, object, embed, style, base, form[method]") == []
    assert [
        name for node in page.css("*") for name in node.attributes if name.startswith("on") or name == "style"
    ] == []


def test_a_question_that_takes_too_long_is_answered_with_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    monkeypatch.setattr(front, "names", lambda asked: asked.archive.db.execute(endless).fetchone())
    browsing.fill(tmp_path / "archive.db", made.article())
    with browsing.browsing(tmp_path / "archive.db", seconds=0.05) as slow:
        late = slow.get("/en/outlets")
        assert (late.status, late.headers["retry-after"]) == (503, "5")
        assert "took too long" in late.text
        assert_safe(late)
        assert slow.get("/").status == 200


def test_errors_are_json_where_json_was_asked_for(browser: Browser) -> None:
    assert json.loads(browser.get("/api/posts/NW404").text) == {"error": "The archive has nothing under this name."}
    assert json.loads(browser.get("/search.json?q=5G&since=x").text)["error"].startswith("'x' is not a time")
