"""Posts for the benchmarks: as many as are wanted, the same on every machine.

About 2,000 characters each, of words as real news has them (`natural`), so that no two tell one story. Every second
post mentions a security. Not here: pages and servers.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import natural

from crawler.items import Address, Article, Category, Fetch, Mention, Post
from crawler.recording.normalise import content_hash
from crawler.text.words import opening

if TYPE_CHECKING:
    from collections.abc import Iterator

LENGTH = 1_950  # characters of a text
OUTLETS = ("大江网", "财联社", "证券时报网", "上海证券报", "中国经济网", "界面新闻", "e公司", "第一财经")
BEIJING = timezone(timedelta(hours=8))
FIRST = datetime(2022, 4, 1, tzinfo=BEIJING)
APART = timedelta(minutes=2)  # from one post to the next, on average


def articles(count: int) -> Iterator[Article]:
    """Yield `count` articles, ready to be stored, in about the order of their time."""
    chance = random.Random(20220420)
    for number in range(count):
        yield _article(number, chance)


def source_file(article: Article, chance: random.Random) -> tuple[str, str]:
    """Return name and text of the article's source post in the seed's form.

    HTML on one line a paragraph, a security marked somewhere in the first half, share link and navigation at the end.
    """
    post = article.post
    assert post.published_at is not None, "the corpus dates every post"
    assert post.category is not None, "likewise"
    html = post.html
    for mention in post.mentions:
        code = mention.code.replace(".", ",")
        marked = f'<span id="stock_{mention.code}"><a href="http://quote.eastmoney.com/unify/r/{mention.code}"'
        marked += f' class="keytip" data-code="{code}">{mention.name}</a></span>'
        at = html.index("</p>", chance.randrange(len(html) // 2))
        html = html[:at] + marked + html[at:]
    front = f'---\nlayout: post\ntitle: "{post.title}"\ndate: {post.published_at:%Y-%m-%d %H:%M:%S %z}\n'
    front += f"categories: {post.category.slug}\ntags: {post.tags[0]}\n---\n"
    media = f'<p class="em_media">（文章来源：{post.source}）</p>'
    back = f"[返回{post.tags[0]}](//finews.withounder.com/category/{post.category.slug}.html)"
    tail = f"\n\n<{post.share_url}>\n\n{back}｜[返回首页](//finews.withounder.com/)"
    return f"{post.published_at:%Y-%m-%d}-{post.post_id}.md", f"{front}{html}{media}{tail}"


def _article(number: int, chance: random.Random) -> Article:
    paragraphs = natural.paragraphs(chance, LENGTH)
    published_at = FIRST + number * APART + timedelta(seconds=chance.randrange(3600))
    outlet = chance.randrange(len(OUTLETS))
    post_id, slug = f"NW{published_at:%Y%m%d}{number:010}", f"outlet{outlet}"
    url = f"https://finews.withounder.com/{slug}/{published_at:%Y/%m/%d}/{post_id}.html"
    address = Address(url=url, kind="post", key=post_id)
    post = Post(
        fetch=Fetch(address=address, fetched_at=published_at.astimezone(UTC), status=200, etag=f'"{number:x}-5f"'),
        site="finews",
        post_id=post_id,
        url=url,
        via="page",
        title=natural.title(chance),
        html="\n ".join(f"<p>{paragraph}</p>" for paragraph in paragraphs),
        published_at=published_at,
        share_url=f"http://finews.zning.xyz/html_News/NewsShare.html?infoCode={post_id}",
        source=OUTLETS[outlet],
        category=Category(
            slug=slug, name=f"{OUTLETS[outlet]}新闻", url=f"https://finews.withounder.com/category/{slug}.html"
        ),
        tags=(f"{OUTLETS[outlet]}新闻",),
        mentions=(Mention(code=f"1.6{chance.randrange(2000):05}", name="巨化股份", count=1),) if number % 2 else (),
    )
    text = "\n".join(paragraphs)
    return Article(
        post=post,
        markdown="\n\n".join(paragraphs),
        text=text,
        summary=opening(paragraphs[0], 160),
        content_hash=content_hash(post, text),
    )
