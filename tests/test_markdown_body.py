"""Bodies: what they look like as Markdown and as text, and that no body can do anything but be read."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markup import HREFS, SOUP, SPECIAL
from profiles import examples
from readers_of_markdown import pages_of
from selectolax.lexbor import LexborHTMLParser

from crawler.markdown.body import safe_html, to_markdown, to_text
from crawler.sites.definition import Body
from crawler.sites.loading import load_site
from crawler.text.words import bare, squeeze

PAGE = "https://site.example/a/b.html"
READER = MarkdownIt("commonmark", {"html": True}).enable("table")
FORBIDDEN = (
    "script, style, iframe, object, embed, svg, math, form, input, base, link, meta, template, noscript, textarea"
)


def markdown_of(source: str, chrome: Body | None = None) -> str:
    return to_markdown(safe_html(source, chrome or Body(), PAGE))


def text_of(source: str, chrome: Body | None = None) -> str:
    return to_text(safe_html(source, chrome or Body(), PAGE))


def rendered(markdown: str) -> LexborHTMLParser:
    return LexborHTMLParser(f"<!doctype html><body>{READER.render(markdown)}")


def shown(markdown: str) -> str:
    body = rendered(markdown).body
    return squeeze(body.text()) if body else ""


def elements(markdown: str) -> set[str | None]:
    return {node.tag for node in rendered(markdown).css("body *")}


# --- Whatever an article says, it is shown as it says it ---

article_text = st.lists(st.sampled_from(SPECIAL), max_size=25).map("".join)


@settings(max_examples=examples(700), deadline=None)
@given(article_text)
@example("\\\n&nbsp;---")
@example("文\n---")
@example("a\u2028# b\x85---")
@example("{% raw %}{{ site.title }}")
@example("\xa0\xa0\xa0\xa0indented")
def test_text_of_any_kind_is_shown_as_it_stands_and_starts_nothing(text: str) -> None:
    markdown = markdown_of(f"<p>{html.escape(text)}</p>")

    assert shown(markdown) == squeeze(text)
    assert elements(markdown) <= {"p", "br"}
    assert "{{" not in markdown
    assert "{%" not in markdown


@settings(max_examples=examples(300), deadline=None)
@given(article_text)
def test_plain_text_is_the_text_that_was_written(text: str) -> None:
    assert squeeze(text_of(f"<p>{html.escape(text)}</p>")) == squeeze(text)


@settings(max_examples=examples(200), deadline=None)
@given(st.lists(article_text, min_size=1, max_size=4))
@example(["--- -", ""])
@example(["-- - -", "x"])
@example(["x", "-- -- --"])
def test_text_between_line_breaks_starts_nothing_either(lines: list[str]) -> None:
    markdown = markdown_of(f"<p>{'<br>'.join(map(html.escape, lines))}</p>")

    assert shown(markdown) == squeeze(" ".join(lines))
    assert elements(markdown) <= {"p", "br"}


@settings(max_examples=examples(200), deadline=None)
@given(article_text)
@example("\n\x85\n---\n\n- ")
def test_text_in_a_table_a_heading_a_list_and_a_link_is_shown_as_it_stands(text: str) -> None:
    written, wanted = html.escape(text), squeeze(text)
    around = {
        "<table><tr><th>甲</th><th>乙</th></tr><tr><td>{}</td><td>尾</td></tr></table>": "甲 乙 {} 尾",
        "<h2>头{}尾</h2>": "头{}尾",
        "<ul><li>头{}尾</li></ul>": "头{}尾",
        '<p>头<a href="/c">链{}接</a>尾</p>': "头链{}接尾",
    }
    shown_texts = [bare(shown(markdown_of(source.format(written)))) for source in around]

    assert shown_texts == [bare(squeeze(form.format(wanted))) for form in around.values()]


emphasised = st.tuples(
    st.sampled_from(
        ["<b>{}</b>", "<i>{}</i>", "<b><i>{}</i></b>", '<b><a href="/c">{}</a></b>', "<b>一{}<i>二</i></b>"]
    ),
    st.text("中A。，“”：（）!&_* ", min_size=1, max_size=5),
    st.text("中A。，“”（ ", min_size=1, max_size=5).filter(str.strip),
)


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(emphasised, max_size=5))
@example([("<b>{}</b>", "标题：", "正文")])
def test_emphasis_never_shows_its_asterisks(runs: list[tuple[str, str, str]]) -> None:
    source = "".join(form.format(html.escape(inside)) + outside for form, inside, outside in runs)

    assert bare(shown(markdown_of(f"<p>前{source}</p>"))) == bare(LexborHTMLParser(f"<p>前{source}</p>").text())


# --- Whatever HTML is served, nothing of it runs ---

link = st.sampled_from(HREFS).map(lambda href: f'<a href="{href}">x</a>')
image = st.sampled_from(HREFS).map(lambda href: f'<img src="{href}" alt="x">')
soup = st.lists(st.one_of(st.sampled_from(SOUP), link, image), max_size=25).map("".join)


def harms(markdown: str) -> list[str]:
    """What a reader of the Markdown would be exposed to."""
    page = rendered(markdown)
    found = [node.tag or "" for node in page.css(FORBIDDEN)]
    for node in page.css("body *"):
        for name, value in node.attributes.items():
            if name.startswith("on") or name in {"style", "action", "srcdoc"}:
                found.append(f"{node.tag} {name}")
            elif name in {"href", "src"} and not re.match(r"(?:https?://|mailto:)", value or ""):
                found.append(f"{node.tag} {name}={value}")
    return found


@settings(max_examples=examples(700), deadline=None)
@given(soup)
def test_hostile_html_becomes_harmless_markdown(source: str) -> None:
    markdown = markdown_of(source)

    assert harms(markdown) == []
    assert "{{" not in markdown
    assert "{%" not in markdown


@settings(max_examples=examples(300), deadline=None)
@given(soup)
def test_safe_html_is_harmless_however_often_it_is_cleaned(source: str) -> None:
    once = safe_html(source, Body(), PAGE)

    for safe in (once, safe_html(once, Body(), PAGE)):
        assert LexborHTMLParser(f"<!doctype html><body>{safe}").css(FORBIDDEN) == []


@settings(max_examples=examples(200), deadline=None)
@given(soup)
def test_cutting_the_sites_own_elements_lets_nothing_through(source: str) -> None:
    assert harms(markdown_of(source, load_site("finews").body)) == []


@pytest.mark.parametrize("tag", ["div", "b", "blockquote", "ul><li", "span", "i"])
def test_two_thousand_open_elements_are_survived(tag: str) -> None:
    source = f"<{tag}>" * 2000 + "<script>alert(1)</script>文<img src=x onerror=alert(1)>"

    assert harms(markdown_of(source)) == []


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "<style>p{color:red}</style>",
        "<p></p>",
        "<!-- only a comment -->",
        "",
        "<svg></svg>",
    ],
)
def test_what_holds_nothing_to_read_becomes_nothing(source: str) -> None:
    assert (markdown_of(source), text_of(source)) == ("", "")


@pytest.mark.parametrize("href", HREFS[:13])
def test_a_link_that_could_run_or_leak_keeps_its_text_only(href: str) -> None:
    assert "(" not in re.sub(r"\(https://site\.example/[^)]*\)", "", markdown_of(f'<p><a href="{href}">词</a></p>'))
    assert harms(markdown_of(f'<p><a href="{href}">词</a></p>')) == []


# --- What bodies look like ---


@pytest.mark.parametrize(
    ("source", "markdown"),
    [
        pytest.param("<p>一<b>二</b><b>三</b>四</p>", "一**二三**四", id="bold run together"),
        pytest.param("<p><b>标题：</b>正文</p>", "**标题**：正文", id="bold that ends in punctuation"),
        pytest.param("<p>前<b>“中”</b>后</p>", "前“**中**”后", id="bold in quotation marks"),
        pytest.param("<p><b>“中”</b>，后</p>", "**“中”**，后", id="bold beside punctuation"),
        pytest.param('<p>前<b><a href="/1">一</a></b>后</p>', "前[一](https://site.example/1)后", id="bold link"),
        pytest.param("<p>前<b> 中 </b>后</p>", "前 **中** 后", id="bold with spaces inside"),
        pytest.param("<p>前<i>中</i>后</p>", "前*中*后", id="italic"),
        pytest.param("<p>一</p><p>二</p>", "一\n\n二", id="paragraphs"),
        pytest.param("<div>一<div>二</div>三</div>", "一\n\n二\n\n三", id="nested blocks"),
        pytest.param("<p>一<br>二<br/>三</p>", "一  \n二  \n三", id="line breaks"),
        pytest.param("<p>一<br><br>&nbsp;</p>", "一", id="line breaks at the end"),
        pytest.param("<p>\u3000\u3000一\u3000二</p>", "一 二", id="ideographic indent"),
        pytest.param("<p>&nbsp;&nbsp;&nbsp;&nbsp;一</p>", "一", id="no-break indent"),
        pytest.param("<h2>一 #</h2>", "## 一 \\#", id="heading"),
        pytest.param("<ul><li>一</li><li>二</li></ul>", "- 一\n- 二", id="list"),
        pytest.param("<ol start=3><li>一</li><li>二</li></ol>", "3. 一\n4. 二", id="numbered list"),
        pytest.param("<ol start=9999999999><li>一</li></ol>", "1. 一", id="number no list can begin with"),
        pytest.param("<ul><li>一<ul><li>二</li></ul></li></ul>", "- 一\n  - 二", id="nested list"),
        pytest.param("<blockquote><p>一</p></blockquote>", "> 一", id="quotation"),
        pytest.param("<p>一</p><hr><p>二</p>", "一\n\n---\n\n二", id="rule"),
        pytest.param("<p>a&amp;lt;b</p>", "a&amp;lt;b", id="entity-like text"),
        pytest.param("<p>a&lt;b&amp;c</p>", "a&lt;b&c", id="signs that are entities"),
        pytest.param("<p>C:\\new\\*</p>", "C:\\\\new\\\\\\*", id="backslashes"),
        pytest.param("<p>1. 一</p>", "1\\. 一", id="text like a list"),
        pytest.param("<p>2022. 4. 20</p>", "2022\\. 4. 20", id="date like a list"),
        pytest.param("<p>-5%</p>", "-5%", id="minus sign"),
        pytest.param("<p># 一</p>", "\\# 一", id="text like a heading"),
        pytest.param("<p>{{ x }} {% y %}</p>", "\\{\\{ x }} &#123;% y %}", id="Liquid"),
        pytest.param("<p>一\x00二\x1b[31m三&#8;</p>", "一二\\[31m三", id="control characters"),
        pytest.param("<p>看!<a href='/1'>一</a></p>", "看\\![一](https://site.example/1)", id="link after !"),
        pytest.param("<p><code>a`b</code></p>", "``a`b``", id="code with a backtick"),
        pytest.param("<p>前 <code> a </code> 后</p>", "前 `a` 后", id="code with white space inside"),
        pytest.param("<p><code>a</code><code>b</code></p>", "`a`<code>b</code>", id="code beside code"),
        pytest.param("<p><code>a<br>b</code></p>", "`a`  \n`b`", id="code of two lines"),
        pytest.param("<p><code>`a</code></p>", "<code>&#96;a</code>", id="code that begins with a backtick"),
        pytest.param("<p><code>&lt;b&gt;</code></p>", "<code>&#60;b&#62;</code>", id="code with a tag"),
        pytest.param("<code>{{x}}</code>", "<code>&#123;&#123;x&#125;&#125;</code>", id="Liquid in a span"),
        pytest.param("<p>a<code> </code>b</p>", "a b", id="code of white space"),
        pytest.param("<pre>~~~\n&lt;b&gt;</pre>", "~~~~\n~~~\n<b>\n~~~~", id="code with a fence"),
        pytest.param("<pre>{{ x }}</pre>", "~~~\n{\u200b{ x }}\n~~~", id="Liquid in code"),
        pytest.param("<p>一<span class=x>二</span><font>三</font></p>", "一二三", id="elements that give way"),
        pytest.param("<p>一<img src='data:x' alt='图'>二</p>", "一二", id="image of a forbidden kind"),
        pytest.param("<p><b>题<br><br>文</b></p>", "**题**\n\n**文**", id="bold over a double line break"),
        pytest.param("<p><b>题<br>文</b></p>", "**题**  \n**文**", id="bold over a line break"),
        pytest.param("<b><p>一</p>二<p>三</p></b>", "**一**\n\n**二**\n\n**三**", id="bold over paragraphs"),
        pytest.param(
            "<i>一<b>二<p>三</p></b></i>", "*一**二***\n\n***三***", id="marks within marks over paragraphs"
        ),
        pytest.param("<p><b>一</b><i>二</i></p>", "**一**二", id="italic right after bold"),
        pytest.param(
            "<figcaption><p>图注</p><p>摄影</p></figcaption>", "*图注*\n\n*摄影*", id="caption of paragraphs"
        ),
        pytest.param(
            "<b><table><tr><td>1<td>2<tr><td>3<td>4</table></b>",
            "| **1** | **2** |\n| --- | --- |\n| **3** | **4** |",
            id="bold table",
        ),
        pytest.param(
            "<a href=/c><p>一</p><p>二</p></a>",
            "[一](https://site.example/c)\n\n[二](https://site.example/c)",
            id="link over paragraphs",
        ),
        pytest.param(
            "<a href=/c><div><img src=/i.png></div></a>",
            "[![](https://site.example/i.png)](https://site.example/c)",
            id="image in a block in a link",
        ),
        pytest.param("<h2><a href='#a' title='小标题'></a>小标题</h2>", "## 小标题", id="link without words"),
        pytest.param("<h2>一<br>二</h2>", "## 一 二", id="heading of two lines"),
        pytest.param("<ul><li><section><div><p>一</p><p>二</p></div></section></ul>", "- 一\n\n  二", id="deep item"),
        pytest.param("<ul><li>一<ol start=5><li>二</ol></ul>", "- 一\n\n  5. 二", id="list that begins with five"),
        pytest.param("<ol><li>一</ol><ol><li>二</ol>", "1. 一\n\n<!-- -->\n\n1. 二", id="neighbouring lists"),
        pytest.param("<blockquote>一</blockquote><blockquote>二</blockquote>", "> 一\n\n> 二", id="quotations"),
        pytest.param("<p>一<del>二</del>三</p>", "一<del>二</del>三", id="struck out"),
        pytest.param("<p>10<sup>8</sup>吨</p>", "10^8吨", id="power"),
        pytest.param("<p>x<sup>n+1</sup></p>", "x^(n+1)", id="power of a sum"),
        pytest.param("<p>H<sub>2</sub>O</p>", "H2O", id="index"),
        pytest.param("<p>10<sub>2</sub></p>", "10\\_2", id="index of a figure"),
        pytest.param(
            "<p>1<sup>st</sup> 名<sup>TM</sup> 文<sup>[1]</sup></p>", "1st 名TM 文\\[1\\]", id="raised words"
        ),
        pytest.param("<p>$$x$$ 元</p>", "\\$\\$x\\$\\$ 元", id="two dollar signs"),
        pytest.param("<p>~~一~~</p>", "&#126;&#126;一&#126;&#126;", id="tildes"),
        pytest.param("<p>12345678901. 一</p>", "12345678901\\. 一", id="long number like a list's"),
        pytest.param(
            "<pre><code class='language-python'>if x:\n\n\n    y</code></pre>",
            "~~~ python\nif x:\n\n\n    y\n~~~",
            id="code with a language and blank lines",
        ),
        pytest.param("<ul><li><pre>a\n\n  b</pre></ul>", "- `a`  \n  `b`", id="code in a list"),
        pytest.param("<p><code>~~~</code></p>", "<code>&#126;&#126;&#126;</code>", id="code like a fence"),
    ],
)
def test_a_body_as_markdown(source: str, markdown: str) -> None:
    assert markdown_of(source) == markdown


def test_a_table_keeps_its_cells_apart_whatever_they_hold() -> None:
    source = "<table><tr><th>代码|名称</th><th>涨幅</th></tr><tr><td>a\\|b</td><td>`1|2`</td></tr></table>"

    page = rendered(markdown_of(source))

    assert [[cell.text() for cell in row.css("th, td")] for row in page.css("tr")] == [
        ["代码|名称", "涨幅"],
        ["a\\|b", "`1|2`"],
    ]


@pytest.mark.parametrize(
    ("source", "address"),
    [
        pytest.param("/c.png", "https://site.example/c.png", id="relative to the host"),
        pytest.param("../c.png", "https://site.example/c.png", id="relative to the page"),
        pytest.param("//img.example/c.png", "https://img.example/c.png", id="protocol-relative"),
        pytest.param("http://img.example/a b.png", "http://img.example/a%20b.png", id="space"),
        pytest.param("http://img.example/?a=1&b=2", "http://img.example/?a=1&b=2", id="raw ampersand"),
        pytest.param("http://img.example/?a=1&amp;b=2", "http://img.example/?a=1&b=2", id="escaped ampersand"),
        pytest.param("http://img.example/a(b).png", "http://img.example/a%28b%29.png", id="parentheses"),
        pytest.param("http://img.example/{{x}}.png", "http://img.example/%7B%7Bx%7D%7D.png", id="Liquid"),
        pytest.param("http://img.example/图.png", "http://img.example/%E5%9B%BE.png", id="Chinese"),
        pytest.param("http://img.example/%E5%9B%BE.png", "http://img.example/%E5%9B%BE.png", id="encoded Chinese"),
        pytest.param("http://img.example/a*b_c_.png", "http://img.example/a%2Ab_c_.png", id="asterisk"),
    ],
)
def test_an_images_address_is_absolute_and_ends_nothing(source: str, address: str) -> None:
    markdown = markdown_of(f'<p><img src="{source}" alt="图"></p>')

    image = rendered(markdown).css_first("img")
    assert image is not None
    assert image.attributes == {"src": address, "alt": "图"}


@pytest.mark.parametrize(
    ("alt", "shown_alt"),
    [
        pytest.param("一]二", "一 二", id="bracket"),
        pytest.param("](javascript:alert(1))", "(javascript:alert(1))", id="the end of an image"),
        pytest.param("一\n\n二", "一 二", id="blank line"),
        pytest.param("&quot; onerror=&quot;x", "onerror= x", id="quotation marks"),
        pytest.param("{{ x }}{% y %}", "x % y %", id="Liquid"),
        pytest.param("&lt;script&gt;", "script", id="tag"),
        pytest.param("*a*_b_\\", "a b", id="emphasis"),
    ],
)
def test_an_images_description_cannot_leave_its_brackets(alt: str, shown_alt: str) -> None:
    image = rendered(markdown_of(f'<p><img src="/c.png" alt="{alt}"></p>')).css_first("img")

    assert image is not None
    assert image.attributes == {"src": "https://site.example/c.png", "alt": shown_alt}


@pytest.mark.parametrize(
    ("written", "title"),
    [
        pytest.param("图片标题", "图片标题", id="Chinese"),
        pytest.param("涨50%25 %E5", "涨50%25 %E5", id="percent signs"),
        pytest.param("“一” &quot;二&quot; '三'", "“一” \"二\" '三'", id="quotation marks"),
        pytest.param("一](javascript:alert(1)) [二]", "一](javascript:alert(1)) [二]", id="brackets"),
        pytest.param("一\n\n  二", "一 二", id="blank line"),
        pytest.param("`a` *b* c_d_ \\ | ~~ $$", "`a` *b* c_d_ \\ | ~~ $$", id="signs of Markdown"),
        pytest.param("{{ x }} {% y %} {: .z}", "{{ x }} {% y %} {: .z}", id="Liquid and kramdown"),
        pytest.param("&lt;script&gt;x&lt;/script&gt; &amp;lt;", "<script>x</script> &lt;", id="tags and entities"),
        pytest.param(" ", None, id="nothing"),
    ],
)
def test_a_title_is_what_it_says_to_every_reader(written: str, title: str | None) -> None:
    source = f'<p><img src="/c.png" alt="图" title="{written}"><a href="/d" title="{written}">链</a></p>'
    markdown = markdown_of(source)

    assert "{{" not in markdown
    assert "{%" not in markdown
    for page in pages_of(markdown):
        found = [node.attributes.get("title") for node in LexborHTMLParser(page).css("img, a")]
        assert found == [title, title]


@pytest.mark.parametrize("tag", ["div", "span", "section", "ul><li", "blockquote"])
def test_text_below_hundreds_of_elements_is_kept(tag: str) -> None:
    source = f"<{tag}>" * 500 + "深处的文字"

    assert shown(markdown_of(source)) == "深处的文字"
    assert text_of(source).endswith("深处的文字")


def test_an_image_is_no_text() -> None:
    assert text_of('<p>一<img src="/c.png" alt="图">二</p>') == "一二"


def test_a_link_is_its_words_in_text() -> None:
    assert text_of('<p>一<a href="/c">二</a></p>') == "一二"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        pytest.param("<p>\u3000\u3000一</p>\n\n<p>&nbsp;二 </p>", "一\n二", id="a line per paragraph, no indents"),
        pytest.param("<p>一<br>二</p>", "一\n二", id="line breaks"),
        pytest.param("<p>一<b>二</b>&amp;lt;</p>", "一二&lt;", id="emphasis and entity-like text"),
        pytest.param("<p>*一* [二] \\ `三` # {{x}}</p>", "*一* [二] \\ `三` # {{x}}", id="nothing is escaped"),
        pytest.param("<ul><li>一</li><li>二</li></ul>", "- 一\n- 二", id="list"),
        pytest.param("<p>一句\n话</p>", "一句 话", id="a line of the source is none of the text"),
        pytest.param("<p>10<sup>8</sup>吨</p>", "10^8吨", id="power"),
    ],
)
def test_a_body_as_text(source: str, text: str) -> None:
    assert text_of(source) == text


# --- What is the site's and not the article's ---


@pytest.mark.parametrize(
    "extra",
    [
        pytest.param('<p style="display:none">藏</p>', id="hidden"),
        pytest.param('<p style="color:red;display: none;">藏</p>', id="hidden, with a space"),
        pytest.param('<p><a class="EmImageRemark" href="/a"><img src="/chart.png"></a></p>', id="live chart"),
    ],
)
def test_finews_hidden_paragraphs_and_charts_are_cut(extra: str) -> None:
    chrome = load_site("finews").body

    assert markdown_of(f"<p>一</p>{extra}<p>二</p>", chrome) == "一\n\n二"
    assert text_of(f"<p>一</p>{extra}<p>二</p>", chrome) == "一\n二"


@pytest.mark.parametrize("name", ["keytip", "infokey"])
def test_finews_key_words_are_words_and_no_links(name: str) -> None:
    source = f'<p>看好<a class="{name}" href="http://data.example/1" data-code="1,600160">巨化股份</a>（600160）</p>'

    assert markdown_of(source, load_site("finews").body) == "看好巨化股份（600160）"


def test_without_the_sites_definition_nothing_is_cut() -> None:
    source = '<p style="display:none">藏</p><p><a class="keytip" href="/k">词</a></p>'

    assert markdown_of(source) == "藏\n\n[词](https://site.example/k)"


@pytest.mark.parametrize("around", ["strong", "em", "del", "a", "figcaption", "h2", "table><tr><td"])
def test_a_code_block_inside_of_a_line_is_text(around: str) -> None:
    code = "<pre>&lt;script&gt;alert(1)&lt;/script&gt;</pre>"
    markdown = to_markdown(safe_html(f"<{around}>{code}", Body(), "https://site.example/"))
    assert "<script" not in markdown
    assert "script" in markdown


def test_thousands_of_line_breaks_in_a_paragraph_are_no_work() -> None:
    assert to_markdown(f"<p>{chr(10) * 40_000}正文。</p>") == "正文。"
