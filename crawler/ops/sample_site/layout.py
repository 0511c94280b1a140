"""Rendering the pages of the sample site: post, home, category, missing page, share shell.

Pure functions from source posts to HTML text. Not here: which pages a site has, and where (`site`), and the feed
(`feed`).
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from crawler.ops.sample_site.body import excerpt, render, render_layoutless
from crawler.ops.sample_site.frame import Page, wrap
from crawler.ops.sample_site.source import category_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from crawler.ops.sample_site.source import SourcePost

NEWEST_PER_TAG = 5

# As on the real site, the home page's own source appears unrendered in its head.
_HOME_SOURCE = """{% for tag in site.tags %}
  <h2 id="{{ tag[0] }}">{{ tag[0] }}</h2>
  <ul>
    {% for post in tag[1] limit:5 %}
      <li><a href="{{ post.url }}">{{ post.title }}</a></li>
    {% endfor %}
  </ul>
  ---
{% endfor %}
"""
_TAG_LIKE = re.compile(r"(<[^\W\d_]\w*>)")
_OLD_POST = "https://raw.githubusercontent.com/zning1994/finews/main/old_post/YYYY-MM-DD-&lt;id&gt;.md"

_SHARE_SHELL = """<!DOCTYPE html>
<html>
<head><meta charset="utf-8"><title>资讯分享</title></head>
<body>
<div id="news-title"></div>
<div id="news-content"></div>
<script>
  var id = new URLSearchParams(location.search).get("infoCode");
  fetch("/NewsData/GetNewsText.do?id=" + id)
    .then(function (answer) { return answer.json(); })
    .then(function (news) {
      document.getElementById("news-content").innerHTML = news.text || news.content || "";
    });
</script>
</body>
</html>
"""


def post_html(post: SourcePost) -> str:
    """Return the HTML of a post's body alone, as page and feed contain it."""
    return render(post.body) if post.has_layout else render_layoutless(post.body)


def post_page(post: SourcePost, content: str) -> str:
    """Return the page of a post whose body's HTML is `content`; without front matter, that is all of the page."""
    if not post.has_layout:
        return content
    return wrap(
        Page(
            address=post.address,
            title=post.title,
            section=_article(post, content),
            content=content,
            excerpt=excerpt(post.body),
            published=post.date,
        )
    )


def _article(post: SourcePost, content: str) -> str:
    tags = " - ".join(f"<em>{tag}</em>" for tag in post.tags)
    return (
        f"<small>(GMT+8, Asia/Shanghai, CST) {post.date:%Y-%m-%d %H:%M:%S}</small>\n"
        f"<h1>{post.title}</h1>\n\n{content}\n\n\n  <small>tags: {tags}</small>\n\n"
    )


def category_page(slug: str, title: str, posts: Sequence[SourcePost]) -> str:
    """Return the page of a category: all `posts` in the given order, with unescaped titles."""
    items = "\n".join(f'    <li><a href="{post.address}">{post.title}</a></li>' for post in posts)
    section = f'<h2 id=""></h2>\n\n<ul>\n{items}\n</ul>\n'
    return wrap(Page(address=category_address(slug), title=title, section=section))


def home_page(posts_by_tag: Mapping[str, Sequence[SourcePost]]) -> str:
    """Return the home page: for every tag, in the given order, the first five of its posts."""
    return wrap(Page(address="/", title="首页", section=_home_lists(posts_by_tag), content=_HOME_SOURCE))


def _home_lists(posts_by_tag: Mapping[str, Sequence[SourcePost]]) -> str:
    # The home page passes through kramdown, which treats `<科创板>` in a title as an unclosed element: the tags that
    # close title, item and list become text, and what is still open is closed at the end of the page.
    parts: list[str] = []
    owed: list[str] = []
    for tag, posts in posts_by_tag.items():
        newest = posts[:NEWEST_PER_TAG]
        broken = [_TAG_LIKE.findall(post.title) for post in newest]
        items = "\n".join(map(_home_item, newest))
        if any(broken):
            owed += ["</ul>", *(_closing(names) for names in broken if names)]
        end_of_list = "&lt;/ul&gt;" if any(broken) else "</ul>"
        rule = "---" if owed else "<hr />"
        parts.append(f'<h2 id="{tag}">{tag}</h2>\n<ul>\n{items}\n  {end_of_list}\n{rule}\n')
    return "\n".join(parts) + "".join(reversed(owed))


def _home_item(post: SourcePost) -> str:
    broken = _TAG_LIKE.search(post.title) is not None
    end_of_item = "&lt;/a&gt;&lt;/li&gt;" if broken else "</a></li>"
    return f'      <li><a href="{post.address}">{_home_title(post.title)}{end_of_item}'


def _home_title(title: str) -> str:
    pieces = _TAG_LIKE.split(title)
    return "".join(_escaped(piece) if at % 2 == 0 else piece for at, piece in enumerate(pieces))


def _escaped(text: str) -> str:
    return html.escape(html.unescape(text), quote=False)


def _closing(opened: Iterable[str]) -> str:
    return "".join(f"</{name[1:]}" for name in reversed(list(opened))) + "</a></li>"


def missing_page() -> str:
    """Return the page for status 404, which refers readers to the source repository."""
    section = (
        "<h1>404</h1>\n\n<p><strong>页面不存在，或新闻已过期。</strong></p>\n"
        "<p>本站只保留三天的新闻。更早的新闻请到源代码仓库查找："
        f'<a href="https://github.com/zning1994/finews">old_post</a>，地址为 <code>{_OLD_POST}</code>。</p>'
    )
    return wrap(Page(address="/404.html", title="404", section=section))


def share_shell() -> str:
    """Return the share page: the same empty shell for every post, which a script fills in the browser."""
    return _SHARE_SHELL
