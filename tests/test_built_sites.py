"""Exports of everything, built by Jekyll and Hugo: every post has its page, with its words and nothing that runs."""

from __future__ import annotations

import json
import re
import subprocess
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import made
import pytest
from markup import SOUP, SPECIAL
from selectolax.lexbor import LexborHTMLParser
from test_exported_sources import FORMS

from crawler.archive import Archive
from crawler.archive.ledger import runs
from crawler.archive.store import posts
from crawler.archive.store.derived import DerivedArticle
from crawler.archive.store.files import written_file
from crawler.items import PostFile
from crawler.ops.export import export_posts
from crawler.ops.importing.reading import read_file
from crawler.text.words import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

SAMPLES = sorted(files("crawler.ops.sample_site").joinpath("posts").iterdir(), key=lambda file: file.name)
LIQUID = "{{ site.title }} {% include x.html %} {% raw %} {{< figure >}} {{% note %}} {{</* c */>}} {{< open"
TOML = """+++
title = 'a: "b"'
date = 2022-04-20T08:00:00Z
outputs = ['x']
aliases = ['https://a.example/']
_build = 'x'
weight = 'x'
Tags = ['a b', 'c']
+++
"""
HEXO = """---
title: 题 {{ a }}
date: 2022-04-20 08:00:00
tags: [一, 二 三]
---
- 一

      f(a) {

          b = "x" && c;
      }

| 甲 | 乙 |
|---|---|
| a | {{ b }} |

"""
JEKYLL = """---
title: x
date: 2022-04-20
---
<ul><li><pre>f(a) {
    b = "x" &amp;&amp; c;
}</pre></li></ul>

5*3*2 _a_
"""
FROM_ELSEWHERE = {
    "hugo": f"{TOML}\nText {LIQUID}\n\n```\n{LIQUID}\n\n  `x` && y\n```\n",
    "hexo": f"{HEXO}{{% codeblock %}}\n正文 {LIQUID}\n{{% endcodeblock %}}\n",
    "jekyll": JEKYLL,
}
LAYOUT = "<h1>{{ page.title | escape }}</h1><main>{{ content }}</main>"


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with Archive(tmp_path_factory.mktemp("archive") / "archive.db", create=True) as archive:
        runs.begin(archive.db, "finews", made.SEEN)
        for file in SAMPLES:
            store(archive, file.name, file.read_bytes())
        for number, form in enumerate(FORMS.values()):
            store(archive, f"2021-12-08-9{number:03}.md", form.encode())
        for name, source in FROM_ELSEWHERE.items():
            store(archive, f"2022-04-20-{name}.md", source.encode())
        for number, html in enumerate(
            [*SOUP, *SPECIAL, *(f"<{tag}>{LIQUID}\n\n  a" for tag in ("p", "pre", "li", "li><pre"))]
        ):
            article = made.article(
                f"h{number}", html=f"<p>正文{number}</p>{html}", title=f'题{number} <b> "{{{{ x }}}}"'
            )
            posts.store(archive.db, article, 1, DerivedArticle(article))
        yield archive


def store(archive: Archive, name: str, content: bytes) -> None:
    read = read_file(PostFile(path=name, name=name, content=content), made.SITE, made.SEEN)
    assert read.derived, read.reason
    posts.store(archive.db, read.derived.article, 1, read.derived)


def active(page: LexborHTMLParser) -> list[str]:
    """Return what of a page would run."""
    found = [node.tag or "" for node in page.css("script, iframe, object, embed, form, svg, style, base, meta, link")]
    for node in page.css("*"):
        for name, value in node.attributes.items():
            address = (value or "").strip().lower()
            if name.startswith("on") or (address.startswith("javascript:") and address != "javascript:void(0)"):
                found.append(f"{name}={value}")
    return [each for each in found if each != "href=javascript:;"]


def pages(folder: Path, all_posts: list[Any]) -> dict[str, tuple[list[str], list[str]]]:
    """Return by id which words of a post its page lacks, and what of the page would run."""
    # Where front matter is broken, as the site's own is with a quote in a title, Jekyll takes the file's whole name.
    named = {file.parent.name if file.name == "index.html" else file.stem: file for file in folder.rglob("*.html")}
    built = {re.sub(r"^\d{4}-\d\d-\d\d-", "", name): file for name, file in named.items()}
    found = {}
    for post in all_posts:
        page = LexborHTMLParser(built[post["post_id"]].read_text(encoding="utf-8"))
        shown = "".join(tokens(page.css_first("main").text(separator=" ")))
        lacking = [line for line in post["text"].split("\n") if "".join(tokens(line)) not in shown]
        found[post["post_id"]] = (lacking, active(page))
    return found


def test_jekyll_builds_an_export_of_everything(everything: Archive, tmp_path: Path) -> None:
    export_posts(everything.posts(), tmp_path / "_posts", "jekyll", file_of=partial(written_file, everything.db))
    (tmp_path / "_layouts").mkdir()
    (tmp_path / "_layouts" / "post.html").write_text(LAYOUT)
    (tmp_path / "_config.yml").write_text("future: true\ndefaults: [{scope: {path: ''}, values: {layout: post}}]\n")
    command = ["jekyll", "build", "--quiet", "--disable-disk-cache"]
    built = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr

    all_posts = list(everything.posts())
    assert {key: found for key, found in pages(tmp_path / "_site", all_posts).items() if found != ([], [])} == {}


def test_hugo_builds_an_export_of_everything(everything: Archive, tmp_path: Path) -> None:
    export_posts(everything.posts(), tmp_path / "content" / "posts", "hugo")
    (tmp_path / "layouts" / "_default").mkdir(parents=True)
    (tmp_path / "layouts" / "_default" / "single.html").write_text("<h1>{{ .Title }}</h1><main>{{ .Content }}</main>")
    kinds = "home section taxonomy term RSS sitemap robotsTXT 404".split()
    (tmp_path / "config.json").write_text(json.dumps({"disableKinds": kinds, "buildFuture": True}))
    built = subprocess.run(["hugo", "--quiet"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (built.returncode, built.stdout, built.stderr) == (0, "", "")

    all_posts = list(everything.posts())
    assert {key: found for key, found in pages(tmp_path / "public", all_posts).items() if found != ([], [])} == {}
