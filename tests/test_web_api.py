"""The API: every answer has the shape that the OpenAPI document describes."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import browsing
import made
import pytest
from jsonschema import Draft202012Validator

from crawler.web.api.answers import ANSWERS
from crawler.web.api.document import document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from browsing import Browser

DOCUMENT = document()
ASKED = [
    "/api/posts",
    "/api/posts?limit=1",
    "/api/posts?source=%E5%A4%A7%E6%B1%9F%E7%BD%91",
    "/api/posts?category=dajiangwang&day=2022-04-20",
    "/api/posts?stock=600519",
    f"/api/posts/{made.ID}",
    f"/api/posts/{made.ID}?revision=1",
    f"/api/posts/{made.ID}/revisions",
    "/api/search?q=%E6%B1%9F%E8%A5%BF",
    "/api/search?q=%E6%B1%9F%E8%A5%BF&collapse=1&as_of=2023",
    "/api/search",
    "/api/securities/600519",
    "/api/outlets",
    "/api/authors",
    "/api/posts?author=Ann%20Moss",
    "/api/search?q=%E6%B1%9F%E8%A5%BF&author=Ann%20Moss",
    "/api/categories?since=2022",
    "/api/securities",
    "/api/days",
    "/api/runs",
    "/api/runs?limit=1",
    "/api/alarms",
    f"/api/why?address={made.ID}",
    "/api/why",
    "/api/coverage?since=2022",
    "/api/stats",
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    path = tmp_path_factory.mktemp("api") / "archive.db"
    story = "<p>" + "江西省工信厅印发行动计划，到二〇二三年建成五G基站十万个，覆盖全部县城。" * 4 + "</p>"
    browsing.fill(
        path,
        made.article(authors=("Ann Moss",), image="https://finews.withounder.com/a.jpg"),
        made.article(html="<p>江西将实现5G+VR融合120项。</p>", seen_at=made.LATER),
        *(
            made.article(f"NW{number}", html=story, published_at=made.PUBLISHED - timedelta(hours=number))
            for number in (2, 3)
        ),
    )
    browsing.fill(path)
    with browsing.browsing(path) as opened:
        yield opened


def path_of(target: str) -> str:
    """Return the path of the document that describes an address."""
    parts = target.partition("?")[0].split("/")
    candidates = [path for path in ANSWERS if len(path.split("/")) == len(parts)]
    return next(
        path for path in sorted(candidates, key=lambda path: "{" in path)
        if all(one in {other, "{name}"} for one, other in zip(path.split("/"), parts, strict=True))
    )  # fmt: skip


def validator(path: str, status: int) -> Draft202012Validator:
    """Return what holds an answer against its description."""
    response = DOCUMENT["paths"][path]["get"]["responses"][str(status)]
    return Draft202012Validator(
        {**response["content"]["application/json"]["schema"], "components": DOCUMENT["components"]}
    )


def closed(schema: Any) -> Any:
    """Return a schema whose objects hold nothing but what it names."""
    if isinstance(schema, dict):
        only = {"additionalProperties": False} if "properties" in schema else {}
        return {**{key: closed(value) for key, value in schema.items()}, **only}
    return [closed(each) for each in schema] if isinstance(schema, list) else schema


@pytest.mark.parametrize("target", ASKED)
def test_an_answer_is_what_the_document_says_and_nothing_more(browser: Browser, target: str) -> None:
    answer = browser.get(target)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    schema = validator(path_of(target), 200).schema
    Draft202012Validator(closed(schema)).validate(json.loads(answer.text))


def test_every_address_of_the_document_is_asked() -> None:
    assert {path_of(target) for target in ASKED} == set(DOCUMENT["paths"])


def test_the_document_is_what_is_served(browser: Browser) -> None:
    assert json.loads(browser.get("/api/openapi.json").text) == json.loads(browser.get("/api").text) == DOCUMENT
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/api/posts/NW404", 404),
        ("/api/securities/NOPE", 404),
        ("/api/posts?stock=NOPE", 404),
        ("/api/posts?day=x", 400),
    ],
)
def test_errors_have_the_shape_of_errors(browser: Browser, target: str, status: int) -> None:
    answer = browser.get(target)
    assert answer.status == status
    validator(path_of(target), status).validate(json.loads(answer.text))


def test_pages_of_posts_and_runs_follow_each_other_by_their_cursors(browser: Browser) -> None:
    seen, cursor = list[str](), ""
    while cursor is not None:
        page = json.loads(browser.get(f"/api/posts?limit=1&cursor={cursor}").text)
        seen += [post["id"] for post in page["posts"]]
        cursor = page["next"]
    assert seen == [made.ID, "NW2", "NW3"]
    first = json.loads(browser.get("/api/runs?limit=1").text)
    assert (first["runs"][0]["run"], first["next"]) == (2, "2")
    last = json.loads(browser.get("/api/runs?limit=1&cursor=2").text)
    assert (last["runs"][0]["run"], last["next"]) == (1, None)


def test_where_the_archive_is_on_the_server_is_told_to_nobody(browser: Browser) -> None:
    for target in ("/api/stats", "/api/coverage"):
        assert json.loads(browser.get(target).text)["archive"] == "archive.db"
