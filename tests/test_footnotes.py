"""Footnotes are kept: in Markdown, in the text and in the search, whoever wrote them and in which form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from readers_of_markdown import pages_of
from selectolax.lexbor import LexborHTMLParser

from crawler.archive import Archive
from crawler.extraction.markup import to_html
from crawler.markdown.body import safe_html, words_of
from crawler.ops.importing.run import ImportOptions, import_posts
from crawler.sites.definition import Body

if TYPE_CHECKING:
    from pathlib import Path


def words(html: str) -> tuple[str, str]:
    return tuple(words_of(safe_html(html, Body(), "https://site.example/a/b.html")))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("source", "markdown", "text"),
    [
        pytest.param(
            "正文[^1]。\n\n[^1]: 注释没有空格的中文",
            "正文[^1]。\n\n[^1]: 注释没有空格的中文 &nbsp;",
            "正文[1]。\n[1] 注释没有空格的中文",
            id="one word",
        ),
        pytest.param(
            "正文[^1]。\n\n[^1]:紧跟冒号 两个词",
            "正文[^1]。\n\n[^1]: 紧跟冒号 两个词",
            "正文[1]。\n[1] 紧跟冒号 两个词",
            id="no space after the colon",
        ),
        pytest.param(
            '正文[^1]。\n\n[^1]: 书 "名"',
            '正文[^1]。\n\n[^1]: 书 &nbsp; "名"',
            '正文[1]。\n[1] 书 "名"',
            id="what could be the title of a link",
        ),
        pytest.param(
            "甲[^注]乙[^来源]丙[^注]\n\n[^来源]: 报 纸\n[^注]: 一 二",
            "甲[^1]乙[^2]丙[^1]\n\n[^1]: 一 二\n\n[^2]: 报 纸",
            "甲[1]乙[2]丙[1]\n[1] 一 二\n[2] 报 纸",
            id="Chinese names, in the order of the references, two to one",
        ),
        pytest.param(
            "正文[^a]\n\n[^a]: 一 二\n\n    三\n\n    - 四\n\n后文",
            "正文[^1]\n\n后文\n\n[^1]: 一 二\n\n    三\n\n    - 四",
            "正文[1]\n后文\n[1] 一 二\n三\n- 四",
            id="paragraphs and a list",
        ),
        pytest.param(
            "正文[^a]\n\n[^a]: 一 二\n[^b]: 没有引用\n[^a]: 同名",
            "正文[^1]\n\n没有引用\n\n同名\n\n[^1]: 一 二",
            "正文[1]\n没有引用\n同名\n[1] 一 二",
            id="what nothing refers to",
        ),
        pytest.param("正文[^a]。", "正文\\[^a\\]。", "正文[^a]。", id="a reference to nothing"),
        pytest.param(
            "- 一[^1]\n\n| 甲[^2] | 乙 |\n|--|--|\n| 1 | 2 |\n\n[^1]: 注 一\n[^2]: 注 二",
            "- 一[^1]\n\n| 甲[^2] | 乙 |\n| --- | --- |\n| 1 | 2 |\n\n[^1]: 注 一\n\n[^2]: 注 二",
            "- 一[1]\n甲[2] 乙\n1 2\n[1] 注 一\n[2] 注 二",
            id="references in a list and a table",
        ),
        pytest.param("~~~\n[^1]: 代码\n~~~", "~~~\n[^1]: 代码\n~~~", "[^1]: 代码", id="in code"),
    ],
)
def test_footnotes_of_a_markdown_file_are_kept(source: str, markdown: str, text: str) -> None:
    assert words(to_html(source)) == (markdown, text)


KEPT = ("正文[^1]。\n\n[^1]: 注 释", "正文[1]。\n[1] 注 释")


@pytest.mark.parametrize(
    "html",
    [
        pytest.param(
            '<p>正文<sup id="fnref:1" role="doc-noteref"><a href="#fn:1" class="footnote" rel="footnote">1</a></sup>'
            '。</p><div class="footnotes" role="doc-endnotes"><ol><li id="fn:1" role="doc-endnote"><p>注 释 '
            '<a href="#fnref:1" class="reversefootnote" role="doc-backlink">&#8617;</a></p></li></ol></div>',
            id="kramdown and goldmark",
        ),
        pytest.param(
            '<p>正文<sup class="footnote-ref"><a href="#fn1" id="fnref1">[1]</a></sup>。</p><section>'
            '<ol class="footnotes-list"><li id="fn1" class="footnote-item"><p>注 释 <a href="#fnref1">↩︎</a></p></li>',
            id="markdown-it",
        ),
        pytest.param(
            '<p>正文<a href="#fn1" id="fnref1" role="doc-noteref"><sup>1</sup></a>。</p><aside id="footnotes"><ol>'
            '<li id="fn1"><p>注 释<a href="#fnref1" role="doc-backlink">↩︎</a></p></li></ol></aside>',
            id="pandoc",
        ),
        pytest.param(
            '<p>正文<a id="_ftnref1" href="#_ftn1">[1]</a>。</p><p id="_ftn1"><a href="#_ftnref1">[1]</a> 注 释</p>',
            id="a word processor",
        ),
        pytest.param(
            '<p>正文<sup id="r1"><a href="#注1">注1</a></sup>。</p><div id="注1"><a href="#r1">^</a> 注 释</div>',
            id="by hand",
        ),
    ],
)
def test_footnotes_of_a_page_are_kept(html: str) -> None:
    assert words(html) == KEPT


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        pytest.param(
            '<ul><li id="t1"><a href="#s1">引言</a></ul><div id="s1"><a href="#t1">引言</a>文</div>',
            "- [引言](https://site.example/a/b.html#s1)\n\n[引言](https://site.example/a/b.html#t1)文",
            id="a table of contents",
        ),
        pytest.param(
            '<p>文<a href="#x">1</a></p><p id="x">没有回链</p>',
            "文[1](https://site.example/a/b.html#x)\n\n没有回链",
            id="no way back",
        ),
        pytest.param('<p>文<sup data-note="7">词</sup></p><p data-note="7">二</p>', "文词\n\n二", id="our own mark"),
    ],
)
def test_what_is_no_footnote_stays_as_it_is(html: str, markdown: str) -> None:
    assert words(html)[0] == markdown


@pytest.mark.parametrize(
    "note", ["注释", '书 "名"', "书 (名)", "https://a.example/", "<b>注</b>", "一<br>二", "`x`", "- 一"]
)
def test_a_note_is_shown_by_every_reader_once(note: str) -> None:
    source = f'<p>文<sup id="r"><a href="#n">1</a></sup></p><p id="n"><a href="#r">1</a>{note}</p>'

    pages = pages_of(words(source)[0])
    shown = "".join(LexborHTMLParser(note).text().split())
    quotes = str.maketrans("“”", '""')
    texts = ["".join(LexborHTMLParser(page).text().split()).translate(quotes) for page in pages]
    assert [text.count(shown) for text in texts] == [1] * 4
    # Of these kramdown knows footnotes.
    assert ['class="footnote"' in page for page in pages] == [True, True, False, False]


def test_a_note_of_an_imported_file_is_found(tmp_path: Path) -> None:
    source = tmp_path / "2024-03-04-note.md"
    source.write_text("---\ntitle: 标题\n---\n正文[^1]。\n\n[^1]: 注释没有空格的中文\n", encoding="utf-8")
    options = ImportOptions(archive=tmp_path / "archive.db", posts=None, site="minima")
    import_posts([source], options)

    with Archive(options.archive) as archive:
        assert [hit["id"] for hit in archive.search("注释没有空格的中文")["results"]] == ["note"]
        assert archive.post("note")["markdown"] == "正文[^1]。\n\n[^1]: 注释没有空格的中文 &nbsp;"
