"""Trying out pages of a site: they are requested as politely and as guardedly as by a crawl; nothing is stored."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import bad_server
import pytest
from test_definition_files import GARDEN

from crawler.ops.sample_site.server import serve
from crawler.ops.sample_site.site import Resource, SampleSite, bundled_site

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.slow  # whole runs of the program

BLOG = "https://blog.example"
POST = "<h1>Moss</h1><time datetime='2024-03-04 10:00'></time><article>Words.</article>"
HOME = "https://finews.withounder.com/"
SEED = f"{HOME}dajiangwang/2022/04/20/NW202204202350104915.html"


def outcome(told: dict[str, Any]) -> tuple[str, str | None, str | None, str | None]:
    return told["page"], told["kind"], told["outcome"], told["reason"]


def test_pages_are_requested_once_each_after_robots_txt(
    finews: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    lost = SEED.replace("4915", "4916")
    with serve(bundled_site()) as server:
        done = finews("try", HOME, SEED, lost, HOME, "--mirror", server.url, "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (1, "")
    assert [outcome(each) for each in told] == [
        (HOME, "home", "read", None),
        (SEED, "post", "read", None),
        (lost, "post", "gone", "HTTP 404"),
        (HOME, "home", "read", None),
    ]
    assert told[1]["fields"]["title"]["value"] == "推进5G规模化应用！江西出台5G应用“扬帆”行动计划"
    assert server.requests[0].target == "/robots.txt"
    assert sorted(request.target for request in server.requests[1:]) == sorted(
        url.removeprefix(HOME[:-1]) for url in (HOME, SEED, lost)
    )
    assert {request.host for request in server.requests} == {"finews.withounder.com"}
    assert list(tmp_path.iterdir()) == []


def test_what_is_behind_a_share_link_is_told(finews: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    share = "http://finews.zning.xyz/html_News/NewsShare.html?infoCode=NW202204182347990071"
    with serve(bundled_site()) as server:
        (told,) = json.loads(finews("try", share, "--mirror", server.url, "--json").stdout)
    assert (told["kind"], told["id"], told["outcome"]) == ("share", "NW202204182347990071", "read")
    assert told["fields"]["body"]["value"]


def test_what_a_crawl_would_not_request_is_not_requested(
    finews: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "my.yaml").write_text(GARDEN, encoding="utf-8")
    pages = {"/robots.txt": "User-agent: *\nDisallow: /secret", "/moss.html": POST}
    served = {path: Resource(page.encode(), "text/html", 0, f'"{path}"') for path, page in pages.items()}
    plan = {"/old.html": [bad_server.redirect(f"{BLOG}/moss.html")]}
    urls = ["https://else.example/x.html", "http://127.0.0.1/x.html", f"{BLOG}/secret.html", f"{BLOG}/old.html"]
    with bad_server.serve_badly(SampleSite(served, bundled_site().missing), plan) as server:
        told = json.loads(finews("try", *urls, "--site", "my.yaml", "--mirror", server.url, "--json").stdout)
    assert [(each["kind"], each["outcome"], each["reason"]) for each in told] == [
        (None, "refused", "not an address of the site"),
        (None, "refused", "not an address of the site"),
        ("post", "refused", "forbidden by robots.txt"),
        ("post", "refused", f"redirected to {BLOG}/moss.html"),
    ]
    assert server.targets == ["/robots.txt", "/old.html"]


def test_what_is_told_for_people_names_fields_rules_and_values(
    finews: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "my.yaml").write_text(GARDEN.replace("title: [", "title: [{css: h2}, "), encoding="utf-8")
    (tmp_path / "page.html").write_text(
        f"<link rel=canonical href=/moss.html>{POST.replace('Words.', '<p>One.</p><p>Two.</p>')}", encoding="utf-8"
    )
    (tmp_path / "home.html").write_text("<link rel=canonical href=/><a href=/2024/moss>Moss</a>", encoding="utf-8")
    done = finews("try", "page.html", "home.html", "--site", "my.yaml")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == (
        "page.html\n"
        f"  at {BLOG}/moss.html\n"
        "  post · moss · layout post: can be read\n"
        "  title         Moss\n"
        "                  title[1] css: h1\n"
        "                  title[0] css: h2: found nothing\n"
        "  date          2024-03-04 10:00:00 +08:00 (Asia/Shanghai)\n"
        "                  date[0] css: time, attribute: datetime, found 2024-03-04 10:00\n"
        "  body          10 characters in 2 paragraphs\n"
        "                │ One.\n"
        "                │ Two.\n"
        "                  body[0] css: article\n"
        "\n"
        "home.html\n"
        f"  at {BLOG}/\n"
        "  home: refused: names no post (rule addresses.post)\n"
        "      1  on the site, but nobody's\n"
        f"         {BLOG}/2024/moss\n"
        "  → None of its links has the form of a post's address (`addresses.post`). 1 leads to another page of the"
        " site: /2024/moss.\n"
    )


def test_a_page_cannot_steer_the_terminal(
    finews: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "my.yaml").write_text(GARDEN, encoding="utf-8")
    page = POST.replace("Moss", "\x1b[2J\x07Moss\u202e").replace("Words", "\x1b]0;x\x07Words")
    (tmp_path / "page.html").write_text(f"<link rel=canonical href=/moss.html>{page}", encoding="utf-8")
    done = finews("try", "page.html", "--site", "my.yaml")
    assert done.returncode == 0
    assert not set(done.stdout) & {"\x1b", "\x07", "\u202e"}


def test_a_definition_is_begun_from_a_page_of_the_site_and_its_robots_txt(
    finews: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    pages = {
        "/robots.txt": f"User-agent: *\nDisallow: /secret\nSitemap: {BLOG}/sitemap.xml\n",
        "/2024/moss.html": POST,
        "/secret.html": POST,
    }
    served = {path: Resource(page.encode(), "text/html", 0, f'"{path}"') for path, page in pages.items()}
    plan = {"/old.html": [bad_server.redirect("https://www.blog.example/old.html")]}
    with bad_server.serve_badly(SampleSite(served, bundled_site().missing), plan) as server:
        init = ["try", "--init", "--mirror", server.url]
        written = finews(*init, "--output", "my.yaml", f"{BLOG}/2024/moss.html")
        tried = finews("try", "--site", "my.yaml", "--mirror", server.url, "--json", f"{BLOG}/2024/moss.html")
        refused = [finews(*init, f"{BLOG}/{name}.html") for name in ("secret", "old", "none")]
    assert (written.returncode, written.stderr) == (0, "")
    assert "\nsitemap: [/sitemap.xml]\n" in (tmp_path / "my.yaml").read_text(encoding="utf-8")
    (told,) = json.loads(tried.stdout)
    assert {name: field["value"] for name, field in told["fields"].items()} == {
        "title": "Moss",
        "date": "2024-03-04T10:00:00+00:00",
        "body": "Words.",
    }
    advice = "give the address of a post as a browser shows it"
    reasons = ("forbidden by robots.txt", "redirected to https://www.blog.example/old.html", "HTTP 404")
    assert [(done.returncode, done.stdout, done.stderr) for done in refused] == [
        (1, "", f"Error: {BLOG}/{name}.html could not be read ({reason}): {advice}.\n")
        for name, reason in zip(("secret", "old", "none"), reasons, strict=True)
    ]
