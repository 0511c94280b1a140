"""Posts that their page no longer tells: found in the site's source and behind share links, by whole runs."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from crawler.archive import Archive
from crawler.ops.check import check
from crawler.ops.sample_site.server import RunningServer, serve
from crawler.ops.sample_site.site import NO_EXTRAS, Extras, Resource, SampleSite, build, bundled_posts
from crawler.sites.addresses import post_id_named
from crawler.sites.loading import load_site

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from crawler.ops.sample_site.source import SourcePost

pytestmark = pytest.mark.slow  # whole runs of the program

SEED = "NW202204202350104915"
NONE = dict.fromkeys(("new", "changed", "unchanged", "refused", "failed", "gone"), 0)
PAGE = f"/dajiangwang/2022/04/20/{SEED}.html"
SOURCE = f"/zning1994/finews/main/old_post/2022-04-20-{SEED}.md"
TEXT = f"/NewsData/GetNewsText.do?id={SEED}"
SHARE = f"http://finews.zning.xyz/html_News/NewsShare.html?infoCode={SEED}"
(SEED_POST,) = (post for post in bundled_posts() if post.id == SEED)
WORDS = "<p>江西省出台行动计划。</p><p>到明年建成十万个基站。</p>"
OTHER_WORDS = "<p>江西省出台行动计划。</p><p>到明年建成二十万个基站，投资翻番。</p>"


@dataclass(frozen=True, slots=True)
class Place:
    """An archive, and a server that stands for the site's hosts."""

    run: Callable[..., subprocess.CompletedProcess[str]]
    server: RunningServer
    archive: Path

    def __call__(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        self.server.requests.clear()
        done = self.run(*arguments, "--mirror", self.server.url, "--archive", str(self.archive), "--json")
        assert done.returncode == code, done.stderr
        assert check(self.archive, None)["findings"] == []
        report: dict[str, Any] = json.loads(done.stdout)
        return report

    def serve(self, *posts: SourcePost, extras: Extras = NO_EXTRAS, **more: str | dict[str, str]) -> None:
        """Serve a site of these posts; `source` is what the seed's file holds, `share` the JSON of its share text."""
        site = build(posts, extras)
        served = dict(site.resources)
        if "source" in more:
            served[SOURCE] = _resource(str(more["source"]))
        if "share" in more:
            served[TEXT] = _resource(json.dumps(more["share"]))
        self.server.site = SampleSite(served, site.missing)

    def asked(self) -> list[str]:
        return [request.target for request in self.server.requests if SEED in request.target]

    def post(self, name: str = SEED) -> dict[str, Any]:
        with Archive(self.archive) as archive:
            return archive.post(name)

    def vias(self) -> list[str]:
        with Archive(self.archive) as archive:
            return [row["via"] for row in archive.history(SEED)]

    def links(self) -> dict[str, tuple[str, int | None, str | None]]:
        with closing(sqlite3.connect(self.archive)) as db:
            rows = db.execute(
                "SELECT kind, state, status, outcome FROM links WHERE instr(url, ?) ORDER BY kind", [SEED]
            )
            return {kind: (state, status, outcome) for kind, state, status, outcome in rows}

    def make_due(self) -> None:
        with closing(sqlite3.connect(self.archive)) as db, db:
            db.execute("UPDATE links SET next_try_at = '2022-04-21T00:00:00+00:00' WHERE kind IN ('post', 'share')")


def _resource(text: str) -> Resource:
    body = text.encode()
    return Resource(body, "text/plain; charset=utf-8", 1650500000, f'"{hashlib.sha1(body).hexdigest()[:8]}"')


@pytest.fixture
def place(finews: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> Iterator[Place]:
    with serve(build([SEED_POST])) as server:
        yield Place(finews, server, tmp_path / "archive.db")


def source(title: str = "题", body: str = WORDS) -> str:
    front = (
        f'layout: post\ntitle: "{title}"\ndate: 2022-04-20 16:44:59 +0800\ncategories: dajiangwang\ntags: 大江网新闻'
    )
    return f"---\n{front}\n---\n{body}<p class='em_media'>（文章来源：大江网）</p>\n\n<{SHARE}>"


GONE = Extras(gone=(SEED_POST,))


# Expired posts.


def test_a_post_whose_page_is_gone_is_read_from_the_sites_source(place: Place) -> None:
    place.serve(extras=GONE, source=source("江西“扬帆”"))
    report = place("crawl", "--no-posts")
    assert report["posts"] == {"new": 1, "changed": 0, "unchanged": 0, "refused": 0, "failed": 0, "gone": 0}
    assert report["elsewhere"] == {"expired: stored": 1}
    assert place.asked() == [PAGE, SOURCE]
    post = place.post()
    assert (post["title"], post["source"], post["category"]) == ("江西“扬帆”", "大江网", "dajiangwang")
    assert (post["published_at"], post["share_url"]) == ("2022-04-20T16:44:59+08:00", SHARE)
    assert post["url"] == f"https://finews.withounder.com{PAGE}"
    assert post["gone_at"] is not None
    assert place.vias() == ["expired"]
    assert place.links() == {"expired": ("stored", 200, None), "post": ("stored", 404, "new")}


def test_a_source_with_a_broken_title_is_read_exactly(place: Place) -> None:
    place.serve(extras=GONE, source=source('江西"扬帆"行动：\\开始'))
    place("crawl", "--no-posts")
    assert place.post()["title"] == '江西"扬帆"行动：\\开始'


def test_a_post_found_nowhere_is_gone_with_a_reason_for_every_place(place: Place) -> None:
    place.serve(extras=GONE)
    report = place("crawl", "--no-posts")
    reason = "gone: HTTP 404; expired: HTTP 404; share link: the answer holds no text"
    assert (report["posts"]["gone"], report["reasons"]) == (1, {reason: 1})
    assert report["elsewhere"] == {"expired: gone": 1, "share: failed": 1}
    assert place.asked() == [PAGE, SOURCE, TEXT]
    assert place.links() == {
        "expired": ("gone", 404, None),
        "post": ("gone", 404, "gone"),
        "share": ("failed", 200, None),
    }
    told = place.run("why", SEED, "--archive", str(place.archive), "--json")
    urls = [address["url"] for address in json.loads(told.stdout)["addresses"]]
    assert urls == [f"https://finews.withounder.com{PAGE}", f"https://raw.githubusercontent.com{SOURCE}", SHARE]


def test_if_the_source_is_no_post_the_share_link_is_tried(place: Place) -> None:
    place.serve(extras=GONE, source="---\ntitle: x\n", share={"text": WORDS})
    report = place("crawl", "--no-posts")
    assert report["elsewhere"] == {"expired: refused": 1, "share: stored": 1}
    assert (report["posts"]["new"], place.vias()) == (1, ["share"])


def test_a_share_text_in_place_of_a_page_has_the_link_s_text_as_its_title(place: Place) -> None:
    place.serve(extras=GONE, share={"content": WORDS})
    place("crawl", "--no-posts")
    post = place.post()
    assert (post["title"], post["derived"], post["published_at"]) == (
        SEED_POST.title,
        [],
        "2022-04-20T00:00:00+08:00",
    )


def test_a_post_that_was_given_up_is_found_once_its_source_exists(place: Place) -> None:
    place.serve(extras=GONE)
    place("crawl", "--no-posts")
    place.make_due()
    place.serve(replace(SEED_POST, id="NW202204202350000009"), extras=GONE, source=source())
    assert place("crawl", "--no-posts")["posts"]["new"] == 2
    assert place.vias() == ["expired"]


def test_a_stored_post_whose_page_is_gone_is_not_searched_for(place: Place) -> None:
    place("crawl", "--no-posts")
    place.make_due()
    place.serve(replace(SEED_POST, id="NW202204202350000009"), extras=GONE, source=source())
    place("crawl", "--no-posts")
    assert place.asked() == [PAGE]
    assert (place.vias(), place.post()["gone_at"] is not None) == (["page"], True)


def test_an_imported_post_whose_page_is_gone_is_not_searched_for(place: Place, tmp_path: Path) -> None:
    kept = tmp_path / f"2022-04-20-{SEED}.md"
    kept.write_text(source(), encoding="utf-8")
    place.run("import", str(kept), "--archive", str(place.archive), "--no-posts")
    place.serve(extras=GONE, source=source())
    assert place("crawl", "--no-posts")["posts"]["gone"] == 1
    assert (place.asked(), place.vias(), place.post()["gone_at"] is not None) == ([PAGE], ["import"], True)


# Share links.


def test_a_page_without_a_body_gets_that_of_its_share_text(place: Place) -> None:
    place.serve(replace(SEED_POST, body=""), share={"text": WORDS})
    report = place("crawl", "--no-posts")
    assert (report["posts"]["new"], report["elsewhere"]) == (1, {"share: stored": 1})
    post = place.post()
    assert (post["title"], post["html"], post["published_at"]) == (
        SEED_POST.title,
        WORDS,
        "2022-04-20T16:44:59+08:00",
    )
    assert place.vias() == ["share"]
    assert post["gone_at"] is None


def test_a_page_without_a_body_is_refused_when_its_share_link_has_none_either(place: Place) -> None:
    place.serve(replace(SEED_POST, body=""), share={"text": ""})
    report = place("crawl", "--no-posts")
    assert (report["posts"]["refused"], report["reasons"]) == (1, {"refused: no body": 1})


@pytest.mark.parametrize("use", ["missing", "always"])
def test_an_outlet_that_a_page_does_not_name_is_taken_from_its_share_text(place: Place, use: str) -> None:
    nameless = replace(SEED_POST, tag="江西", category="dajiangwang", body="<p>江西省出台行动计划。</p>")
    media = '<p class="em_media">（文章来源：大江网）</p>'
    place.serve(nameless, share={"text": nameless.body + media})
    report = place("crawl", "--no-posts", "--share", use)
    assert report["elsewhere"] == {"share: stored": 1}
    assert (place.post()["source"], place.vias()) == ("大江网", ["page"])


def test_the_share_link_of_a_complete_page_is_requested_only_if_wanted(place: Place) -> None:
    place.serve(SEED_POST, share={"text": OTHER_WORDS})
    place("crawl", "--no-posts")
    assert place.asked() == [PAGE]
    report = place("crawl", "--no-posts", "--full", "--share", "always")
    assert place.asked() == [PAGE, TEXT]
    assert report["elsewhere"] == {"share: stored": 1}


def test_a_share_text_that_contradicts_a_page_is_a_revision_and_counted(place: Place) -> None:
    place.serve(replace(SEED_POST, body=WORDS), share={"text": OTHER_WORDS})
    report = place("crawl", "--no-posts", "--share", "always")
    assert (report["posts"]["new"], report["posts"]["changed"]) == (1, 1)
    assert place.vias() == ["page", "share"]
    again = place("crawl", "--no-posts", "--full", "--share", "always")
    assert (again["posts"]["changed"], again["posts"]["unchanged"]) == (0, 1)
    assert place.vias() == ["page", "share"]


BROKEN = ["", "{", "[]", "{}", '{"text": null}', '{"text": ""}', '{"text": "已删除"}', "<html>error</html>"]


def test_an_empty_or_broken_share_text_changes_nothing(place: Place) -> None:
    posts = [replace(SEED_POST, id=f"NW20220420235000000{number}", body=WORDS) for number in range(len(BROKEN))]
    place.serve(*posts)
    place("crawl", "--no-posts")
    before = [place.post(post.id) for post in posts]
    answers = {
        f"/NewsData/GetNewsText.do?id={post.id}": _resource(answer)
        for post, answer in zip(posts, BROKEN, strict=True)
    }
    place.server.site = SampleSite({**place.server.site.resources, **answers}, place.server.site.missing)
    report = place("crawl", "--no-posts", "--full", "--share", "always")
    assert (report["outcome"], report["posts"]["unchanged"], sum(report["posts"].values())) == ("finished", 8, 8)
    assert report["elsewhere"] == {"share: failed": 7, "share: stored": 1}
    after = [place.post(post.id) for post in posts]
    assert [{**post, "last_seen_at": ""} for post in after] == [{**post, "last_seen_at": ""} for post in before]


def test_no_share_link_is_requested_if_none_is_wanted(place: Place) -> None:
    place.serve(extras=GONE, share={"text": WORDS})
    report = place("crawl", "--no-posts", "--no-share")
    assert place.asked() == [PAGE, SOURCE]
    assert report["posts"]["gone"] == 1


# The share command.


NAMES = [
    SEED,
    SEED.lower(),
    SHARE,
    f"https://choicewzp1.eastmoney.com/HTML_NEWS/newsshare.HTML?a=1&INFOCODE={SEED.lower()}&b=2",
    f"http://finews.zning.xyz/NewsData/GetNewsText.do?id={SEED}",
    f"https://finews.withounder.com{PAGE}",
    f"finews.zning.me{PAGE}?from=feed",
    f"https://raw.githubusercontent.com{SOURCE}",
    f"_posts/2022-04-20-{SEED}.md",
]


def test_every_form_of_a_post_s_name_leads_to_it(place: Place) -> None:
    place.serve(share={"text": WORDS})
    report = place("share", *NAMES, "--no-posts")
    assert (report["posts"]["new"], sum(report["posts"].values()), place.asked()) == (1, 1, [TEXT])
    with Archive(place.archive) as archive:
        for name in NAMES:
            assert archive.post(name)["post_id"] == SEED
            assert [trail["url"] for trail in archive.why(name)] == [SHARE]


def test_the_article_a_rolling_post_was_taken_from_leads_to_it(place: Place) -> None:
    post_id, host = "202112082206935918", "finance.eastmoney.com"
    text = {f"/NewsData/GetNewsText.do?id={post_id}": _resource('{"content": "文。"}')}
    place.server.site = SampleSite({**place.server.site.resources, **text}, place.server.site.missing)
    names = f"http://{host}/news/11158,{post_id}.html", f"https://{host}/a/{post_id}.html"
    assert place("share", *names, "--no-posts")["posts"] == {**NONE, "new": 1}
    assert [place.post(name)["post_id"] for name in names] == [post_id, post_id]


CRAFTED = ["../../etc/passwd", "..%2f..%2fx", "http://finews.zning.xyz/x", "a b", "/etc/x", "x/../../y.md", ".md"]


def test_a_crafted_id_never_becomes_an_address(place: Place) -> None:
    assert [post_id_named(load_site("finews"), crafted) for crafted in CRAFTED] == [None] * 5 + ["y", None]
    done = place.run("share", CRAFTED[0], "--mirror", place.server.url, "--archive", str(place.archive))
    assert done.returncode == 2
    assert "is not a share link of the site finews" in done.stderr
    assert place.server.requests == []


def test_a_post_whose_share_link_gives_nothing_is_searched_for_among_the_expired(place: Place) -> None:
    place.serve(source=source("江西“扬帆”"))
    report = place("share", SEED, "--no-posts")
    assert (report["posts"]["new"], report["elsewhere"]) == (1, {"expired: stored": 1})
    post = place.post()
    assert (post["title"], post["category"], post["url"]) == (
        "江西“扬帆”",
        "dajiangwang",
        f"https://finews.withounder.com{PAGE}",
    )


def test_a_share_link_that_failed_is_retried_by_the_next_crawl(place: Place) -> None:
    place.serve()
    report = place("share", SEED, "--no-posts", code=1)
    assert report["posts"]["failed"] == 1
    place.serve(replace(SEED_POST, id="NW202204202350000009"), share={"text": WORDS})
    assert place("crawl", "--no-posts")["posts"]["new"] == 2
    assert place.post()["text"] == "江西省出台行动计划。\n到明年建成十万个基站。"
