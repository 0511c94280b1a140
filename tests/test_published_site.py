"""A published site: the web app's pages as plain files, which lead to each other and need no server."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from posixpath import dirname, normpath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin
from xml.etree import ElementTree as ET

import feedparser
import made
import pytest
from selectolax.lexbor import LexborHTMLParser

from crawler.archive import Archive
from crawler.archive.ledger import runs
from crawler.archive.store import posts
from crawler.errors import UsageError
from crawler.items import Category, Mention
from crawler.web.published.places import place_of
from crawler.web.published.site import NOT_FOUND, publish

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HOSTILE = '"><script>alert(1)</script>../../x\u202e'
MANY = 120  # of one outlet: three pages
URL = "https://news.example.org/archive"


def store(archive: Archive, post_id: str, **changes: Any) -> None:
    posts.store(archive.db, made.article(post_id, **changes), 1)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with Archive(tmp_path_factory.mktemp("archive") / "archive.db", create=True) as opened:
        runs.begin(opened.db, "finews", made.SEEN)
        for number in range(MANY):
            store(
                opened, f"NW{number:03}", published_at=made.PUBLISHED - timedelta(minutes=number), source="样本日报"
            )
        store(opened, made.ID)
        store(opened, made.ID, html="<p>江西将实现5G+VR融合，比计划早一年。</p>")
        store(
            opened,
            "../NW/..",
            title=HOSTILE,
            html=f"<p>{HOSTILE}</p><img src='https://elsewhere.example/x.png' onerror='alert(1)'>",
            source=HOSTILE,
            authors=(HOSTILE, "Ann Moss"),
            image="https://elsewhere.example/a.jpg",
            category=Category(slug=HOSTILE, name=HOSTILE, url="https://finews.withounder.com/category/x.html"),
            tags=(HOSTILE,),
            mentions=(Mention(code="105.NIO", name=HOSTILE, count=1), Mention(code="105.nio", name="a", count=1)),
        )
        yield opened


@pytest.fixture(scope="module")
def site(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("site") / "public"
    publish(archive.path, directory)
    return directory


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def links_of(html: bytes) -> list[str]:
    tree = LexborHTMLParser(html.decode())
    found = [element.attributes.get("href") or element.attributes.get("src") for element in tree.css("[href], [src]")]
    return [link for link in found if link and not link.startswith(("#", "http"))]


def pages_of(folder: Path) -> dict[str, bytes]:
    return {path: content for path, content in contents(folder).items() if path.endswith(".html")}


def test_every_link_leads_to_a_file_of_the_site(site: Path) -> None:
    pages, files = pages_of(site), contents(site)
    broken = [
        (path, link)
        for path, html in pages.items()
        for link in links_of(html)
        if normpath(f"{dirname(path)}/{unquote(re.split('[?#]', link)[0])}".lstrip("/")) not in files
    ]
    assert len(pages) > 2 * MANY
    assert broken == []


def test_a_hit_of_the_search_leads_to_its_day_outlet_and_category(site: Path) -> None:
    files = contents(site)
    scripts = [script for path, script in files.items() if path.startswith("search/text/")]
    hits = [json.loads(script[script.index(b"{") : script.rindex(b"}") + 1]) for script in scripts]
    links = {hit[name] for hit in hits for name in hit if name.lower().endswith("href")} - {""}
    assert links <= files.keys()
    assert {"day/2022-04-20.html", "category/dajiangwang.html"} <= links
    assert {link.partition("/")[0] for link in links} == {"post", "day", "outlet", "category"}


@pytest.mark.parametrize("url", ["", "https://news.example.org/archive/"])
def test_a_page_for_what_is_not_there_leads_on_from_any_address(archive: Archive, tmp_path: Path, url: str) -> None:
    publish(archive.path, tmp_path / "public", url=url)
    files = contents(tmp_path / "public")
    page, base = files["404.html"], url or "/"
    tree = LexborHTMLParser(page.decode())
    hrefs = [each.attributes.get("href") or each.attributes.get("src") or "" for each in tree.css("[href], [src]")]
    assert {href.removeprefix(base) for href in hrefs if not href.startswith("#")} <= files.keys()
    assert all(href.startswith((base, "#main")) for href in hrefs)
    assert {f"{base}index.html", f"{base}en/index.html"} <= {*hrefs}
    assert "没有这个页面" in tree.body.text()
    assert b"404.html" not in files["sitemap.xml"]


def test_every_page_and_form_of_a_post_is_there(site: Path) -> None:
    files = contents(site)
    expected = {f"post/{made.ID}{end}" for end in (".html", ".md", ".txt", ".json", "/changes.html")}
    assert expected | {f"en/post/{made.ID}.html"} <= files.keys()
    author = place_of("/author/Ann%20Moss")
    assert {author, f"en/{author}", place_of("/author/Ann%20Moss.atom"), "authors.html"} <= files.keys()
    assert {
        "index.html",
        "en/index.html",
        "search.html",
        "latest.atom",
        "outlet/样本日报.atom",
        "sitemap.xml",
    } <= files.keys()
    assert json.loads(files[f"post/{made.ID}.json"])["title"] == "江西出台5G行动计划"


def test_no_page_names_a_server_that_is_not_there_or_asks_one_for_anything(site: Path) -> None:
    for path, html in pages_of(site).items():
        tree = LexborHTMLParser(html.decode())
        assert "localhost" not in html.decode(), path
        up = "/" if path == NOT_FOUND else "../" * path.removeprefix("en/").count("/")
        assert [form.attributes.get("action") for form in tree.css("form")] == [f"{up}search.html"]
        assert tree.css("[style], iframe, object, embed, img") == []
        (policy,) = tree.css('meta[http-equiv="Content-Security-Policy"]')
        assert str(policy.attributes["content"]).startswith("default-src 'none'; style-src 'self';")


def listed(html: bytes) -> list[str]:
    tree = LexborHTMLParser(html.decode())
    return [unquote(str(link.attributes["href"])).split("/")[-1] for link in tree.css(".day li a.title")]


def test_a_list_of_several_pages_has_every_post_and_leads_both_ways(site: Path) -> None:
    path, seen, way_back = "outlet/样本日报.html", [], []
    while True:
        tree = LexborHTMLParser((site / path).read_text())
        seen.append(listed((site / path).read_bytes()))
        older, newer = (tree.css_first(f'nav.pager a[rel="{way}"]') for way in ("next", "prev"))
        way_back.append(None if newer is None else follow(path, newer.attributes["href"]))
        if older is None:
            break
        path = follow(path, older.attributes["href"])
    posts = [post for page in seen for post in page]
    assert sorted(set(posts)) == [f"NW{number:03}.html" for number in range(MANY)]
    assert [len(page) for page in seen] == [50, 50, 50]
    assert way_back[0] is None
    assert way_back[1] == "outlet/样本日报.html"


def follow(path: str, link: str | None) -> str:
    return normpath(f"{dirname(path)}/{unquote(link or '')}")


def test_the_same_archive_is_published_once(archive: Archive, site: Path, tmp_path: Path) -> None:
    again = publish(archive.path, site)
    assert again == {"format": "site", "directory": str(site), "posts": MANY + 2, "written": 0, "removed": 0}
    publish(archive.path, tmp_path / "another")
    assert contents(tmp_path / "another") == contents(site)


def store_another(archive: Archive, number: int) -> None:
    """Store a post that tells a story of its own, a minute after the one before."""
    at = made.PUBLISHED + timedelta(minutes=number)
    body = "".join(chr(0x4E00 + number * 50 + sign) for sign in range(40))
    store(archive, f"NW{number:03}", published_at=at, html=f"<p>{body}</p>", mentions=())


def test_a_new_post_changes_no_older_page_of_a_list_and_what_is_gone_is_removed(tmp_path: Path) -> None:
    site = tmp_path / "site"
    with Archive(tmp_path / "archive.db", create=True) as archive:
        runs.begin(archive.db, "finews", made.SEEN)
        for number in range(60):
            store_another(archive, number)
        publish(archive.path, site)
        before = contents(site)
        store_another(archive, 60)
        added = publish(archive.path, site)
        after = contents(site)
        archive.db.execute("DELETE FROM posts WHERE post_id = 'NW060'")
        archive.db.conn.commit()
        taken = publish(archive.path, site)
    (page,) = [path for path in before if path.startswith("outlet/大江网/")]
    assert after[page] == before[page]
    unchanged = {path for path in before if after[path] == before[path]}
    assert {f"post/NW{number:03}.html" for number in range(59)} <= unchanged
    assert added["removed"] == 0
    assert taken["removed"] > 0
    assert contents(site) == before


def test_a_folder_with_files_of_others_is_refused_untouched(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds files that are not of a published site; name a new folder"):
        publish(archive.path, tmp_path)
    assert contents(tmp_path) == {"thesis.txt": b"mine"}


def test_files_that_others_have_added_are_neither_replaced_nor_removed(tmp_path: Path) -> None:
    site = tmp_path / "site"
    with Archive(tmp_path / "archive.db", create=True) as archive:
        runs.begin(archive.db, "finews", made.SEEN)
        store(archive, "NW1")
        publish(archive.path, site)
        (site / "CNAME").write_text("news.example.org")
        publish(archive.path, site)
        assert (site / "CNAME").read_text() == "news.example.org"
        (site / "post/NW2.html").write_text("mine")
        store(archive, "NW2")
        with pytest.raises(UsageError, match=r"NW2\.html is not of the published site and would be replaced"):
            publish(archive.path, site)
    assert (site / "post/NW2.html").read_text() == "mine"


def test_a_folder_that_leads_elsewhere_is_not_followed_to_remove_anything(tmp_path: Path) -> None:
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    with Archive(tmp_path / "archive.db", create=True) as archive:
        runs.begin(archive.db, "finews", made.SEEN)
        store(archive, "NW1")
        publish(archive.path, site)
        elsewhere.mkdir()
        (elsewhere / "kept.txt").write_text("mine")
        (site / "linked").symlink_to(elsewhere)
        with (site / ".finews-site").open("a") as lines:
            lines.write("linked/kept.txt\n../elsewhere/kept.txt\n/etc/hostname\n")
        publish(archive.path, site)
    assert (elsewhere / "kept.txt").read_text() == "mine"


def test_a_published_site_knows_its_address_if_it_is_told(archive: Archive, tmp_path: Path) -> None:
    publish(archive.path, tmp_path / "site", url=URL)
    files = contents(tmp_path / "site")
    page = LexborHTMLParser(files[f"en/post/{made.ID}.html"].decode())
    (canonical,) = page.css('link[rel="canonical"]')
    assert canonical.attributes["href"] == f"{URL}/post/{made.ID}.html"
    feed = feedparser.parse(files["outlet/样本日报.atom"])
    assert not feed.bozo
    assert feed.feed.id == f"{URL}/outlet/%E6%A0%B7%E6%9C%AC%E6%97%A5%E6%8A%A5.atom"
    assert feed.entries[0].link == f"{URL}/post/NW000.html"
    addresses = [element.text for element in ET.fromstring(files["sitemap.xml"]).iter() if element.text]
    assert f"{URL}/post/{made.ID}.html" in addresses
    assert not any("/search.html" in str(address) for address in addresses)


def test_feeds_of_a_site_without_an_address_are_feeds(site: Path) -> None:
    feed = feedparser.parse((site / "outlet/样本日报.atom").read_bytes())
    assert not feed.bozo
    assert feed.feed.id.startswith("tag:finews-archive.invalid,2022:/outlet/")
    assert urljoin("https://x.example/a/outlet/b.atom", feed.entries[0].link) == "https://x.example/a/post/NW000.html"


@pytest.mark.parametrize(
    "url", ["news.example.org", "ftp://x.example", "https://", "https://x.example/?a", "javascript:1"]
)
def test_what_is_no_address_of_a_site_is_refused(url: str, archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not the address of a site"):
        publish(archive.path, tmp_path / "site", url=url)
    assert not (tmp_path / "site").exists()


def test_an_empty_archive_is_a_site_too(tmp_path: Path) -> None:
    with Archive(tmp_path / "archive.db", create=True) as archive:
        publish(archive.path, tmp_path / "site")
    assert "index.html" in contents(tmp_path / "site")


def test_drafts_are_not_published_unless_they_are_wanted(tmp_path: Path) -> None:
    with Archive(tmp_path / "archive.db", create=True) as archive:
        runs.begin(archive.db, "finews", made.SEEN)
        store(archive, "NW1")
        store(archive, "NW2", draft=True)
        publish(archive.path, tmp_path / "without")
        publish(archive.path, tmp_path / "with", drafts=True)
    assert "post/NW2.html" not in contents(tmp_path / "without")
    assert "post/NW2.html" in contents(tmp_path / "with")


@pytest.mark.slow
def test_the_command_says_what_it_wrote(finews: Callable[..., Any], tmp_path: Path) -> None:
    with made.Run(tmp_path / "output/archive.db") as run:
        run.write(made.article())
    done = finews("export", "public", "--format", "site")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"1 post as site in public, \d+ files written\n", done.stdout)
    again = finews("export", "public", "--format", "site", "--json")
    assert json.loads(again.stdout) == {
        "format": "site",
        "directory": "public",
        "posts": 1,
        "written": 0,
        "removed": 0,
    }
    refused = finews("export", "posts", "--url", URL)
    assert (refused.returncode, refused.stderr.splitlines()[-1]) == (2, "Error: --url goes with --format site.")


def test_a_post_without_an_address_of_its_own_is_published_too(tmp_path: Path) -> None:
    with Archive(tmp_path / "archive.db", create=True) as opened:
        runs.begin(opened.db, "notes", made.SEEN)
        note = {"url": None, "share_url": None, "source": None, "category": None, "mentions": (), "tags": ()}
        store(opened, "note", site="notes", **note)
    assert publish(tmp_path / "archive.db", tmp_path / "public")["posts"] == 1
    tree = LexborHTMLParser((tmp_path / "public" / place_of("/post/note")).read_text(encoding="utf-8"))
    assert [each.text() for each in tree.css(".cite p")] == [
        "‘江西出台5G行动计划’ (2022), 20 April.",
        "江西出台5G行动计划[Z]. 2022-04-20.",
    ]
