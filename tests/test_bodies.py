"""Frames: any body is given back over any text, by Python and by the views' SQL alike."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import made
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.archive import Archive
from crawler.archive.ledger import runs
from crawler.archive.store import posts
from crawler.archive.store.bodies import decode_body, encode_body
from crawler.extraction.post import read_body
from crawler.items import Page
from crawler.recording.normalise import normalise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.items import Article

TEXT = "江西将实现5G+VR融合。\n贵州茅台上涨。"


@pytest.fixture(scope="module")
def archive() -> Iterator[Archive]:
    """Return an archive in which a run has begun and all else is rolled back."""
    with Archive(":memory:", create=True) as opened:
        runs.begin(opened.db, "finews", made.SEEN)
        yield opened


def views(archive: Archive, article: Article) -> list[tuple[str, ...]]:
    """Return what the two views make of an article: `articles` its bodies, `revisions` these but for the summary."""
    archive.db.begin()
    try:
        posts.store(archive.db, article, 1)
        return [
            archive.db.execute(sql).fetchone()
            for sql in (
                "SELECT summary, markdown, html, text FROM articles",
                "SELECT markdown, html, text FROM revisions",
            )
        ]
    finally:
        archive.db.rollback()


def worded(summary: str, markdown: str, html: str, text: str) -> Article:
    article = made.article()
    post = replace(article.post, html=html)
    return replace(article, post=post, summary=summary, markdown=markdown, text=text)


@pytest.mark.parametrize(
    ("body", "framed"),
    [
        (TEXT, '[[1,13],"\\n",[15,7]]'),
        ("<p>江西将实现5G+VR融合。</p><p>贵州茅台上涨。</p>", '["<p>",[1,13],"</p><p>",[15,7],"</p>"]'),
        ("江西将实现5G+VR融合。", "[[1,13]]"),
        ("别的什么都不一样", '["别的什么都不一样"]'),
        # A stretch as short as a reference stands as it is.
        ("<p>江西</p>", '["<p>江西</p>"]'),
        # What stands in another order is found from where the last stretch ended, or not at all.
        ("<p>贵州茅台上涨。</p><p>江西将实现5G+VR融合。</p>", '["<p>",[15,7],"</p><p>江西将实现5G+VR融合。</p>"]'),
        ('"江西将实现\\"', '["\\"江西将实现\\\\\\""]'),
    ],
)
def test_an_encoded_body_holds_what_it_adds_to_its_text(body: str, framed: str):
    assert encode_body(body, TEXT) == framed
    assert decode_body(framed, TEXT) == body


def test_an_encoded_body_refers_to_characters_counted_from_one():
    assert decode_body('["<p>",[1,2],"</p>"]', "江西") == "<p>江西</p>"
    assert decode_body("[[2,1],[1,1]]", "江西") == "西江"


def test_the_words_of_a_post_are_stored_once(archive: Archive):
    words = "江西省推进规模化应用，出台三年行动计划。" * 50
    article = made.article(html=f"<p>{words}</p><p>完。</p>")
    archive.db.begin()
    posts.store(archive.db, article, 1)
    kept = archive.db.execute("SELECT summary, markdown, html, text FROM versions").fetchone()
    archive.db.rollback()
    assert [len(words) < len(one) for one in kept] == [False, False, False, True]
    assert sum(map(len, kept)) < 1.5 * len(words)


# Any two strings make a frame. SQLite takes no surrogates, and no page brings a NUL.

characters = st.characters(codec="utf-8", exclude_characters="\0")
texts = st.text(st.one_of(st.sampled_from("江西茅台5G，。\n <>&*\\\"'[]{},😀\u0301\ufeff"), characters), max_size=40)


@st.composite
def bodies_and_texts(draw: st.DrawFn) -> tuple[str, str]:
    """Draw a text, and a body of stretches of it and of strings of its own."""
    text = draw(texts)
    pieces: list[str] = []
    for _ in range(draw(st.integers(0, 5))):
        start = draw(st.integers(0, len(text)))
        pieces += [draw(st.sampled_from(["<p>", "</p>\n", "*", ""])), text[start : start + draw(st.integers(0, 30))]]
        pieces.append(draw(texts))
    return "".join(pieces), text


@given(bodies_and_texts())
@example(("", ""))
@example(("12345678", "123456"))
@example(("江西江西江西江西江西江西", "江西江西江西"))
@example(('"],[1,2],["', "江西"))
def test_decoding_restores_the_body(both: tuple[str, str]):
    body, text = both
    framed = encode_body(body, text)
    assert decode_body(framed, text) == body
    assert "\n" not in framed
    assert all(isinstance(piece, str | list) for piece in json.loads(framed))


@given(st.text(st.characters(), max_size=30), st.text(st.characters(), max_size=30))
def test_decoding_restores_any_body_over_any_text(body: str, text: str):
    assert decode_body(encode_body(body, text), text) == body
    assert decode_body(encode_body(f"<p>{text}</p>{body}", text), text) == f"<p>{text}</p>{body}"


@settings(max_examples=examples(150), deadline=None)
@given(bodies_and_texts(), texts)
@example(("", ""), "")
@example(("<p>江西将实现5G+VR</p>", ""), "江西将实现5G+VR")
@example(("😀😀😀😀😀😀江西将实现", "😀😀😀😀😀😀江西将实现"), "<p>😀江西将实现</p>")
@example(("null", "null"), "[1,2]")
def test_the_views_give_back_what_was_stored(archive: Archive, both: tuple[str, str], other: str):
    body, text = both
    html = f"{other}<br>{body}"
    assert views(archive, worded(other, body, html, text)) == [(other, body, html, text), (body, html, text)]


@settings(max_examples=examples(50), deadline=None)
@given(bodies_and_texts(), texts)
def test_the_views_give_back_what_was_written_to_them(archive: Archive, both: tuple[str, str], other: str):
    body, text = both
    archive.db.begin()
    posts.store(archive.db, made.article(), 1)
    archive.db.execute("UPDATE articles SET summary = ?, markdown = ?, html = ?, text = ?", [other, body, body, text])
    written = archive.db.execute("SELECT summary, markdown, html, text FROM articles").fetchone()
    framed = archive.db.execute("SELECT summary, markdown, html FROM versions").fetchone()
    archive.db.rollback()
    assert written == (other, body, body, text)
    assert [decode_body(one, text) for one in framed] == [other, body, body]


@pytest.mark.parametrize(
    "html", ["<p>江西将实现\0第五代应用融合。</p>", "<p title='江\0西'>江西将实现&#0;第五代应用融合。</p>"]
)
def test_a_nul_character_does_not_cut_a_page_short(archive: Archive, html: str):
    """SQLite's functions take a NUL for the end of a string; so it matters that reading a page leaves none."""
    page = Page(fetch=made.fetch(), source=html)
    post = replace(read_body(page, made.SITE, via="page"), title="标题", published_at=made.PUBLISHED)
    article = normalise(post, made.SITE)
    bodies = (article.markdown, post.html, article.text)
    assert "\0" not in "".join(bodies)
    assert views(archive, article) == [(article.summary, *bodies), bodies]


def test_a_body_of_very_many_paragraphs_has_few_references_into_its_text() -> None:
    lines = [f"这是第{number}行文字。" for number in range(40_000)]
    body, text = "".join(f"<p>{line}</p>" for line in lines), "\n".join(lines)

    framed = encode_body(body, text)

    assert sum(isinstance(piece, list) for piece in json.loads(framed)) == 50_000_000 // len(text)
    assert decode_body(framed, text) == body


def test_searching_for_words_not_in_the_text_is_limited() -> None:
    body, text = "".join(f'<img alt="没有的文字{number}">' for number in range(100_000)), "别的文字。" * 200_000

    before = time.process_time()
    framed = encode_body(body, text)

    assert time.process_time() - before < 2
    assert json.loads(framed) == [body]
