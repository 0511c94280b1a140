"""Pieces of text, HTML and Markdown that mean something to somebody, for tests to put together."""

from __future__ import annotations

SPECIAL = (
    *"\\`*_{}[]()#+-.!|<>~$^=:&;\"'%/@,?19aZ中文。（”😀 ",
    *("\u3000", "\xa0", "\t", "\x85", "\u2028", "\u200b", "\ufeff", "\x0b", "\n", "\r\n", "\n\n", "    ", "  \n"),
    *("\\\n", "\n- ", "\n# ", "\n> ", "\n1. ", "\n---\n", "\n===\n", "\n|a|b|\n|-|-|\n", "1) ", "```", "~~~", "$$"),
    *("&amp;", "&lt;", "&#42;", "&nbsp;", "&NewLine;", "<b>", "</p>", "<!--", "-->", "<script>", "<?", "<![CDATA["),
    *("{{ x }}", "{% raw %}", "{%-", "{:.c}", "{::nomarkdown}", "![a](b)", "[^1]", "[a]: b", "*[a]:", "__a__"),
    *("https://a.example/b_c_d", "www.a.example", "a@b.example", "<https://a.example>", "**a**"),
)

HREFS = (
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\tscript:alert(1)",
    "java&#10;script:alert(1)", "&#106;avascript:alert(1)", "&#x6A;avascript&colon;alert(1)",
    "javascript&#58;alert(1)", "\x01javascript:alert(1)", "vbscript:x", "data:text/html,<script>alert(1)</script>",
    "DATA:text/html;base64,PHNjcmlwdD4=", "file:///etc/passwd", "//other.example/x", "/a b(c)",
    "http://a.example/?q={{x}}", "https://a.example/)[x](javascript:alert(1)",
    "https://a.example/&quot; onclick=&quot;x", "https://a.example/&gt;&lt;script&gt;", "mailto:a@b.example",
    "?a=1&b=2", "#top", "",
)  # fmt: skip
SOUP = (
    "<script>alert(1)</script>", "<script>", "</script>", "<SCRIPT SRC=//x.example/x.js>", "<style>p{}</style>",
    "<style>", "<svg onload=alert(1)>", "</svg>", "<svg><script>alert(1)</script>",
    "<math><mi xlink:href='javascript:x'>", "</math>", "<iframe src=javascript:alert(1)>", "</iframe>",
    "<object data=x.swf>", "<embed src=x>", "<form action=javascript:x>", "<input autofocus onfocus=alert(1)>",
    "<img src=x onerror=alert(1)>", "<img src='x' alt='](javascript:alert(1))'>",
    "<img alt='&lt;script&gt;' src=javascript:alert(1)>", "<p onclick=alert(1) style='x:expression(1)'>",
    "<div ONMOUSEOVER=x>", "<a name=x>", "</a>", "<b>", "</b>", "<i>", "</i>", "<p>", "</p>", "<div>", "</div>",
    "<ul>", "<li>", "</ul>", "<ol start=9>", "<blockquote>", "</blockquote>", "<pre>", "</pre>", "<code>",
    "</code>", "<table>", "<tr>", "<td>", "</table>", "<h1>", "</h1>", "<br>", "<hr>", "<!--", "-->",
    "<!-- <script>alert(1)</script> -->", "<![CDATA[", "]]>", "<?php", "?>", "<!doctype html>", "<plaintext>",
    "<template>", "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>", "<title>", "<textarea>",
    "</textarea>", "<base href=//x>", "<meta http-equiv=refresh content='0;url=javascript:x'>",
    "<link rel=stylesheet href=x>", "<select>", "<xmp>", "<noembed>", "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&lt;img src=x onerror=alert(1)&gt;", "&amp;lt;script&amp;gt;", "&#60;script&#62;", "&lt;!--", "<", ">", '"',
    "'", "`", "```", "\n```\n", "``", "~~~", "\n", "\n\n", "    ", "\\", "[x](javascript:alert(1))",
    "[x]: javascript:alert(1)", "<javascript:alert(1)>", "![x](javascript:alert(1))", "{{ x }}", "{% raw %}", "中文",
    "x", "!", "&nbsp;", "\ue000", "\ue001", "\x00",
)  # fmt: skip
# What is said in other words before it is sanitised, and what takes more than one element.
SHOWN_OTHERWISE = (
    "<noscript>", "</noscript>", "<noscript><img src=x onerror=alert(1)></noscript>",
    "<img data-src='javascript:alert(1)'>", "<iframe src='https://e.com/)[x](javascript:alert(1)'></iframe>",
    "<iframe title='](javascript:x) <script>x</script>' src=//e.com/x></iframe>", "<video><source src='//e/a b|c'>",
    "<object data=x>", "<a href=/x title='&quot;) <script>x</script> {{ y }} `|'>",
    "<img src=/i title='\n\n<script>x</script>'>", "<pre class='language-x{{y}}'>",
    "<pre class='highlight lang-c++'>", "<code class=language-js>", "<sup id=r1><a href=#n1>1</a></sup>",
    "<li id=n1><a href=#r1>x</a>", "<p id=n1><a href=#r1>1</a>", "<div id=n1>", "<a id=r1 href=#n1>1</a>", "<sup>",
    "</sup>", "<sub>", "<sup data-note=9>x</sup>", "<math><mfrac><mn>1</mn>",
    "<annotation encoding=tex>&lt;script&gt;</annotation>", "</math>", "<td rowspan=3>", "<td colspan=99999>",
    "<tr>", "<th rowspan=0>", "<dl>", "<dt>", "<dd>", "<details>", "<form>", "</form>", "<del>", "</del>",
    "<caption>", "<tfoot>", "<ruby><rt>", "<picture><source srcset='javascript:x'>", "<td class=gutter>",
    "<figcaption>", "<br><br>", "<hr>",
)  # fmt: skip
