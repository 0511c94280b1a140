"""What a page shows by script, in a frame or as a formula is in its Markdown all the same."""

from __future__ import annotations

import pytest

from crawler.markdown.body import safe_html, words_of
from crawler.sites.definition import Body

A, B = "![](https://site.example/a.png)", "![](https://site.example/b.png)"
VIDEO = "https://video.example/play?id=1&p=2"


def words(source: str) -> tuple[str, str]:
    return tuple(words_of(safe_html(source, Body(), "https://site.example/news/1.html")))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("source", "markdown"),
    [
        pytest.param('文<noscript><img src="/a.png"></noscript>', f"文{A}", id="alone"),
        pytest.param('<img data-src="/a.png"><noscript><img src="/a.png"></noscript>', A, id="after a lazy image"),
        pytest.param('<noscript><img src="/a.png"></noscript> <img data-src="/a.png">', A, id="before a lazy image"),
        pytest.param(
            '<img src="data:image/gif;base64,R0"><noscript><img src="/a.png"></noscript>', A, id="placeholder"
        ),
        pytest.param(
            '<img src="/blank.gif"><noscript><img src="/a.png"></noscript>', A, id="placeholder with a name"
        ),
        pytest.param('<img class="lazy"><noscript><img src="/a.png"></noscript>', A, id="image without an address"),
        pytest.param('<a href="/c"><img></a><noscript><img src="/a.png"></noscript>', A, id="placeholder in a link"),
        pytest.param('<img src="/b.png">文<noscript><img src="/a.png"></noscript>', f"{B}文{A}", id="another image"),
        pytest.param('<noscript><img src="/a.png"><img src="/b.png"></noscript>', f"{A}{B}", id="two images"),
        pytest.param('文<noscript><img width="1" height=1 src="//t.example/p"></noscript>', "文", id="counting dot"),
        pytest.param('文<noscript><iframe src="//t.example/gtm"></iframe></noscript>', "文", id="frame"),
        pytest.param("<noscript>请启用<b>JavaScript</b></noscript>文", "文", id="words"),
        pytest.param('<ul><li>文<noscript><p><img src="/a.png"></p></noscript></ul>', f"- 文{A}", id="in a list"),
        pytest.param('<h2><noscript><img src="/a.png"></noscript>题</h2>', f"## {A}题", id="in a heading"),
        pytest.param("文<noscript><script>x</script></noscript>", "文", id="script"),
        pytest.param("文<noscript>&lt;img src=/a.png&gt;</noscript>", "文", id="written tag"),
    ],
)
def test_the_image_of_a_noscript_counts_when_there_is_none_otherwise(source: str, markdown: str) -> None:
    assert words(f"<div>{source}</div>")[0] == markdown


@pytest.mark.parametrize(
    ("image", "markdown"),
    [
        pytest.param('<img data-src="/a.png">', A, id="data-src"),
        pytest.param('<img src="/loading.gif" data-original="/a.png">', A, id="data-original"),
        pytest.param('<img src="" data-lazy-src="../a.png">', A, id="data-lazy-src"),
        pytest.param('<img src="/a.png" data-src="">', A, id="an empty one"),
        pytest.param('<img src="/a.png" data-src="javascript:alert(1)">', A, id="a forbidden one"),
        pytest.param('<img srcset="/a.png 1x, /b.png 2x">', A, id="srcset"),
        pytest.param('<img src="/a.png" srcset="/b.png 2x">', A, id="srcset beside an address"),
        pytest.param('<img src="data:x" data-srcset="/a.png 800w">', A, id="data-srcset"),
        pytest.param("<picture><source srcset='/a.png'><img></picture>", A, id="picture"),
        pytest.param('<img width=1 height=1 src="/t.gif">', "", id="counting dot"),
        pytest.param('<img width=100 height=1 src="/a.png">', A, id="line"),
    ],
)
def test_an_image_has_the_address_that_a_script_would_give_it(image: str, markdown: str) -> None:
    assert words(f"<p>{image}</p>")[0] == markdown


@pytest.mark.parametrize(
    "frame",
    [
        f'<iframe src="{VIDEO}"></iframe>',
        '<iframe src="//video.example/play?id=1&amp;p=2" width="100%">fallback</iframe>',
        f'<iframe data-src="{VIDEO}"></iframe>',
        f'<video src="{VIDEO}">请升级浏览器</video>',
        f'<video controls><source src="{VIDEO}"><source src="/2.webm">请升级浏览器</video>',
        f'<audio src="{VIDEO}"></audio>',
        f'<embed src="{VIDEO}">',
        f'<object data="{VIDEO}"><p>请升级浏览器</p></object>',
        f'<object><param name="movie"><embed src="{VIDEO}"></object>',
    ],
)
def test_a_video_or_a_frame_is_a_link(frame: str) -> None:
    assert words(f"<p>前{frame}后</p>") == (f"前\n\n[{VIDEO}]({VIDEO})\n\n后", f"前\n{VIDEO}\n后")


def test_a_frame_with_a_title_is_a_link_with_that_for_words() -> None:
    frame = f'<iframe title="发布会 [直播]" src="{VIDEO}"></iframe>'

    assert words(frame) == (f"[发布会 \\[直播\\]]({VIDEO})", "发布会 [直播]")


@pytest.mark.parametrize(
    "frame",
    [
        '<iframe src="javascript:alert(1)"></iframe>',
        '<iframe srcdoc="&lt;script&gt;x&lt;/script&gt;"></iframe>',
        '<iframe src="about:blank"></iframe>',
        '<iframe width="0" height="0" src="https://t.example/"></iframe>',
        '<video src="data:video/mp4;base64,AA">请升级浏览器</video>',
        "<audio></audio>",
    ],
)
def test_a_frame_without_an_address_is_nothing(frame: str) -> None:
    assert words(f"<p>前{frame}后</p>") == ("前后", "前后")


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        pytest.param("<mfrac><mn>1</mn><mn>2</mn></mfrac>", "1/2", id="fraction"),
        pytest.param(
            "<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mi>c</mi></mfrac>", "(a+b)/c", id="sum in a fraction"
        ),
        pytest.param("<msup><mn>10</mn><mn>8</mn></msup>", "10^8", id="power"),
        pytest.param(
            "<msup><mi>x</mi><mrow><mi>n</mi><mo>-</mo><mn>1</mn></mrow></msup>", "x^(n-1)", id="long power"
        ),
        pytest.param("<msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup>", "x_1^2", id="index and power"),
        pytest.param("<msqrt><mn>2</mn></msqrt>", "√(2)", id="root"),
        pytest.param("<mi>E</mi> <mo>=</mo> <mi>m</mi>", "E = m", id="row"),
        pytest.param(
            "<mtable><mtr><mtd>1</mtd><mtd>2</mtd></mtr><mtr><mtd>3</mtd></mtr></mtable>", "1 2 ; 3", id="table"
        ),
        pytest.param(
            '<semantics><mfrac><mn>1</mn><mn>2</mn></mfrac><annotation encoding="application/x-tex">\\frac{1}{2}'
            "</annotation></semantics>",
            "$\\frac{1}{2}$",
            id="TeX",
        ),
    ],
)
def test_a_formula_is_a_line_of_text(formula: str, text: str) -> None:
    assert words(f"<p>值<math>{formula}</math>元</p>")[1] == f"值{text}元"


@pytest.mark.parametrize(
    ("source", "markdown"),
    [
        pytest.param("<form>一<input>二</form><form>三</form>四", "一二\n\n三\n\n四", id="form"),
        pytest.param("<fieldset><legend>题</legend>一</fieldset>二", "题\n\n一\n\n二", id="fieldset"),
        pytest.param("<header>一</header><main>二</main><footer>三</footer>", "一\n\n二\n\n三", id="page"),
        pytest.param("<address>一</address>二<aside>三</aside>四", "一\n\n二\n\n三\n\n四", id="address, aside"),
        pytest.param("<details><summary>题</summary>一</details>二", "题\n\n一\n\n二", id="details"),
        pytest.param(
            "<dl><dt>营业收入</dt><dd>12亿元</dd><dt>净利润<dd>1</dl>", "营业收入\n\n12亿元\n\n净利润\n\n1", id="dl"
        ),
        pytest.param("<select><option>一<option>二</select>", "一\n\n二", id="options"),
        pytest.param("<ruby>漢<rt>かん</rt></ruby>字", "漢(かん)字", id="ruby"),
        pytest.param("<ruby>漢<rp>（</rp><rt>かん</rt><rp>）</rp></ruby>字", "漢（かん）字", id="ruby with brackets"),
        pytest.param(
            '<figure class="highlight python"><table><tr><td class="gutter"><pre>1<br>2</pre><td class="code">'
            "<pre><span>a</span><br><br>b</pre></table></figure>",
            "~~~ python\na\n\nb\n~~~",
            id="numbers of lines beside code",
        ),
    ],
)
def test_words_of_neighbouring_elements_do_not_run_together(source: str, markdown: str) -> None:
    assert words(source)[0] == markdown
