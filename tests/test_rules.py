"""Rules of a definition: what each step finds on a page, and which combinations are refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from test_definition_files import GARDEN, loaded, refusal

from crawler.captures.records import Record
from crawler.extraction.post import Part, read_part, read_post
from crawler.extraction.structured import as_html, decoded, texts_at
from crawler.items import Address, Fetch, Page, Post, Refused
from crawler.ops.rehearsing.reading import read_page

if TYPE_CHECKING:
    from pathlib import Path

LAYOUT: dict[str, Any] = yaml.safe_load(GARDEN)["layouts"][0]
SHANGHAI = timezone(timedelta(hours=8))


def read(tmp_path: Path, source: str, path: str = "/one.html", **rules: Any) -> Post | Refused:
    """Read a page of the garden by these rules."""
    site = loaded(tmp_path, layouts=[{**LAYOUT, "sign": "<", **rules}])
    address = Address(url=f"https://blog.example{path}", kind="post", key="one")
    page = Page(fetch=Fetch(address=address, fetched_at=datetime(2024, 5, 1, tzinfo=UTC), status=200), source=source)
    return read_post(page, site)


def post(tmp_path: Path, source: str, path: str = "/one.html", **rules: Any) -> Post:
    result = read(tmp_path, source, path, **rules)
    assert isinstance(result, Post)
    return result


# Bodies.

TWO_PARTS = "<p class=lead>Moss</p><nav>x</nav><div class=text>grows <div class=text>inside</div></div>"


@pytest.mark.parametrize(
    ("source", "rules", "html"),
    [
        ("<h1>x</h1><article><b>Moss</b></article>x", [{"pattern": "(?s)<article>(.*?)</article>"}], "<b>Moss</b>"),
        ("<article>Moss</article>", [{"css": "article", "pattern": "^Mo"}], "Mo"),
        ("<article>Moss</article>", [{"css": "article", "pattern": "x"}, {"css": "article"}], "Moss"),
        ("<article>Moss</article>", [{"where": "^/two", "pattern": "<h1>"}, {"css": "article"}], "Moss"),
        ("<p data-body='&lt;b&gt;Moss&lt;/b&gt;'>", [{"css": "p", "attribute": "data-body"}], "<b>Moss</b>"),
        (TWO_PARTS, [{"css": ".lead, .text"}], "Moss"),
        (
            TWO_PARTS,
            [{"css": ".lead, .text", "all": True}],
            'Moss\ngrows <div class="text">inside</div>',
        ),
        (
            '<script type="application/ld+json">{"articleBody": "Moss & fern\\n\\ngrow <5 cm"}</script>',
            [{"of": "json-ld", "path": "articleBody"}],
            "<p>Moss &amp; fern</p>\n<p>grow &lt;5 cm</p>",
        ),
        (
            '<script id=data>{"post": {"blocks": [{"html": "<p>Moss</p>"}, {"html": "<p>fern</p>"}]}}</script>',
            [{"css": "#data", "path": "post.blocks[].html"}],
            "<p>Moss</p>\n<p>fern</p>",
        ),
    ],
)
def test_every_step_of_a_rule_for_bodies_works(tmp_path: Path, source: str, rules: list[Any], html: str) -> None:
    assert post(tmp_path, source, body=rules).html == html


@pytest.mark.parametrize(
    ("field", "rule", "problem"),
    [
        ("body", {"of": "text", "css": "p"}, "body[0].of: is 'text'; a body is read of: page, json-ld"),
        ("body", {"of": "body", "css": "p"}, "body[0].of: is 'body'; a body is read of: page, json-ld"),
        ("body", {"link": "x"}, "body[0].link: does nothing here; a link holds no body"),
        ("body", {"css": "p", "split": ","}, "body[0].split: does nothing here; it is for tags and authors"),
        ("title", {"css": "p", "all": True}, "title[0].all: does nothing here; it is for body"),
        ("title", {"css": "p", "order": "DMY"}, "title[0].order: does nothing here; it is for date"),
        ("title", {"css": "p", "timezone": "UTC"}, "title[0].timezone: does nothing here; it is for date"),
        ("title", {"of": "json-ld"}, "title[0]: needs a path into the JSON-LD: path: headline"),
        (
            "title",
            {"path": "a"},
            "title[0]: would take everything; give one of after, before, css, link, pattern",
        ),
        (
            "title",
            {"css": "p", "path": "a..b"},
            "title[0].path: is 'a..b'; a JMESPath is expected, such as props.pageProps.title",
        ),
        (
            "title",
            {"css": "p", "path": "(" * 20_000},
            f"title[0].path: is '{'(' * 60}'; a JMESPath is expected, such as props.pageProps.title",
        ),
        ("date", {"css": "p", "order": "DYM"}, "date[0].order: is 'DYM'; allowed: YMD, DMY, MDY"),
        (
            "tags",
            {"css": "p", "split": "("},
            (
                "tags[0].split: is '('; a regular expression is expected"
                " (missing ), unterminated subpattern at position 0)"
            ),
        ),
        (
            "tags",
            {"css": "p", "pattern": "a{99999999999999}"},
            (
                "tags[0].pattern: is 'a{99999999999999}'; a regular expression is expected"
                " (the repetition number is too large)"
            ),
        ),
        (
            "tags",
            {"css": "p", "pattern": "(" * 20_000},
            (
                f"tags[0].pattern: is '{'(' * 58}…; a regular expression is expected"
                " (maximum recursion depth exceeded)"
            ),
        ),
    ],
)
def test_a_step_that_would_do_nothing_is_refused(
    tmp_path: Path, field: str, rule: dict[str, Any], problem: str
) -> None:
    assert refusal(tmp_path, layouts=[{**LAYOUT, field: [rule]}]) == f"layouts[0].{problem}"


# Tags.


@pytest.mark.parametrize(
    ("source", "split", "tags"),
    [
        ('<meta name=keywords content="moss,fern, pond,,moss">', ",", ("moss", "fern", "pond")),
        ('<meta name=keywords content="苔藓，蕨类、池塘;x">', "[，、;]", ("苔藓", "蕨类", "池塘", "x")),
        ('<meta name=keywords content="moss, fern">', None, ("moss, fern",)),
        ('<meta name=keywords content="moss">', "(,)", ("moss",)),
        ('<meta name=keywords content="moss,fern">', "(,)|;", ("moss", ",", "fern")),
        ('<meta name=keywords content=" , ">', ",", ()),
    ],
)
def test_one_value_can_be_several_tags(tmp_path: Path, source: str, split: str | None, tags: tuple[str, ...]) -> None:
    rule = {"css": "meta[name=keywords]", "attribute": "content", **({"split": split} if split else {})}

    assert post(tmp_path, source, tags=[rule]).tags == tags


# Categories.


@pytest.mark.parametrize(
    ("written", "slug"),
    [
        ("Moss/Fern", "Moss/Fern"),
        ("科技/互联网", "科技/互联网"),
        ("A: b / c", "A: b / c"),
        ("/about/", None),
        ("../moss/", None),
        ("https://blog.example/moss", None),
        ("moss/index.html", None),
        ("/category/moss", "moss"),
    ],
)
def test_a_category_may_have_a_slash_but_an_address_is_none(tmp_path: Path, written: str, slug: str | None) -> None:
    category = {"match": "^/category/(?P<slug>.+)$"}
    addresses = {**yaml.safe_load(GARDEN)["addresses"], "category": [category]}
    site = loaded(tmp_path, addresses=addresses, layouts=[{**LAYOUT, "sign": "<", "category": [{"css": "i"}]}])
    address = Address(url="https://blog.example/one.html", kind="post", key="one")
    fetch = Fetch(address=address, fetched_at=datetime(2024, 5, 1, tzinfo=UTC), status=200)

    found = read_post(Page(fetch=fetch, source=f"<i>{written}</i>"), site)

    assert isinstance(found, Post)
    assert (found.category.slug if found.category else None) == slug


# JSON.

GRAPH = """<script type="application/ld+json">
{"@context": "https://schema.org", "@graph": [
  {"@type": "WebSite", "name": "Garden", "url": "https://blog.example/"},
  {"@type": "NewsArticle", "headline": "Moss \\u0026 \\"fern\\" &amp; pond", "datePublished": "2024-03-04T10:00:00Z",
   "author": [{"@id": "#anna"}, {"name": "Bo"}, "Cem"], "keywords": ["moss", "fern"],
   "image": {"@type": "ImageObject", "url": "/moss.jpg"}},
  {"@type": "Person", "@id": "#anna", "name": "Anna
 Berg"}]}
</script>"""
LISTED = '<script type="application/ld+json;charset=utf-8">[{"@type": "WebPage"}, {"headline": "Moss"}]</script>'


@pytest.mark.parametrize(
    ("source", "path", "tags"),
    [
        (GRAPH, "headline", ('Moss & "fern" & pond',)),
        (GRAPH, "author", ("Anna Berg", "Bo", "Cem")),
        (GRAPH, "keywords", ("moss", "fern")),
        (GRAPH, "image", ("/moss.jpg",)),
        (GRAPH, "datePublished", ("2024-03-04T10:00:00Z",)),
        (GRAPH, "[?\"@type\" == 'NewsArticle'].keywords[0]", ("moss",)),
        (LISTED, "headline", ("Moss",)),
        (f'<script type="application/ld+json">{{"broken": </script>{LISTED}', "headline", ("Moss",)),
        ('<script type="application/ld+json"><!-- {"headline": "Moss"}; --></script>', "headline", ("Moss",)),
        (f'<script type="application/ld+json">{"[" * 100_000}</script>{LISTED}', "headline", ("Moss",)),
        (LISTED, "length(headline)", ("4",)),
        (LISTED, "abs(headline)", ()),
        ('<script type="application/ld+json">{"a": null, "b": true}</script>', "[].[a, b][]", ()),
        ("<p>no script</p>", "headline", ()),
    ],
)
def test_json_ld_is_read_by_a_path(tmp_path: Path, source: str, path: str, tags: tuple[str, ...]) -> None:
    assert post(tmp_path, source, tags=[{"of": "json-ld", "path": path}]).tags == tags


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ('<script id=d type="application/json">{"a": [{"t": "Moss \\u0026 fern"}]}</script>', {"css": "#d"}),
        (
            '<script>window.data = {"a": [{"t": "Moss & fern"}]}; run();</script>',
            {"after": ["window.data ="]},
        ),
        ('<div data-page=\'{"a": [{"t": "Moss &amp; fern"}]}\'>', {"css": "div", "attribute": "data-page"}),
    ],
)
def test_the_json_of_a_script_is_decoded_and_read_by_a_path(
    tmp_path: Path, source: str, rule: dict[str, Any]
) -> None:
    assert post(tmp_path, source, title=[{**rule, "path": "a[0].t"}]).title == "Moss & fern"


@given(st.text('{}[]":,ab1 \n', max_size=60))
def test_any_text_is_decoded_or_nothing(text: str) -> None:
    assert all(isinstance(each, str) for each in texts_at("a", decoded(text)))


@given(st.text())
def test_any_text_becomes_html_that_keeps_its_words(text: str) -> None:
    assert as_html("<b>" + text) == "<b>" + text
    assert as_html(text).count("<p>") <= len(text)


# Dates.


@pytest.mark.parametrize(
    ("written", "rule", "published"),
    [
        ("03/04/2024 10:00", {"order": "DMY"}, datetime(2024, 4, 3, 10, tzinfo=SHANGHAI)),
        ("03/04/2024 10:00", {"order": "MDY"}, datetime(2024, 3, 4, 10, tzinfo=SHANGHAI)),
        ("2024-03-04 10:00", {"timezone": "UTC"}, datetime(2024, 3, 4, 18, tzinfo=SHANGHAI)),
        ("2024-03-04 10:00", {"timezone": "America/New_York"}, datetime(2024, 3, 4, 23, tzinfo=SHANGHAI)),
        ("2024-03-04 10:00 +0100", {"timezone": "UTC"}, datetime(2024, 3, 4, 17, tzinfo=SHANGHAI)),
        (
            "0001-01-01 00:00",
            {"timezone": "Asia/Tokyo"},
            datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=9, minutes=18))),
        ),
        ("1650444299", {}, datetime(2022, 4, 20, 16, 44, 59, tzinfo=SHANGHAI)),
    ],
)
def test_a_date_is_written_in_the_order_and_zone_of_its_rule(
    tmp_path: Path, written: str, rule: dict[str, str], published: datetime
) -> None:
    found = post(tmp_path, f"<time>{written}</time>", date=[{"css": "time", **rule}]).published_at

    assert found is not None
    assert (found, found.utcoffset()) == (published, published.utcoffset())


def test_only_the_first_element_tells_the_date(tmp_path: Path) -> None:
    rules = [{"css": "time", "attribute": "datetime"}]
    comment = "<p>A comment of <time datetime='2024-03-05 11:00'>today</time></p>"

    unreadable = read(tmp_path, f"<time datetime='the other day'>x</time>{comment}", date=rules)

    assert isinstance(unreadable, Refused)
    assert (unreadable.reason, unreadable.rule) == ("date cannot be read: the other day", "layouts[post].date")
    assert post(tmp_path, f"<time>4 March</time>{comment}", date=rules).published_at is None


def test_a_text_tells_the_date_where_the_first_element_has_no_attribute(tmp_path: Path) -> None:
    source = "<time>4 March 2024</time><p>A comment of <time datetime='2024-03-05 11:00'>today</time></p>"

    found = post(tmp_path, source, date=[{"css": "time", "attribute": "datetime"}, {"css": "time"}])

    assert found.published_at == datetime(2024, 3, 4, tzinfo=SHANGHAI)


# Other pages.


@pytest.mark.parametrize(
    ("written", "key", "url"),
    [
        ("https://blog.example/two.html", "two", "https://blog.example/two.html"),
        ("/two.html?utm_source=x", "two", "https://blog.example/two.html"),
        ("two.html", "two", "https://blog.example/two.html"),
        ("https://blog.example/", "one", "https://blog.example/one.html"),
        ("https://other.example/two.html", "one", "https://blog.example/one.html"),
        ("https://[", "one", "https://blog.example/one.html"),
        ("", "one", "https://blog.example/one.html"),
    ],
)
def test_a_post_is_known_by_the_address_that_its_page_calls_its_own(
    tmp_path: Path, written: str, key: str, url: str
) -> None:
    rule = {"css": "link[rel=canonical]", "attribute": "href"}

    found = post(tmp_path, f'<link rel=canonical href="{written}">', canonical=[rule])

    assert (found.post_id, found.url, found.fetch.address.key) == (key, url, "one")


@pytest.mark.parametrize(
    ("head", "written", "next_url"),
    [
        ("", "one_2.html", "https://blog.example/one_2.html"),
        ("<base href=/deep/>", "one_2.html", "https://blog.example/deep/one_2.html"),
        ("", "?page=2", "https://blog.example/one.html?page=2"),
        ("", "https://evil.example/2", None),
        ("", "javascript:next()", None),
        ("", "", None),
    ],
)
def test_the_next_page_is_on_the_site(tmp_path: Path, head: str, written: str, next_url: str | None) -> None:
    rules = [{"css": "a.next", "attribute": "href"}, {"link": "^下一页$", "attribute": "href"}]
    site = loaded(tmp_path, layouts=[{**LAYOUT, "next": rules}], body={"tail": ["上一页|下一页"]})
    address = Address(url="https://blog.example/one.html", kind="post", key="one")
    fetch = Fetch(address=address, fetched_at=datetime(2024, 5, 1, tzinfo=UTC), status=200)

    for link in (f"<a class=next href='{written}'>→</a>", f"<a href='{written}'>下一页</a>"):
        source = f"{head}<article><p>Moss</p><p>下一页</p></article>{link}"
        assert read_part(Page(fetch=fetch, source=source), site) == Part("<p>Moss</p>", next_url)


@pytest.mark.parametrize(
    ("link", "reason"),
    [("", None), ("<a class=next href=/one_2.html>2</a>", "goes on on further pages")],
)
def test_the_captured_first_page_of_several_is_not_read_alone(tmp_path: Path, link: str, reason: str | None) -> None:
    site = loaded(tmp_path, layouts=[{**LAYOUT, "next": [{"css": "a.next", "attribute": "href"}]}])
    address = Address(url="https://blog.example/one.html", kind="post", key="one")
    source = f"<h1>Moss</h1><time datetime='2024-03-04'></time><article><p>Moss</p></article>{link}"
    record = Record(kind="response", id="1", fields={}, status=200, payload=source.encode())

    assert read_page(record, address, datetime(2024, 5, 1, tzinfo=UTC), site).reason == reason
