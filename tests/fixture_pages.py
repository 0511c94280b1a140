"""Fixtures: folders `pages/<site>/<case>/` with a page, what is known of its fetch, and what must come of it.

`page.html` is the page, `meta.json` its address, and one of `post.json`, `refused.json`, `listing.json` the
expectation. `make fixtures` (this file as a program) renders the pages of the sample site again and rewrites
every expectation: the difference is to be read before it is committed.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crawler.dates import iso
from crawler.extraction.listing import read_listing
from crawler.extraction.post import read_post
from crawler.items import Article, Fetch, Listing, Page, Post, Refused
from crawler.ops.sample_site.site import bundled_posts, bundled_site
from crawler.pipelines.validate import Validate
from crawler.recording.normalise import normalise
from crawler.sites.addresses import address_of
from crawler.sites.loading import load_site
from crawler.urls import resolve

PAGES = Path(__file__).parent / "pages"

# Pages of the sample site, by the case they stand for; posts are given by their id.
_SAMPLE_POSTS = {
    "seed": "NW202204202350104915",
    "indented-with-u3000": "NW202204182348120001",
    "securities-of-shanghai-and-a-board": "NW202204182348410002",
    "securities-of-shenzhen": "NW202204192349050003",
    "securities-of-beijing": "NW202204202350010005",
    "securities-overseas-and-unknown": "NW202204192349200012",
    "live-chart-and-hidden-paragraph": "NW202204182348200011",
    "title-with-a-double-quote": "NW202204212351020007",
    "title-with-an-ampersand": "NW202204202350660006",
    "title-with-a-tag": "NW202204202350300013",
    "title-with-a-chinese-tag-and-category-with-spaces": "NW202204192349410021",
    "category-with-brackets": "NW202204202350500031",
    "category-with-a-space-and-capitals": "NW202204212351250041",
    "hostile-markup": "NW202204212351330051",
    "empty-title": "NW202204202350720061",
    "rolling-news-digest": "202112082206935001",
    "rolling-news-without-outlet-and-navigation": "202112082206672002",
    "rolling-news-digest-and-body": "202204202350921005",
    "served-without-a-layout": "202204212351703007",
    "site-news": "init",
}
_SAMPLE_LISTINGS = {
    "home": "/",
    "feed": "/feed.xml",
    "category": "/category/dajiangwang.html",
    "category-with-spaces": "/category/Career In touxingPEVC.html",
    "category-of-rolling-news": "/emnews/",
}


def cases() -> list[str]:
    """Return every case as `<site>/<case>`, sorted."""
    return sorted(str(folder.relative_to(PAGES)) for folder in PAGES.glob("*/*") if folder.is_dir())


def expected(case: str) -> tuple[str, Any]:
    """Return what must come of a case: its sort (`post`, `refused`, `listing`) and the value."""
    (file,) = [path for path in (PAGES / case).glob("*.json") if path.name != "meta.json"]
    return file.stem, json.loads(file.read_text(encoding="utf-8"))


def actual(case: str) -> tuple[str, Any]:
    """Read a case's page and return what comes of it, in the same form."""
    site = load_site(case.partition("/")[0])
    meta = json.loads((PAGES / case / "meta.json").read_text(encoding="utf-8"))
    address = address_of(site, meta["url"])
    assert address is not None, f"{case}: {meta['url']} is no address of the site"
    fetch = Fetch(address=address, fetched_at=datetime(2022, 4, 21, tzinfo=UTC), found_on=meta["found_on"])
    page = Page(fetch=fetch, source=(PAGES / case / "page.html").read_text(encoding="utf-8"))
    if address.kind != "post":
        return "listing", _listing(read_listing(page, site))
    read = read_post(page, site)
    end = Validate().process_item(normalise(read, site)) if isinstance(read, Post) else read
    if isinstance(end, Refused):
        return "refused", {"reason": end.reason, "rule": end.rule}
    return "post", _article(end)


def _article(article: Article) -> dict[str, Any]:
    post = asdict(article.post)
    # What only sources and share links bring is not part of what a page says.
    for name in ("fetch", "derived", "others", "seen_at", "actual_fetch", "other_categories", "draft", "written"):
        del post[name]
    assert article.post.published_at is not None
    post["published_at"] = iso(article.post.published_at)
    rest = {name: getattr(article, name) for name in ("summary", "text", "markdown", "content_hash")}
    return json.loads(json.dumps({**post, **rest}))


def _listing(listing: Listing) -> dict[str, list[list[str]]]:
    keys = {link.address.url: link.address.key for link in listing.links}
    return {
        "links": [[link.address.kind, link.address.key, link.address.url, link.text] for link in listing.links],
        "groups": [[keys[url] for url in group] for group in listing.groups],
    }


def _render_sample_pages() -> None:
    site, posts = bundled_site(), {post.id: post for post in bundled_posts()}
    paths = {**{case: posts[post_id].address for case, post_id in _SAMPLE_POSTS.items()}, **_SAMPLE_LISTINGS}
    for case, path in paths.items():
        body = site[path].body
        _write_page(f"finews/{case}", path, body)
    _write_page(
        "finews/error-page-with-status-200", "/dajiangwang/2022/04/20/NW202204202350000000.html", site.missing.body
    )


def _write_page(case: str, path: str, body: bytes) -> None:
    folder = PAGES / case
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "page.html").write_bytes(body)
    meta = {"url": resolve("https://finews.withounder.com/", path), "found_on": "https://finews.withounder.com/"}
    (folder / "meta.json").write_text(json.dumps(meta, indent=2) + "\n", encoding="utf-8")


def _rewrite() -> None:
    _render_sample_pages()
    for case in cases():
        for file in (PAGES / case).glob("*.json"):
            if file.name != "meta.json":
                file.unlink()
        sort, value = actual(case)
        text = json.dumps(value, ensure_ascii=False, indent=2)
        (PAGES / case / f"{sort}.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    _rewrite()
