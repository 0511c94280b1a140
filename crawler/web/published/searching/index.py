"""Writes the index of a published site, block by block, and for each post a script with what is shown of it.

A block whose posts are those of the last time is not made again. Not here: what is in the scripts of a block
(`shards`), and how files are written (`crawler.web.published.folder`).
"""

from __future__ import annotations

import json
import re
from functools import partial
from hashlib import blake2b
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from crawler.archive.search.index import found_by
from crawler.text.variants import NO_WIDTH
from crawler.text.words import CJK
from crawler.web.published.searching.blocks import blocks_of
from crawler.web.published.searching.filters import BlockFilters
from crawler.web.published.searching.shards import BlockIndex, call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crawler.archive import Archive
    from crawler.web.published.folder import Folder
    from crawler.web.published.searching.blocks import Block

_SCHEME = 3  # count it up when the scripts of a block change for the same posts
_PLACE = "search"
_TEXTS_A_FOLDER = 1024
_DAY = 10  # characters
_POSTS = (
    "SELECT articles.id, revision, title, text, post_id, published_ts, published_at, source, category,"
    " coalesce(categories.name, category), (SELECT json_group_array(coalesce(named.name, filed.category))"
    " FROM article_categories AS filed"
    " LEFT JOIN categories AS named ON named.site = articles.site AND named.slug = filed.category"
    " WHERE filed.article_id = articles.id)"
    " FROM articles LEFT JOIN categories ON categories.site = articles.site AND slug = category"
    " WHERE articles.id BETWEEN ? AND ? AND (NOT draft OR ?) ORDER BY articles.id"
)


class _Found(NamedTuple):
    """A post with the words by which it is found, and what else is shown of it."""

    row: int
    published_ts: int
    title: str
    text: str
    published: str
    outlet: str | None
    category: str | None
    categories: list[str]
    href: str
    day_href: str
    outlet_href: str
    category_href: str

    @property
    def day(self) -> str:
        """The day on which it was published, in the site's calendar."""
        return self.published[:_DAY]


def write_index(archive: Archive, folder: Folder, href: Callable[[str, str], str], *, drafts: bool) -> None:
    """Write the search's scripts into the folder `search` of a site.

    `href` returns where a page is: that of a `post` by its id, of a `day` by its date, of an `outlet` by its name, or
    of a `category` by its slug. Raises `OSError` and `UsageError`, as `Folder.write` does.
    """
    rows = _rows(archive, drafts=drafts)
    blocks = list(dict.fromkeys(blocks_of(rows, rows[-1] if rows else 0)))
    for block in blocks:
        _write_block(folder, block, partial(_posts, archive, block, href, drafts=drafts))
    index = {"posts": len(rows), "blocks": [[block.first, block.size] for block in blocks]}
    folder.write(f"{_PLACE}/index.js", call("index", index).encode())
    folder.write(f"{_PLACE}/signs.js", call("signs", _signs()).encode())
    folder.write(f"{_PLACE}/search.js", files(__package__).joinpath("search.js").read_bytes())


def _write_block(folder: Folder, block: Block, posts: Callable[[], Iterator[_Found]]) -> None:
    place = f"{_PLACE}/{block.name}"
    note, digest = f"{place}/made-of.txt", _digest(posts())
    if folder.read(note) == digest:
        folder.keep(f"{place}/")
        for post in posts():
            folder.keep(_text_file(post.row))
        return
    folder.write(note, b"")  # until all is written: after a kill, the block is made again
    filters = BlockFilters()
    with BlockIndex(block) as index:
        for post in posts():
            index.add(post.row, post.published_ts, post.title, post.text)
            outlets = [post.outlet] if post.outlet else []
            filters.add({"outlet": outlets, "category": post.categories, "day": [post.day]})
            folder.write(_text_file(post.row), _text_script(post))
        for name, script in index.scripts():
            folder.write(f"{place}/{name}.js", script.encode())
    folder.write(f"{place}/filters.js", call(f"{block.name}/filters", filters.value()).encode())
    folder.write(note, digest)


def _digest(posts: Iterator[_Found]) -> bytes:
    digest = blake2b(str(_SCHEME).encode(), digest_size=16)
    for post in posts:
        digest.update(json.dumps(post).encode())
    return digest.hexdigest().encode()


def _text_file(row: int) -> str:
    return f"{_PLACE}/text/{row // _TEXTS_A_FOLDER}/{row}.js"


def _text_script(post: _Found) -> bytes:
    shown = {
        "title": post.title,
        "text": post.text,
        "published": post.published,
        "outlet": post.outlet,
        "category": post.category,
        "href": post.href,
        "dayHref": post.day_href,
        "outletHref": post.outlet_href,
        "categoryHref": post.category_href,
    }
    return call(f"text/{post.row}", shown).encode()


def _rows(archive: Archive, *, drafts: bool) -> list[int]:
    rows = archive.db.execute("SELECT id FROM articles WHERE NOT draft OR ? ORDER BY id", [drafts])
    return [row for (row,) in rows]


def _posts(archive: Archive, block: Block, href: Callable[[str, str], str], *, drafts: bool) -> Iterator[_Found]:
    rows = archive.db.execute(_POSTS, [block.first, block.last, drafts])
    for row, revision, title, text, post_id, published_ts, published_at, source, slug, category, categories in rows:
        _, entry = found_by(archive.db, row, revision, title, text)
        yield _Found(
            row,
            published_ts,
            *entry,
            published=published_at,
            outlet=source,
            category=category,
            categories=json.loads(categories),
            href=href("post", post_id),
            day_href=href("day", published_at[:_DAY]),
            outlet_href=href("outlet", source) if source else "",
            category_href=href("category", slug) if slug else "",
        )


def _signs() -> dict[str, str]:
    """Return what folding needs, as `search.js` takes it: ranges of characters, and the lines of variants."""
    variants = files("crawler.text").joinpath("variants.txt").read_text(encoding="utf-8")
    unseen = re.sub("[^-]", lambda sign: f"\\u{{{ord(sign[0]):x}}}", NO_WIDTH)
    return {
        "cjk": re.sub(r"\\[uU]0*([0-9a-f]+)", r"\\u{\1}", CJK),
        "unseen": unseen,
        "variants": variants.strip(),
    }
