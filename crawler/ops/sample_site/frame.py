"""The frame around every page of the site: head, header and footer of its one layout.

The head is as malformed as the real one: the layout inserts title and content unescaped into attributes, so that the
first `"` of an article ends its `og:description` and the rest is parsed before the article proper. Not here: the
content of `<section>` (`layout`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from crawler.ops.sample_site.body import plain

if TYPE_CHECKING:
    from datetime import datetime

SITE = "https://finews.withounder.com"
SITE_TITLE = "金融消息"
OWNER = "ZNing"

_FORMER_SITE = "https://finews.zning.me"

_SCRIPTS = """\
    <link rel="stylesheet" href="/assets/css/style.css?v=">
    <!--[if lt IE 9]>
    <script src="https://cdnjs.cloudflare.com/ajax/libs/html5shiv/3.7.3/html5shiv.min.js"></script>
    <![endif]-->
    <script type="text/JavaScript">
      function AutoRefresh( t ) {
       setTimeout("location.reload(true);", t);
      }
    </script>
"""


@dataclass(frozen=True, slots=True)
class Page:
    """The input of the layout: `title` and `content` go unescaped into the head, `section` into the body.

    `address` is the path, not percent-encoded; `published` is timezone-aware, and set for posts only.
    """

    address: str
    title: str
    section: str
    content: str = ""
    excerpt: str = ""
    published: datetime | None = None


def wrap(page: Page) -> str:
    """Return the complete HTML document of a page."""
    return f"""<!DOCTYPE html>
<html lang="zh-CN">
  <head>
    <meta charset="UTF-8">
    <meta http-equiv="X-UA-Compatible" content="IE=edge">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta content="{OWNER}" name="author" />
    <meta property="og:type" content="website" />
    <meta property="og:title" content="{page.title}">
    <meta property="og:description" content="{page.content}">
    <meta property="og:image" content="https://withounder.com/images/newzningnetcircle.png">
    <meta property="og:url" content="{_FORMER_SITE}{page.address}">
    <meta name="theme-color" content="#1976D2">
    <link rel="shortcut icon" href="https://withounder.com/images/favicon.ico">

{_seo(page)}
{_SCRIPTS}  </head>
  <body onload="JavaScript:AutoRefresh(60000);">
    <div class="wrapper">
      <header>
        <h1><a href="{SITE}/">{SITE_TITLE}</a></h1>
        <p></p>
      </header>
      <section>

      {page.section}

      </section>
      <footer>
        <p>&copy; 2021</p>
      </footer>
    </div>
    <script src="/assets/js/scale.fix.js"></script>
  </body>
</html>
"""


def _seo(page: Page) -> str:
    title, description = plain(page.title), plain(page.excerpt)
    url = SITE + quote(page.address, safe="/()")
    lines = [
        "<!-- Begin Jekyll SEO tag v2.8.0 -->",
        f"<title>{title} | {SITE_TITLE}</title>" if title else f"<title>{SITE_TITLE}</title>",
        '<meta name="generator" content="Jekyll v4.3.1" />',
        f'<meta property="og:title" content="{title or SITE_TITLE}" />',
        f'<meta name="author" content="{OWNER}" />',
        '<meta property="og:locale" content="zh_CN" />',
        *_descriptions(description),
        f'<link rel="canonical" href="{url}" />',
        f'<meta property="og:url" content="{url}" />',
        f'<meta property="og:site_name" content="{SITE_TITLE}" />',
        *_kind(page.published),
        '<meta name="twitter:card" content="summary" />',
        f'<meta property="twitter:title" content="{title or SITE_TITLE}" />',
        '<script type="application/ld+json">',
        f"{_linked_data(page.published, title or SITE_TITLE, description, url)}</script>",
        "<!-- End Jekyll SEO tag -->\n",
    ]
    return "\n".join(lines)


def _descriptions(description: str) -> list[str]:
    if not description:
        return []
    return [
        f'<meta name="description" content="{description}" />',
        f'<meta property="og:description" content="{description}" />',
    ]


def _kind(published: datetime | None) -> list[str]:
    if published is None:
        return ['<meta property="og:type" content="website" />']
    return [
        '<meta property="og:type" content="article" />',
        f'<meta property="article:published_time" content="{published.isoformat()}" />',
    ]


def _linked_data(published: datetime | None, title: str, description: str, url: str) -> str:
    author = {"@type": "Person", "name": OWNER}
    data: dict[str, object] = {"@context": "https://schema.org", "@type": "WebPage", "author": author}
    if published is not None:
        moment = published.isoformat()
        data |= {"@type": "BlogPosting", "dateModified": moment, "datePublished": moment}
        data |= {"description": description, "mainEntityOfPage": {"@type": "WebPage", "@id": url}}
    data |= {"headline": title, "url": url}
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))
