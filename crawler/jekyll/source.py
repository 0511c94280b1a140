"""Read a post's source, the file its page is made of: front matter, a body, and the site's own tail.

Takes what people and programs have made of such files over the years: what a file does not say is taken from its
name, its words and its id, and marked as derived. Dates without an offset are local time, whatever the site's
builder took them for. Pure. Not here: bytes (`crawler.jekyll.decoding`), and whether what was found is enough.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from crawler import dates
from crawler.extraction.markup import blocks, to_html
from crawler.extraction.post import days_of, read_parted_body
from crawler.items import Address, Category, Fetch, Mention, Page, WrittenFile
from crawler.jekyll.attribution import says_its_site
from crawler.jekyll.bylines import authors_in, image_in, told
from crawler.jekyll.front_matter import read as read_front_matter
from crawler.jekyll.scalars import json_of
from crawler.securities import parse as parse_security
from crawler.sites.addresses import as_id, category_address, id_in_name, is_of, is_safe_id, page_url, why_unsafe
from crawler.text.words import squeeze
from crawler.urls import as_written, host_of, resolve

if TYPE_CHECKING:
    from crawler.items import Post
    from crawler.jekyll.front_matter import FrontMatter
    from crawler.sites.definition import Site

_OF_NO_SITE = (
    "nothing in it says that it is of {0}: import it with --site {0} if it is, with --site notes if it is of no site,"
    " or with --site FILE.yaml for a site of its own"
)
_KEYS = frozenset("layout title date categories category tags tag slug url permalink".split())
_OWN_KEYS = frozenset("id source share_url securities revision derived written_date".split())
_OURS = ({"id", "url", "revision"}, {"id", "share_url", "securities", "revision"})
_BELOW = "front_matter"  # the key below which a page for Hugo has those of a file's keys that mean something to Hugo
_DATES = ("date", "publishdate", "pubdate")  # Jekyll's and Hexo's; where there is none, what Hugo goes by
_OFFSET_ALONE = re.compile(r"[+-]\d{4}")
_TRUE, _FALSE = frozenset("true yes on y 1".split()), frozenset("false no off n 0".split())
_HTML_FILES = (".html", ".htm")
_LONGEST_TAIL = 400  # characters of a block that may be share link or navigation
_DIGITS = 6  # of a count
_LINK = re.compile(r"\[([^\[\]\n]*)\]\(([^()\n]*)\)|<(https?://[^<>\s]+)>")
_UTC = ZoneInfo("UTC")


class SourceError(ValueError):
    """A source that is no post's; the text says why in words for a person."""


def read_source(
    name: str,
    text: str,
    site: Site,
    *,
    via: Literal["expired", "import"],
    at: datetime,
    is_draft: bool = False,
    since: datetime | None = None,
    is_named: bool = True,
) -> Post:
    """Read the post in a file called `name` (without folders) that holds `text`; `at` is when it was taken in.

    `is_draft`: the file's place says that it is not to be published; its front matter may say so too. `since` is when
    the file was first committed: its date, if nothing else tells one. Unless a person has named the site
    (`is_named`), a file that does not say that it is one of `site` is refused. A title that the file does not give is
    left to normalising. Where the definition says what the site's own files look like, the post keeps the file, so
    that `export` can write it again. Raises `FrontMatterError`, and `SourceError` when nothing tells the post's id or
    day.
    """
    front, body = read_front_matter(text)
    # Written by this program, whose keys are sure to mean what they do here. A page for Hugo may lack its address.
    is_ours = any(front.values.keys() >= keys for keys in _OURS)
    post_id, day = _named(name, front, site, is_ours=is_ours)
    written = dates.parse(front.text(*_DATES), site.timezone)
    content, tail = _parted(body, site)
    end = _linked(tail)
    if not is_named and not says_its_site(text, front, end, post_id, site):
        raise SourceError(_OF_NO_SITE.format(site.name))
    published_at = written or dates.parse(day, site.timezone) or _day_of_id(post_id, site, since)
    html = content.strip() if name.lower().endswith(_HTML_FILES) else to_html(content)
    url = _url(front, site, post_id, published_at) if site.has_addresses else None
    root = f"{site.scheme}://{site.hosts[0]}/" if site.has_addresses else ""
    address = Address(url=url or "", kind="post", key=post_id)
    page = Page(fetch=Fetch(address=address, fetched_at=at), source=html)
    tags = _listed(front, site, "tags") or _listed(front, site, "tag")
    post = read_parted_body(page, end, site, via=via, tags=tags)
    title = squeeze(front.text("title"))
    categories = _categories(front, post, site)
    derived = [*front.texts("derived"), *(() if title else ("title",)), *(() if written else ("date",))]
    return replace(
        post,
        url=url,
        title=title,
        published_at=published_at,
        category=next(iter(categories), None),
        other_categories=tuple(categories[1:]),
        draft=is_draft or bool(_draft_keys(front)),
        source=(squeeze(front.text("source")) if is_ours else "") or post.source,
        authors=authors_in(front),
        image=image_in(front, root),
        share_url=post.share_url or (as_written(front.text("share_url"), address.url) if is_ours else None),
        mentions=post.mentions or (_mentions(front) if is_ours else ()),
        derived=tuple(dict.fromkeys(derived)),
        others=_others(front, told(front, root), is_ours=is_ours, is_dated=written is not None),
        written=WrittenFile(name=name, text=text) if site.navigation and not is_ours else None,
    )


def _named(name: str, front: FrontMatter, site: Site, *, is_ours: bool) -> tuple[str, str]:
    """Return the post's id, and the day in the file's name, which may be ""."""
    post_id, day = id_in_name(site, name)
    written = front.text("id") if is_ours else "-".join(front.text("slug").split())
    if written and not is_safe_id(written):
        raise SourceError(why_unsafe(written))
    post_id = as_id(site, written) if written else post_id
    if not post_id:
        raise SourceError("no id in the file's name")
    return post_id, day


def _others(front: FrontMatter, told: set[str], *, is_ours: bool, is_dated: bool) -> dict[str, Any]:
    """Return what of the front matter means nothing here; among it a date, unless the post `is_dated` by it.

    The keys `told` are those whose values are fields of the post. Programs that had no date have written its offset
    alone, which is nothing to keep.
    """
    others = front.others((_KEYS | _OWN_KEYS if is_ours else _KEYS) | _draft_keys(front) | told)
    categories = json_of(front.value("categories"))
    entries = categories if isinstance(categories, list) else [categories]
    if any(isinstance(entry, list | dict) for entry in entries):
        others["categories"] = categories  # which of them is inside of which
    below = others.pop(_BELOW) if is_ours and isinstance(others.get(_BELOW), dict) else {}
    others = {**others, **below}
    unread = None if is_dated else json_of(front.value("date"))
    if unread is None or _OFFSET_ALONE.fullmatch(str(unread)):
        unread = front.text("written_date") if is_ours else None
    return {"date": unread, **others} if unread else others


def _draft_keys(front: FrontMatter) -> set[str]:
    """Return the keys by which a file says that it is not to be published."""
    told = {"draft": _TRUE, "published": _FALSE}  # Hugo's, and that of Jekyll and Hexo
    return {name for name, values in told.items() if front.text(name).lower() in values}


def _day_of_id(post_id: str, site: Site, since: datetime | None) -> datetime:
    """Return the first second of the day that is part of an id, else `since`, in the site's zone."""
    days = days_of(Address(url="", kind="post", key=post_id), site)
    if not days and since is not None:
        return since.astimezone(site.timezone)
    if not days:
        raise SourceError("no date")
    return datetime(days[0].year, days[0].month, days[0].day, tzinfo=site.timezone)


def _parted(body: str, site: Site) -> tuple[str, str]:
    """Part a body from share link and navigation, where these stand in blocks of their own at its end."""
    at = len(body)
    for block in reversed(blocks(body)):
        text = squeeze(block) if len(block) <= _LONGEST_TAIL else ""
        if not any(re.fullmatch(pattern, text) for pattern in site.body.tail):
            break
        at = body.rindex(block, 0, at)
    return body[:at], body[at:]


def _linked(tail: str) -> str:
    """Return share link and navigation as HTML; their addresses may hold spaces, which CommonMark does not allow."""
    return _LINK.sub(
        lambda found: f'<a href="{escape(found[2] or found[3])}">{escape(found[1] or found[3])}</a>', tail
    )


def _url(front: FrontMatter, site: Site, post_id: str, published_at: datetime) -> str:
    """Return the address of the post's page: as the file says, or by the definition's rule."""
    base = f"{site.scheme}://{site.hosts[0]}/"
    for written in (front.text("url"), front.text("permalink")):
        url = resolve(base, written) if written and "/:" not in written else None  # `/:year/` is a template
        if url and host_of(url) in site.hosts and is_of(site, url, post_id):
            return url
    # Jekyll takes a date without an offset for UTC, so that the day in the page's address may be the next one.
    built = dates.parse(front.text(*_DATES), _UTC) or published_at
    return page_url(site, _path_segments(front), dates.day(built, site.timezone), post_id)


def _path_segments(front: FrontMatter) -> list[str]:
    """Return the categories as they stand in an address: Jekyll splits a text at its spaces."""
    names = front.texts("categories") or front.texts("category")
    is_list = isinstance(front.value("categories"), list)
    return [part.replace("/", "-") for name in names for part in ([name] if is_list else name.split())]


def _listed(front: FrontMatter, site: Site, *names: str) -> tuple[str, ...]:
    """Return the words under all of these keys, such as tags.

    A text is a list parted by spaces, unless the site has category pages: there it is the one name of an outlet.
    """
    found: list[str] = []
    for name in names:
        words = [squeeze(word) for word in front.texts(name)]
        is_list = site.addresses.category or isinstance(front.value(name), list)
        found += words if is_list else [part for word in words for part in word.split()]
    return tuple(dict.fromkeys(filter(None, found)))


def _categories(front: FrontMatter, post: Post, site: Site) -> list[Category]:
    """Return the categories that the file names, else the one its navigation leads to.

    The name of the first is that of the navigation, or the tags; those of the others are their slugs.
    """
    slugs = _listed(front, site, "categories", "category")
    if not slugs:
        return [post.category] if post.category else []
    is_linked = post.category is not None and post.category.slug == slugs[0]
    linked = post.category.name if post.category and is_linked else ""
    name = linked or (" ".join(post.tags) if site.addresses.category else "") or slugs[0]
    return [_category(site, slugs[0], name), *(_category(site, slug, slug) for slug in slugs[1:])]


def _category(site: Site, slug: str, name: str) -> Category:
    address = category_address(site, slug)
    return Category(slug=slug, name=name, url=address.url if address else "")


def _mentions(front: FrontMatter) -> tuple[Mention, ...]:
    """Return the securities that this program has listed."""
    found = []
    for entry in front.mappings("securities"):
        security, count = parse_security(entry.get("code", "")), entry.get("count", "")
        if security and entry.get("name") and count.isascii() and count.isdigit() and len(count) <= _DIGITS:
            found.append(Mention(code=security.code, name=squeeze(entry["name"]), count=int(count)))
    return tuple({(mention.code, mention.name): mention for mention in found}.values())
