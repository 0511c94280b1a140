"""Building a whole sample site: source posts go in, every address with its bytes comes out.

The bundled posts are read through importlib.resources, so that they are found in a wheel as well as in a checkout.
Not here: sending anything (`server`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING

from crawler.ops.sample_site import layout
from crawler.ops.sample_site.feed import feed
from crawler.ops.sample_site.source import SITE_ZONE, SourcePost, category_address, read_post

if TYPE_CHECKING:
    from collections.abc import Sequence

SHARE_SHELL = "/html_News/NewsShare.html"
SHARE_TEXT = "/NewsData/GetNewsText.do"
BUILT_AT = datetime(2022, 4, 21, 12, 0, tzinfo=SITE_ZONE)

_HTML = "text/html; charset=utf-8"
_JSON = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Resource:
    """What is served at an address: UTF-8 bytes, with their modification time (epoch seconds) and strong ETag."""

    body: bytes
    content_type: str
    last_modified: int
    etag: str


@dataclass(frozen=True, slots=True)
class SampleSite(Mapping[str, Resource]):
    """A site as a mapping from decoded path (for share texts, path and query) to what is served there."""

    resources: Mapping[str, Resource]
    missing: Resource

    def __getitem__(self, path: str) -> Resource:
        """Return what is served at a decoded path; raise `KeyError` if that is `missing`."""
        return self.resources[path]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the decoded paths of the site."""
        return iter(self.resources)

    def __len__(self) -> int:
        """Return the number of addresses of the site."""
        return len(self.resources)


@dataclass(frozen=True, slots=True)
class Extras:
    """What a site has besides its posts.

    `gone`: posts that are still listed but whose page is missing (the body is unused). `share_texts`: the JSON
    objects of share texts by post id. `category_titles`: titles of categories by slug, where they differ from the
    tag.
    """

    gone: tuple[SourcePost, ...] = ()
    share_texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    category_titles: Mapping[str, str] = field(default_factory=dict)


NO_EXTRAS = Extras()


def build(posts: Iterable[SourcePost], extras: Extras = NO_EXTRAS, built_at: datetime = BUILT_AT) -> SampleSite:
    """Build the site of these posts, given in any order.

    `built_at` (aware) is the Last-Modified of every page, as on static hosting; entity tags depend on the
    bytes alone, so a page that did not change keeps its own.
    """
    newest = _newest_first(posts)
    contents = [(post, layout.post_html(post)) for post in newest]
    listed = [post for post in _newest_first([*newest, *extras.gone]) if post.has_layout]
    texts = {
        **{post.address: layout.post_page(post, content) for post, content in contents},
        **_category_pages(listed, extras.category_titles),
        "/": layout.home_page(_by_tag(listed)),
        SHARE_SHELL: layout.share_shell(),
    }
    stamp = int(built_at.timestamp())
    resources = {path: resource(text, _HTML, stamp) for path, text in texts.items()}
    resources |= _share_texts(extras.share_texts, stamp)
    resources["/feed.xml"] = resource(feed(contents, built_at), "application/xml; charset=utf-8", stamp)
    resources["/robots.txt"] = resource("User-agent: *\nAllow: /\n", "text/plain; charset=utf-8", stamp)
    return SampleSite(MappingProxyType(resources), resource(layout.missing_page(), _HTML, stamp))


def bundled_posts() -> list[SourcePost]:
    """Return the source posts that come with the package, by file name."""
    sources = (entry for entry in (files(__package__) / "posts").iterdir() if entry.name.endswith(".md"))
    entries = sorted(sources, key=lambda entry: entry.name)
    return [read_post(entry.name, entry.read_text("utf-8")) for entry in entries]


def bundled_extras() -> Extras:
    """Return the content of `gone.json`: posts listed but missing, share texts, a category with a wrong title."""
    data = json.loads((files(__package__) / "gone.json").read_text("utf-8"))
    gone = tuple(read_post(name, "\n".join(lines)) for name, lines in data["gone"].items())
    return Extras(gone, data["share_texts"], data["category_titles"])


def bundled_site() -> SampleSite:
    """Build the site of the bundled posts, with the bundled extras."""
    return build(bundled_posts(), bundled_extras())


def _newest_first(posts: Iterable[SourcePost]) -> list[SourcePost]:
    return sorted(posts, key=lambda post: (post.date, post.id), reverse=True)


def _by_tag(newest_first: Sequence[SourcePost]) -> dict[str, list[SourcePost]]:
    """Group posts by tag, newest first; the tag whose first post is oldest comes first, as in Jekyll."""
    groups: dict[str, list[SourcePost]] = {}
    for post in reversed(newest_first):
        for tag in post.tags:
            groups.setdefault(tag, []).append(post)
    return {tag: group[::-1] for tag, group in groups.items()}


def _category_pages(newest_first: Sequence[SourcePost], titles: Mapping[str, str]) -> dict[str, str]:
    groups: dict[str, list[SourcePost]] = {}
    for post in newest_first:
        groups.setdefault(post.category, []).append(post)
    return {
        category_address(slug): layout.category_page(slug, titles.get(slug, group[0].tag), group)
        for slug, group in groups.items()
    }


def _share_texts(share_texts: Mapping[str, Mapping[str, str]], stamp: int) -> dict[str, Resource]:
    # The address without a query answers for every id that has no text.
    answers = {SHARE_TEXT: resource("{}", _JSON, stamp)}
    for post_id, answer in share_texts.items():
        text = json.dumps(dict(answer), ensure_ascii=False)
        answers[f"{SHARE_TEXT}?id={post_id}"] = resource(text, _JSON, stamp)
    return answers


def resource(text: str, content_type: str, last_modified: int) -> Resource:
    """Return what is served for a text; `last_modified` is in epoch seconds."""
    body = text.encode()
    etag = f'"{hashlib.blake2b(body, digest_size=10).hexdigest()}"'
    return Resource(body, content_type, last_modified, etag)
