"""Files of the site's own that come back to the letter, and posts of any kind that come back with their words."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples
from selectolax.lexbor import LexborHTMLParser

from crawler.archive import Archive
from crawler.archive.ledger import runs
from crawler.archive.store import posts
from crawler.archive.store.bodies import decode_file, encode_file
from crawler.archive.store.derived import DerivedArticle
from crawler.archive.store.files import written_file
from crawler.items import PostFile
from crawler.jekyll.source_form import source_of
from crawler.ops.export import export_posts
from crawler.ops.importing.reading import read_file
from crawler.recording.normalise import normalise
from crawler.text.words import tokens

if TYPE_CHECKING:
    from pathlib import Path

ID = "202112082206935918"
NAME = f"2021-12-08-{ID}.md"
TITLE = "白酒板块拉升 三只个股触及涨停！"
FRONT = f"""\
---
layout: post
title: "{TITLE}"
date: 2021-12-08 12:47:49 +0800
categories: emnews
tags: 东财滚动新闻
---
"""
DIGEST = "午后白酒板块快速拉升，截至发稿，板块指数上涨3.4%。（样本财经报）"
HTML = (
    '<p>　　<span id="stock_1.600519"><a href="//q.example/" class="keytip" data-code="1,600519">样本</a></span>'
    '拉升。</p><!-- EM_StockImg_Start --><p style="color:red"><img src="http://q.example/?a=1&b=2" />'
    '</p><!-- EM_StockImg_End --><p class="em_media">（文章来源：样本财经报）</p>'
)
LINES = "<p>一段。</p>\n <p>二段。</p>\n <p><strong>三</strong></p>"
SHARE = f"<http://finance.eastmoney.com/news/11158,{ID}.html>"
BACK = "[返回东财滚动新闻]"
HOME = "[返回首页]"
FORMS = {
    "now": f"{FRONT}{LINES}\n\n{SHARE}\n\n{BACK}(//finews.withounder.com/emnews/)｜{HOME}(//finews.withounder.com/)",
    "digest": f"{FRONT}\n{DIGEST}\n\n{SHARE}\n",
    "digest without a zone": f"{FRONT.replace(' +0800', '')}\n{DIGEST}\n\n{SHARE}\n\n{BACK}(../emnews/)\n{HOME}(../)",
    "former host": f"{FRONT}\n{DIGEST}\n\n{SHARE}\n\n{BACK}(//finews.zning.me/emnews/)\n{HOME}(//finews.zning.me/)\n",
    "beside itself": f"{FRONT}\n{DIGEST}\n\n{SHARE}\n\n{BACK}(./emnews/)\n{HOME}(./)\n\n",
    "quotation and HTML": f"{FRONT}\n> {DIGEST}\n\n{HTML}\n\n<>\n\n{BACK}(//a.example/emnews/)｜{HOME}(//a.example/)",
    "no tail": f"{FRONT}\n祝贺开站\n",
    "a blank line first": f"\n{FRONT}\n{DIGEST}\n\n{SHARE}",
    "quotes in its title": FRONT.replace(TITLE, '他说"涨"，又说“跌”') + LINES,
    "a torn title": FRONT.replace(TITLE, 'A" # B') + LINES,
    "keys of its own": FRONT.removesuffix("---\n") + f"editor:  小新   # 编辑\n---\n{LINES}",
    "line ends of Windows": f"\ufeff{FRONT}\n> {DIGEST}\n\n{LINES}\n".replace("\n", "\r\n"),
    "an open element": f"{FRONT}<center><p>一段。<p>二段。</p>\n\n{SHARE}\n",
    "signs of comparison": f"{FRONT}\n市盈率<10，市净率 < 1 的<科创板>股。\n",
    "a link that does nothing": f'{FRONT}<p><a href="javascript:;">一</a><a href="javascript:void(0)">二</a></p>',
    "two pieces of HTML": f"{FRONT}\n> {DIGEST}\n\n{LINES}\n\n{HTML}\n\n{SHARE}\n",
}


def derived(source: str | bytes, name: str = NAME, **changes: Any) -> DerivedArticle:
    content = source if isinstance(source, bytes) else source.encode()
    read = read_file(PostFile(path=name, name=name, content=content, **changes), made.SITE, made.SEEN)
    assert read.derived, read.reason
    return read.derived


def exported(archive: Archive, folder: Path) -> dict[str, bytes]:
    export_posts(archive.posts(), folder, "jekyll", sites=archive.sites(), file_of=partial(written_file, archive.db))
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.fixture
def archive(tmp_path: Path) -> Any:
    with Archive(tmp_path / "archive.db", create=True) as opened:
        runs.begin(opened.db, "finews", made.SEEN)
        yield opened


def store(archive: Archive, *articles: DerivedArticle) -> list[str]:
    return [posts.store(archive.db, each.article, 1, each).outcome or "" for each in articles]


# To the letter.


@pytest.mark.parametrize("form", FORMS)
def test_a_file_of_the_site_comes_back_to_the_letter(archive: Archive, tmp_path: Path, form: str) -> None:
    store(archive, derived(FORMS[form]))
    assert exported(archive, tmp_path / "out") == {NAME: FORMS[form].encode()}


def joined(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map("".join)


words = st.text("江西股a5 ，。“”%+（）&;", min_size=1, max_size=20).map(lambda text: f"文{text}文")
breaks = st.sampled_from(["\n", "\n\n", "\n\n\n"])
paragraph = words.map(lambda text: f"<p>　　{text}</p>")
html = st.lists(st.one_of(paragraph, st.just(HTML), st.just("<center>表<br /></center>")), min_size=1, max_size=4)
body = st.one_of(
    words,
    words.map(lambda text: f"> {text}"),
    st.builds(lambda digest, rest: f"> {digest}\n\n{''.join(rest)}", words, html),
    st.builds(lambda sep, rest: sep.join(rest), st.sampled_from(["", "\n", "\n ", "\n\n"]), html),
)
navigation = st.sampled_from(
    [
        "",
        *(
            f"{BACK}({base}emnews/){between}{HOME}({base})"
            for base in ("../", "./", "//finews.zning.me/", "//finews.withounder.com/")
            for between in ("\n", "｜")
        ),
    ]
)
front = st.builds(
    lambda title, date, category: (
        f'---\nlayout: post\ntitle: "{title}"\ndate: {date}\ncategories: {category}\ntags: 东财滚动新闻\n---\n'
    ),
    st.text("涨跌a \"'#:\\“”", max_size=12).map(lambda text: f"题{text}"),
    st.sampled_from(["2021-12-08 12:47:49", "2021-12-08 12:47:49 +0800", "2021-12-08", ""]),
    st.sampled_from(["emnews", "dajiangwang", "Career In touxingPEVC", "anxinguojizhengquan(xianggang)"]),
)
sources = joined(
    st.sampled_from(["", "\n", "\n\n", "\ufeff"]), front, st.sampled_from(["", "\n"]), body, breaks,
    st.sampled_from(["", SHARE, "<>"]), st.sampled_from(["", "\n\n"]), navigation, st.sampled_from(["", "\n", " \n"]),
)  # fmt: skip


def returned(derived: DerivedArticle) -> tuple[str, str]:
    """Return the name and the text of the file that an archive with this post writes, without making one."""
    file = derived.article.post.written
    assert file
    kept = decode_file(json.loads(json.dumps(encode_file(file, derived.html))), derived.html)
    assert kept == file
    return source_of({**derived.row, "html": derived.html}, made.SITE, kept)


@settings(max_examples=examples(300), deadline=None)
@given(source=sources, ends=st.sampled_from(["\n", "\n", "\r\n"]))
def test_any_file_of_the_sites_forms_comes_back_to_the_letter(source: str, ends: str) -> None:
    content = source.replace("\n", ends)
    assert returned(derived(content)) == (NAME, content)


def test_a_file_that_had_no_date_for_its_name_keeps_that_name(archive: Archive, tmp_path: Path) -> None:
    name = "-202205262391921712.md"
    source = f'---\nlayout: post\ntitle: ""\ndate:  +0800\ncategories: emnews\n---\n\n> {DIGEST}\n\n{HTML}\n\n<>\n'
    store(archive, derived(source, name))
    assert exported(archive, tmp_path / "out") == {name: source.encode()}


def test_a_further_copy_of_a_file_comes_back_under_the_name_that_jekyll_knows(
    archive: Archive, tmp_path: Path
) -> None:
    store(archive, derived(FORMS["digest"], f"2021-12-08-{ID}.v2.md"))
    assert exported(archive, tmp_path / "out") == {NAME: FORMS["digest"].encode()}


@pytest.mark.parametrize("date", ["2021-12-08 25:00", "2021年12月8日", "soon", "2021-02-31"])
def test_a_date_at_which_jekyll_stops_is_written_anew(archive: Archive, tmp_path: Path, date: str) -> None:
    store(archive, derived(FRONT.replace("2021-12-08 12:47:49 +0800", date) + LINES))
    (text,) = exported(archive, tmp_path / "out").values()
    assert text.decode().splitlines()[3].startswith("date: 2021-12-08 00:00:00 +0800")


# Which file is kept.


def test_of_two_files_that_say_the_same_the_later_comes_back(archive: Archive, tmp_path: Path) -> None:
    then = datetime(2021, 12, 9, tzinfo=UTC)
    older, newer = FORMS["digest without a zone"], FORMS["former host"].replace(" +0800", "")
    at = [then, then + timedelta(days=1), then]
    files = [derived(source, seen_at=time) for source, time in zip([older, newer, older], at, strict=True)]
    assert store(archive, *files) == ["new", "unchanged", "unchanged"]
    assert exported(archive, tmp_path / "out") == {NAME: newer.encode()}


def test_a_copy_does_not_take_the_place_of_its_file(archive: Archive, tmp_path: Path) -> None:
    other = FORMS["beside itself"]
    assert store(archive, derived(FORMS["digest"]), derived(other, f"2021-12-08-{ID}.v2.md")) == ["new", "unchanged"]
    assert exported(archive, tmp_path / "out") == {NAME: FORMS["digest"].encode()}


def test_a_crawled_post_whose_file_is_imported_comes_back_as_that_file(archive: Archive, tmp_path: Path) -> None:
    read = derived(FORMS["now"]).article
    page = normalise(replace(read.post, via="page", html=read.post.html.replace("\n ", ""), written=None), made.SITE)
    assert posts.store(archive.db, page, 1).outcome == "new"
    assert store(archive, derived(FORMS["now"])) == ["unchanged"]
    assert exported(archive, tmp_path / "out") == {NAME: FORMS["now"].encode()}


def test_a_file_survives_that_the_page_writes_the_same_words_in_other_markup(
    archive: Archive, tmp_path: Path
) -> None:
    read = derived(FORMS["now"]).article
    pages = [
        normalise(replace(read.post, via="page", html=html, written=None), made.SITE)
        for html in ("<p>一段。</p><p>二段。</p><p>三</p>", "<div>一段。</div><p>二段。</p><p>三</p>")
    ]
    assert posts.store(archive.db, pages[0], 1).outcome == "new"
    assert store(archive, derived(FORMS["now"])) == ["unchanged"]
    assert posts.store(archive.db, pages[1], 1).outcome == "unchanged"
    assert archive.post(ID)["html"].startswith("<div>")
    assert exported(archive, tmp_path / "out") == {NAME: FORMS["now"].encode()}


def test_the_file_is_no_key_of_the_posts_front_matter(archive: Archive) -> None:
    store(archive, derived(FORMS["keys of its own"]))
    assert archive.post(ID)["front_matter"] == {"editor": "小新"}
    assert archive.post(ID, revision=1)["front_matter"] == {"editor": "小新"}
    assert [post["front_matter"] for post in archive.posts()] == [{"editor": "小新"}]


def test_a_body_that_somebody_has_changed_is_written_anew(archive: Archive, tmp_path: Path) -> None:
    store(archive, derived(FORMS["now"]))
    archive.db.execute("UPDATE articles SET html = '<p>另一段。</p>'")
    tail = FORMS["now"].partition("\n\n")[2]
    assert exported(archive, tmp_path / "out") == {NAME: f"{FRONT}<p>另一段。</p>\n\n{tail}".encode()}


# What would act.


@pytest.mark.parametrize(
    "acting",
    [
        "<p>一<script>alert(1)</script></p>", "<p onclick='x'>一</p>", '<p><img src="x" onerror="x"></p>',
        '<p><a href="javascript:x">一</a></p>', '<p><a href="java&#115;cript:x">一</a></p>', "<p>{{ site.x }}</p>",
        "<p>{% include x %}</p>", "一 {% raw %}", "一 {::nomarkdown}二{:/}", "一\n{: onclick='x'}",
        "<p>一<iframe></iframe>", "[一](javascript:x)", "[一](java\\script:x)", "[一]: javascript:x\n\n[一]",
        "<http://a/onclick=x>", "<javascript:x>", "<svg onload=x>一</svg>", "<base href='//x'><p>一</p>",
        '<p style="background:url(x)">一</p>', """<p title="<b" onclick=x>一</p>""", "<style>p {}</style><p>一</p>",
        '<p>一</p><!-- --!><img src="x" onerror="x"> -->', "<form><input></form><p>一</p>",
        '<p><a href="data:text/html,x">一</a></p>', "<p>一</p><meta http-equiv='refresh'>",
    ],
)  # fmt: skip
def test_a_file_that_would_act_is_written_anew(archive: Archive, tmp_path: Path, acting: str) -> None:
    store(archive, derived(f"{FRONT}{acting}\n\n<p>正文。</p>\n"))
    (text,) = exported(archive, tmp_path / "out").values()
    shown = LexborHTMLParser(text.decode().partition("---\n<")[2])
    assert shown.css("script, iframe, svg, style, form, input, meta[http-equiv], base, [onclick], [onerror]") == []
    assert shown.css('[href^="javascript"], [href^="data"], [style]') == []
    assert [sign for sign in ("{{", "{%") if sign in text.decode()] == []
    again = derived(text)
    assert again.article.text == archive.post(ID)["text"]


# With their words.

INLINE = st.sampled_from(
    [
        "文字", "{{ x }}", "{% x %}", "{{< x >}}", "&lt;b&gt;", "&quot;引&quot;", "&amp;amp;", "a  ", "5*3*2", "_a_",
        "[x](y)", "| a |", "<code>{{ `x` }}</code>", "<b>粗：</b>体", "<br>", "$$x$$", "# 题", "- 项", "{: x}",
        "\\\\", '<a href="/1">链</a>', "[^1]: 注",
    ]
)  # fmt: skip
LINE = st.lists(INLINE, min_size=1, max_size=4).map("".join)
CODE_LINES = ["f(a) {", "", "    b = &quot;x&quot; &amp;&amp; c;", "}", "\t", "{{ x }}", "~~~", "```"]
CODE = st.lists(st.sampled_from(CODE_LINES), min_size=1, max_size=5).map("\n".join)
BLOCKS = st.recursive(
    st.one_of(
        LINE,
        LINE.map(lambda line: f"<p>{line}</p>"),
        CODE.map(lambda code: f"<pre><code>{code}</code></pre>"),
        st.lists(LINE, min_size=2, max_size=4).map(
            lambda cells: "<table><tr><td>" + "</td><td>".join(cells[:2]) + "</td></tr><tr><td>一<td>二</table>"
        ),
    ),
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag.split('><')[-1].split()[0]}>",
        st.sampled_from(["div", "blockquote", "ul><li", "ol><li", "center"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)


@settings(max_examples=examples(300), deadline=None)
@given(html=st.lists(BLOCKS, min_size=1, max_size=4).map("\n\n".join), title=LINE, markdown=st.booleans())
def test_an_export_that_is_imported_again_says_the_same(html: str, title: str, markdown: bool) -> None:
    if markdown:
        before = derived(f"---\ntitle: {json.dumps(title)}\ndate: 2021-12-08\n---\n正文\n\n{html}\n").article
    else:
        before = made.article(ID, title=title.strip(), html=f"<p>正文</p>{html}", via="import")
    row = {**DerivedArticle(before).row, "html": before.post.html}
    name, text = source_of(row, made.SITE)
    again = derived(text, name).article

    assert (again.post.published_at, tokens(again.post.title)) == (
        before.post.published_at,
        tokens(before.post.title),
    )
    assert tokens(again.text) == tokens(before.text)
    assert [sign for sign in ("{{", "{%") if sign in text.partition("\n---\n")[2]] == []
