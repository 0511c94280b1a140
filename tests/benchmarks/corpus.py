"""Posts for the benchmarks: as many as are wanted, made from the seed post, the same on every machine.

A post is a row of the seed's sentences in another order, about 2,000 characters, in which every fourth word gave way
to another. Those others are two to four common characters, and follow Zipf's law as words do, so that some stand in
most posts and most in a few. Every second post mentions a security. Not here: pages and servers.
"""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING

from crawler.items import Address, Article, Category, Fetch, Mention, Post
from crawler.ops.sample_site.site import bundled_posts
from crawler.recording.normalise import content_hash
from crawler.text.words import opening

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = "NW202204202350104915"
LENGTH = 1_950  # characters of a text
OUTLETS = ("大江网", "财联社", "证券时报网", "上海证券报", "中国经济网", "界面新闻", "e公司", "第一财经")
BEIJING = timezone(timedelta(hours=8))
FIRST = datetime(2022, 4, 1, tzinfo=BEIJING)
APART = timedelta(minutes=2)  # from one post to the next, on average

_WORDS = 30_000
_REPLACED = 0.25
_WORD = re.compile(r"[\u4e00-\u9fff]{2,3}")


def articles(count: int, replaced: float = _REPLACED) -> Iterator[Article]:
    """Yield `count` articles, ready to be stored, in about the order of their time.

    `replaced` is the share of words that gave way to others; with most of them, no two posts tell alike stories.
    """
    chance = random.Random(20220420)
    for number in range(count):
        yield _article(number, chance, replaced)


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


def word(chance: random.Random) -> str:
    """Return a word that posts are about, by its frequency."""
    words, weights = _vocabulary()
    return chance.choices(words, cum_weights=weights)[0]


def _article(number: int, chance: random.Random, replaced: float) -> Article:
    paragraphs = list(_paragraphs(chance, replaced))
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
        title=opening(paragraphs[0], 30),
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


def _paragraphs(chance: random.Random, replaced: float) -> Iterator[str]:
    """Yield paragraphs of two to four sentences until the text is long enough."""
    length = 0
    while length < LENGTH:
        paragraph = "".join(_sentence(chance, replaced) for _ in range(chance.randint(2, 4)))
        length += len(paragraph)
        yield paragraph


def _sentence(chance: random.Random, replaced: float) -> str:
    def other(found: re.Match[str]) -> str:
        return word(chance) if chance.random() < replaced else found[0]

    return _WORD.sub(other, chance.choice(_sentences()))


@cache
def _sentences() -> list[str]:
    """Return the sentences of the seed post."""
    (source,) = (post for post in bundled_posts() if post.id == SEED)
    plain = re.sub(r"<[^>]+>", "\n", source.body)
    return [sentence for sentence in re.split(r"(?<=。)|\n", plain) if len(sentence.strip()) > 1]


@cache
def _vocabulary() -> tuple[list[str], list[float]]:
    """Return words, and how often each occurs as sums over all before it."""
    chance = random.Random(1)
    # The first level of GB 2312: the 3,755 most common characters.
    common = [chr_ for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF) if (chr_ := _character(row, cell))]
    chance.shuffle(common)
    weights = list(accumulate(1 / (rank + 50) for rank in range(len(common))))
    words = [
        "".join(chance.choices(common, cum_weights=weights, k=chance.choice((2, 2, 2, 3, 4)))) for _ in range(_WORDS)
    ]
    return words, list(accumulate(1 / (rank + 20) for rank in range(_WORDS)))


def _character(row: int, cell: int) -> str:
    return bytes((row, cell)).decode("gb2312", "ignore")
