"""Every word of a body is in its Markdown, in its place, whatever reads it, and in its text."""

from __future__ import annotations

import html
import re

from hypothesis import example, given, settings
from hypothesis import strategies as st
from profiles import examples
from readers_of_markdown import pages_of

from crawler.markdown.body import safe_html, to_markdown, to_text
from crawler.sites.definition import Body

PAGE = "https://site.example/a/b.html"
# Words do not run on over these.
BLOCK = re.compile(
    r"</?(?:p|div|section|h\d|ul|ol|li|dl|dt|dd|blockquote|pre|table|thead|tbody|tr|t[dh]|figure|figcaption|details"
    r"|summary|address|aside|form|caption|hr|br)\b[^>]*>"
)


def markdown_of(source: str) -> str:
    return to_markdown(safe_html(source, Body(), PAGE))


def text_of(source: str) -> str:
    return to_text(safe_html(source, Body(), PAGE))


def words_in(page: str) -> list[str]:
    """Return what is read on a page, word by word; signs and what stands in tags are none."""
    return re.findall(r"[^\W_]+", html.unescape(re.sub(r"<[^>]*>", "", BLOCK.sub(" ", page))))


word = st.sampled_from(
    [
        *"营业收入 12.5亿元 净利润 a_b f(x){ 5G+VR * “引” ： 。 # x $$ ~~ \\ ] & -- |".split(),
        " ",
        "1. 一",
        "- 二",
        "# 三",
    ]
).map(html.escape)
plain = st.lists(word, min_size=1, max_size=3).map("".join)
code = st.sampled_from(["a = 1", "if x:\n\n    y()", "{{ z }}", "~~~", "`b`", "&lt;p&gt;"])


def around(*forms: str, inside: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(lambda form, words: form.replace("{}", words), st.sampled_from(forms), inside)


inline = st.recursive(
    st.one_of(plain, code.map("<code>{}</code>".format), st.just("<br>"), st.just("<img src=/i.png>")),
    lambda inner: st.one_of(
        around("<b>{}</b>", "<i>{}</i>", "<a href=/c>{}</a>", "<del>{}</del>", "<span>{}</span>", inside=inner),
        st.lists(inner, min_size=2, max_size=4).map("".join),
    ),
    max_leaves=6,
)


@st.composite
def tables(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    cell = st.builds(
        lambda tag, rows, columns, inside: f"<{tag} rowspan={rows} colspan={columns}>{inside}</{tag}>",
        st.sampled_from("td td th".split()),
        st.sampled_from([1, 1, 2, 0, 65534]),
        st.sampled_from([1, 1, 2, 1000]),
        inner,
    )
    row = st.lists(cell, max_size=3).map("".join).map("<tr>{}</tr>".format)
    return f"<table>{''.join(draw(st.lists(row, min_size=1, max_size=4)))}</table>"


blocks = st.recursive(
    st.one_of(
        around("<p>{}</p>", "<h2>{}</h2>", "{}", "<div>{}</div>", inside=inline),
        code.map("<pre><code>{}</code></pre>".format),
        st.just("<hr>"),
    ),
    lambda inner: st.one_of(
        around(
            "<div>{}</div>", "<blockquote>{}</blockquote>", "<ul><li>{}</li></ul>", "<ol start=7><li>{}</li></ol>",
            "<ul><li>{}</li><li><p>尾</p></li></ul>", "<dl><dt>项</dt><dd>{}</dd></dl>", "<b>{}</b>",
            "<figure>{}<figcaption><p>图注</p><p>摄影</p></figcaption></figure>", "<a href=/d>{}</a>",
            "<details><summary>概要</summary>{}</details>", "<address>{}</address>", "<section>{}</section>",
            inside=inner,
        ),
        tables(st.one_of(inline, inner)),
        st.lists(inner, min_size=2, max_size=4).map("".join),
    ),
    max_leaves=8,
)  # fmt: skip


TABLE = "<table><tr><td>丙<td>丁<tr><td>戊<td>己</table>"


@settings(max_examples=examples(600), deadline=None)
@given(blocks)
@example("<p><code>~~~</code></p><p>文</p><p><code>~~~</code></p>")
@example("<p><code>a``b</code></p><p>文</p><p><code>a``b</code></p>")
@example("<ul><li><pre>a</pre><ol start=7><li>文</ol></ul>")
@example(f"<table><tr><td>甲<tr><td>乙<td><blockquote>{TABLE}</blockquote></table>")
@example(f"<table><tr><td>甲<tr><td>乙<td><ul><li>{TABLE}</ul></table>")
@example("<table><tr><td>甲<tr><td>乙<td><blockquote><pre>丙</pre></blockquote></table>")
@example("<table><tr><td>甲<tr><td>乙<td><ul><li><pre>丙</pre></ul></table>")
def test_the_words_of_markdown_are_those_of_the_html_under_every_reader(source: str) -> None:
    markdown = markdown_of(source)

    assert [words_in(page) for page in pages_of(markdown)] == [words_in(source)] * 4


@settings(max_examples=examples(600), deadline=None)
@given(blocks)
def test_the_words_of_the_text_are_those_of_the_html(source: str) -> None:
    text = re.sub(r"^(?:7\. |- )+", "", text_of(source), flags=re.MULTILINE)

    assert "".join(words_in(html.escape(text))) == "".join(words_in(source))
