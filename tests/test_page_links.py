"""Links of HTML pages: which there are, where they lead, and what their text is, as a browser would say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.extraction.budget import TooCostlyError
from crawler.extraction.listing.links import FoundLink, html_links

HOME = "https://blog.example/"
ONE = f"{HOME}one.html"


def links(source: str, page: str = HOME, **options: object) -> list[tuple[str, str]]:
    return [(found.url, found.text) for found in html_links(source, page, **options)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "source",
    [
        '<a href="/one.html">x</a>',
        "<a href='/one.html'>x</a>",
        "<a href=/one.html>x</a>",
        '<A HREF="/one.html">x</A>',
        '<a href = "/one.html">x</a>',
        '<a\n\thref="/one.html"\n>x</a>',
        '<a title="a > b" href="/one.html">x</a>',
        '<a title="a < b" href="/one.html">x</a>',
        '<a href="/one.html" title="Moss &amp; fern">x</a>',
        f'<a href="/one.html" {" ".join(f"data-{number}=yyyyyyyyyy" for number in range(100))}>x</a>',
        '<a href=" /one.html ">x</a>',
        '<a href="/one\n.html">x</a>',
        '<a href="&#47;one&period;html">x</a>',
        '<a href="//blog.example/one.html#top">x</a>',
        '<a href="/one.html" href="/two.html">x</a>',
        '<a href="/one.html">x',
        '<table><a href="/one.html">x</a></table>',
        '<noscript><a href="/one.html">x</a></noscript>',
        '<map><area href="/one.html" alt="x"></map>',
        '<a href="/one.html"><img src="i.png" alt="x"></a>',
        '<a name="top">no link</a><a href="/one.html">x</a>',
    ],
)
def test_a_link_is_seen_however_it_is_written(source: str) -> None:
    assert links(source) == [(ONE, "x")]


@pytest.mark.parametrize(
    "source",
    [
        '<!-- <a href="/one.html">x</a> -->',
        "<script>document.write('<a href=\"/one.html\">x</a>')</script>",
        '<textarea><a href="/one.html">x</a></textarea>',
        '&lt;a href="/one.html"&gt;x&lt;/a&gt;',
        '<a data-href="/one.html">x</a>',
        '<a href="mailto:a@blog.example">x</a>',
        '<a href="javascript:void(0)">x</a>',
        '<link href="/one.html" rel="next">',
    ],
)
def test_what_only_looks_like_a_link_is_none(source: str) -> None:
    assert links(source) == []


@pytest.mark.parametrize(
    ("written", "url"),
    [
        # In an attribute, `&region` without a semicolon is no entity if a letter, a digit or `=` follows it.
        ("/show?id=7&region=cn", f"{HOME}show?id=7&region=cn"),
        ("/show?id=7&copy=1&lt=2&para", f"{HOME}show?id=7&copy=1&lt=2%C2%B6"),
        ("/show?id=7&amp;region=cn", f"{HOME}show?id=7&region=cn"),
        ("/show?a=it's", f"{HOME}show?a=it's"),
        ("?page=2", f"{HOME}?page=2"),
        ("", HOME),
    ],
)
def test_an_address_is_read_as_html_has_it(written: str, url: str) -> None:
    assert links(f'<a href="{written}">x</a>') == [(url, "x")]


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("/blog/", f"{HOME}blog/one.html"),
        ("/blog", ONE),
        ("deep/", f"{HOME}a/deep/one.html"),
        ("https://cdn.example/x/", "https://cdn.example/x/one.html"),
        ("//cdn.example/", "https://cdn.example/one.html"),
        ("javascript:x", f"{HOME}a/one.html"),
        ("", f"{HOME}a/one.html"),
    ],
)
def test_relative_links_are_relative_to_the_base_of_the_page(base: str, url: str) -> None:
    source = f'<head><base target="_blank"><base href="{base}"><base href="/no/"></head><a href="one.html">x</a>'

    assert links(source, f"{HOME}a/b.html") == [(url, "x")]


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        ('<span class="t">Moss <b>and</b>\n fern</span>', "Moss and fern"),
        ("Moss &amp; &lt;fern&gt;", "Moss & <fern>"),
        ("<style>a{}</style><script>1</script><svg><title>icon</title></svg>Moss", "Moss"),
        ('<img alt="not this">Moss', "Moss"),
        ("<img>", ""),
        ("<h3>Moss</h3><p>fern</p>", "Moss fern"),
        ("<time>1 May</time>Moss<br>fern", "1 May Moss fern"),
        ("x" * 500, "x" * 300),
    ],
)
def test_the_text_of_a_link_is_without_markup(inside: str, text: str) -> None:
    assert links(f'<a href="/one.html">{inside}</a>') == [(ONE, text)]


@pytest.mark.parametrize(
    "source",
    [
        '<a href="/one.html">About &lt;b&lt;/a&gt; and so on',
        '&lt;a href="/one.html"&gt;About &lt;b&lt;/a&gt;',
        '<a href="/one.html"&gt;About &lt;b</a>',
    ],
)
def test_a_page_with_raw_titles_may_have_the_markup_after_one_escaped(source: str) -> None:
    assert links(source, raw_titles=True) == [(ONE, "About <b")]


def test_links_that_are_never_closed_end_where_the_next_begins() -> None:
    source = "".join(f"<li><a href=/{number}.html>x{number}" for number in range(1000))

    assert links(source) == [(f"{HOME}{number}.html", f"x{number}") for number in range(1000)]


def test_tags_in_capitals_belong_to_raw_titles() -> None:
    assert links('<a href="/one.html">Out of <ST></a>', raw_titles=True) == [(ONE, "Out of <ST>")]
    assert links('<a href="/one.html">Out of <ST></a>') == [(ONE, "Out of")]


@pytest.mark.parametrize("group", ["<h2 id=", 'id="', "<h2[^>]*>Moss"])
def test_groups_begin_where_their_pattern_matches(group: str) -> None:
    source = (
        '<a href="/0">x</a><h2 id="1">Moss</h2><a href="/1">x</a><a href="/2">x</a><h2 id="2">Moss</h2><a href="/3">'
    )

    assert list(html_links(source, HOME, group=group)) == [
        FoundLink(f"{HOME}0", "x", 0),
        FoundLink(f"{HOME}1", "x", 1),
        FoundLink(f"{HOME}2", "x", 1),
        FoundLink(f"{HOME}3", "", 2),
    ]


def test_a_page_that_would_take_too_long_to_parse_is_refused() -> None:
    with pytest.raises(TooCostlyError, match="more than 256 elements in one another"):
        list(html_links("<div>" * 10_000, HOME))


@given(st.lists(st.text("abc<>&\"' =/-!;lthref", max_size=12), max_size=12), st.booleans())
def test_any_page_has_links_to_canonical_addresses(pieces: list[str], raw_titles: bool) -> None:
    source = '<a href="/one.html">'.join(["", *pieces])

    for found in html_links(source, HOME, group="b", raw_titles=raw_titles):
        assert found.url.startswith(("http://", "https://"))
        assert found.text == " ".join(found.text.split())
