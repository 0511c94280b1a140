"""What the readers of Markdown make of the posts: nothing that the sanitiser would not let through.

The readers are real: kramdown, as Jekyll has it and plain, CommonMark, and goldmark as Hugo has it.
"""

from __future__ import annotations

import html
import random
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from markup import HREFS, SHOWN_OTHERWISE, SOUP, SPECIAL
from profiles import examples
from readers_of_markdown import harms, pages_of, pages_of_goldmark

from crawler.markdown.body import safe_html, to_markdown
from crawler.sites.definition import Body

LIVE = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))",
    "</code><script>x</script>", "{::nomarkdown}<b onclick=x>{:/}", "{:onclick=x}", "<svg/onload=x>", "<!--", "-->",
)  # fmt: skip
EDGES = (
    "", " ", "\n", "\n\n", "\t", "\u3000", "\xa0", "\u200b", "`", "``", "```", "~~~", "\n~~~\n", "\n```\n", "|", "\\",
    "a", "中", "\n- ", "\n: ", "\n^\n", "&", "*", "]", ")", "<", ">", "$$",
)  # fmt: skip
AROUND = (
    "{}", "<p>前文{}后文</p>", "<p>前文 {} 后文</p>", "<b>{}</b>", "前`<i>{}</i>`", "<li>{}", "<ul><li>一<p>{}</ul>",
    "<ol><li>{}", "<blockquote>{}</blockquote>",
    "<blockquote><ul><li>{}", "<h2>{}</h2>", '<a href="/1">{}</a>', "<pre>{}</pre>",
    "<table><tr><td>{}<td>二</table>", "<code>a</code>{}<code>b</code>", "<div>一{}</div>", "<li><br>{}",
    "词<pre>一</pre>{}", "<table><tr><th>一</table>{}", "&lt;div&gt;{}", "[x]:{}", "<p>一<br>{}<br>二</p>",
)  # fmt: skip

edge = st.sampled_from(EDGES)
code = st.builds(
    lambda tag, before, live, after: f"<{tag}>{html.escape(before + live + after)}</{tag}>",
    st.sampled_from(("code", "code", "pre", "p", "span")),
    st.lists(edge, max_size=3).map("".join),
    st.sampled_from(LIVE),
    st.lists(edge, max_size=3).map("".join),
)
placed = st.builds(lambda around, inside: around.replace("{}", inside), st.sampled_from(AROUND), code)
nested = st.builds(lambda around, inside: around.replace("{}", inside), st.sampled_from(AROUND), placed)
link = st.sampled_from(HREFS).map(lambda href: f'<a href="{href}">x</a><img src="{href}" alt="x">')
piece = st.one_of(
    placed,
    nested,
    st.sampled_from(SOUP),
    st.sampled_from(SHOWN_OTHERWISE),
    st.sampled_from(SPECIAL).map(html.escape),
    link,
)
bodies = st.lists(piece, min_size=1, max_size=12).map("".join)


def markdown_of(source: str) -> str:
    return to_markdown(safe_html(source, Body(), "https://site.example/a/b.html"))


def live(markdown: str) -> list[str]:
    return [harm for page in pages_of(markdown) for harm in harms(page)]


@pytest.mark.parametrize("tag", ["code", "pre", "p", "kbd"])
@pytest.mark.parametrize("around", AROUND)
def test_no_place_makes_written_script_live(around: str, tag: str) -> None:
    written = [
        html.escape(before + script + after) for before in EDGES for script in LIVE for after in ("", " ", "`")
    ]
    chosen = random.Random(f"{around}{tag}").sample(written, examples(60))

    sources = [around.replace("{}", f"<{tag}>{script}</{tag}>") for script in chosen]
    assert [(source, found) for source in sources if (found := live(markdown_of(source)))] == []


@settings(max_examples=examples(800), deadline=None)
@given(bodies)
@example("<p>前文 <code> &lt;script&gt;alert(1)&lt;/script&gt;</code> 后文</p>")
@example("<code>```&lt;script&gt;alert(1)&lt;/script&gt;</code>")
@example("<li><pre>&lt;script&gt;alert(1)&lt;/script&gt;")
@example("<pre>\n\n[x](javascript:alert(1))")
def test_nothing_lives_under_kramdown_and_commonmark(source: str) -> None:
    assert live(markdown_of(source)) == []


@pytest.mark.slow
@settings(max_examples=examples(8), deadline=None, phases=[Phase.generate])  # a site takes too long to be shrunk
@given(sources=st.lists(bodies, min_size=40, max_size=40))
def test_nothing_lives_in_a_site_that_hugo_builds(sources: list[str]) -> None:
    with TemporaryDirectory() as folder:
        pages = pages_of_goldmark([*map(markdown_of, sources)], Path(folder))

    assert [found for page in pages if (found := harms(page))] == []


@pytest.mark.slow
def test_each_written_script_is_dead_in_a_site_that_hugo_builds(tmp_path: Path) -> None:
    sources = [
        around.replace("{}", f"<{tag}>{html.escape(before + '<script>x</script>')}</{tag}>")
        for around in AROUND for tag in ("code", "pre", "p") for before in EDGES[:12]
    ]  # fmt: skip
    pages = pages_of_goldmark([*map(markdown_of, sources)], tmp_path)

    assert [(source, found) for source, page in zip(sources, pages, strict=True) if (found := harms(page))] == []


@pytest.mark.parametrize(
    ("page", "found"),
    [
        pytest.param("<p><script>x</script>", ["<script>"], id="script"),
        pytest.param('<p onclick="x">', ["p onclick=x"], id="handler"),
        pytest.param('<a href="javascript:x">', ["a href=javascript:x"], id="address"),
        pytest.param('<h2 id="x"><a href="https://a.example/">', [], id="what readers add"),
    ],
)
def test_what_is_live_is_noticed(page: str, found: list[str]) -> None:
    assert harms(page) == found


def test_the_readers_read_script_that_is_not_escaped() -> None:
    assert [harms(page) for page in pages_of("一 <script>x</script>")] == [["<script>"]] * 4
