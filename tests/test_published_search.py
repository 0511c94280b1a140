"""The search of a published site finds what the archive's own search finds, in the same order, without a server."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import unicodedata
from datetime import timedelta
from pathlib import Path
from typing import Any

import made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.archive import Archive
from crawler.archive.ledger import runs
from crawler.archive.store import posts
from crawler.items import Category
from crawler.text.variants import unify
from crawler.text.words import tokens_in
from crawler.web.published.folder import Folder
from crawler.web.published.searching.index import write_index

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(
    NODE is None, reason="node, which runs the search outside a browser, is not installed"
)

WORDS = [
    *"江西 5G 5g VR 工业 互联网 工业互联网 臺灣 台湾 万科 萬科 １５Ｇ 15g ＡＢＣ abc 한국 ｶﾞ ガ 𠮷 🙂".split(),
    *"OR 的 江 。 “扬帆” x".split(),
    *("5\u200bG", "é", "e\u0301", "İ", "ΟΣ", "ﬁ", "㎏", "…", "¥", "_", "a_b", "", "\u00ad", "न्यूज़", "constructor"),
    *("__proto__", "z" * 70, "z" * 69 + "y"),
]
POSTS = 150


def texts(chance: random.Random, words: int) -> str:
    parts = [chance.choice(WORDS) + chance.choice(["", "", " ", "，", "\u3000", "-"]) for _ in range(words)]
    return "".join(parts)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Any:
    chance = random.Random(1)
    with Archive(tmp_path_factory.mktemp("archive") / "archive.db", create=True) as opened:
        runs.begin(opened.db, "finews", made.SEEN)
        for number in range(POSTS):
            # Some at the same second, and the first of them before 1970.
            at = made.PUBLISHED + timedelta(days=chance.choice([-30_000, 0, 1, number]))
            html = f"<p>{texts(chance, chance.randrange(1, 60))}</p><p>{texts(chance, 20)}</p>"
            article = made.article(f"NW{number:018}", title=texts(chance, 6) or "-", html=html, published_at=at)
            posts.store(opened.db, article, 1)
        # A post whose text was taken away is found by what it said before.
        for text in ("<p>孤独的词语在这里，以及更多内容。</p>", "<p>该文已删除</p>"):
            posts.store(opened.db, made.article("NW9", title="移走", html=text), 1)
        yield opened


@pytest.fixture(scope="module")
def site(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("site")
    publish(archive, directory)
    return directory


def publish(archive: Archive, directory: Path, *, drafts: bool = False) -> Folder:
    folder = Folder(directory)
    write_index(archive, folder, lambda kind, name: f"{kind}/{name}.html", drafts=drafts)
    folder.finish()
    return folder


def ask(site: Path, questions: list[list[Any]]) -> list[Any]:
    """Have the script of a site answer calls of its functions."""
    command = [str(NODE), str(Path(__file__).with_name("search_published.js")), str(site)]
    done = subprocess.run(command, input=json.dumps(questions), capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def found_here(site: Path, queries: list[str], **options: Any) -> list[dict[str, Any]]:
    """Return what the published search finds, in the words of the archive's."""
    answers = ask(site, [["search", query, options] for query in queries])
    return [
        {
            "total": answer["total"],
            "results": [
                (hit["href"], hit["title"], hit["snippet"]["text"], [tuple(span) for span in hit["snippet"]["spans"]])
                for hit in answer["results"]
            ],
        }
        for answer in answers
    ]


def found_there(archive: Archive, queries: list[str], **options: Any) -> list[dict[str, Any]]:
    answers = [archive.search(query, **options) for query in queries]
    return [
        {
            "total": answer["total"],
            "results": [
                (f"post/{hit['id']}.html", hit["title"], hit["text"], hit["highlights"]) for hit in answer["results"]
            ],
        }
        for answer in answers
    ]


def test_hits_are_narrowed_down_to_an_outlet_a_category_and_a_day(tmp_path: Path) -> None:
    roses = Category(slug="roses", name="玫瑰", url="https://finews.withounder.com/category/roses.html")
    with Archive(tmp_path / "archive.db", create=True) as opened:
        runs.begin(opened.db, "finews", made.SEEN)
        for number in range(90):  # in two blocks
            changes = {
                "source": f"报{number % 3}" if number % 4 else None,
                "category": roses if number % 5 == 0 else made.DAJIANGWANG,
            }
            at = made.PUBLISHED + timedelta(days=number % 2)
            posts.store(opened.db, made.article(f"NW{number:03}", published_at=at, **changes), 1)
        publish(opened, tmp_path / "site")
    only = {"outlet": "报1", "category": "玫瑰", "day": "2022-04-20"}
    wanted = [n for n in range(90) if n % 4 and n % 3 == 1 and n % 5 == 0 and n % 2 == 0]
    found, by_outlet, unknown, spread, narrowed = ask(
        tmp_path / "site",
        [
            ["search", "江西", {"only": only, "sort": "date"}],
            ["search", "江西", {"only": {"outlet": "报1"}}],
            ["search", "江西", {"only": {"day": "2022-04-22"}}],
            ["spread", "江西"],
            ["spread", "江西", {"only": only}],
        ],
    )
    assert sorted(hit["href"] for hit in found["results"]) == [f"post/NW{n:03}.html" for n in wanted]
    assert (by_outlet["total"], unknown["total"]) == (sum(n % 4 > 0 and n % 3 == 1 for n in range(90)), 0)
    assert spread["category"] == [["大江网新闻", 72], ["玫瑰", 18]]
    assert spread["day"] == [["2022-04-21", 45], ["2022-04-20", 45]]
    assert sum(count for _name, count in spread["outlet"]) == 67
    assert narrowed == {kind: [[name, len(wanted)]] for kind, name in only.items()}


QUERIES = [
    *"江西 江 5G ５ｇ 5G+VR 工业互联网 江西，5G -江西 OR 臺灣 台灣 “扬帆” a_b __proto__ constructor".split(),
    *"İ i̇ ΟΣ ος fi kg ガ 𠮷 🙂".split(),
    *(
        '="萬科"',
        '="万科"',
        '-="萬科" 江',
        '="5G" 江西',
        '="万科" OR 台湾',
        '"江西5G"',
        '"江西',
        '-"江西" 5g',
        "-= 江",
        "- 江",
    ),
    *(
        "江西 5G",
        "江西 -5G",
        "江西 OR 万科",
        "x OR",
        "OR x",
        "的 的 的",
        "江西江西",
        "= 江",
        "한국",
        "न्यूज़",
        "",
        " ",
        '"',
    ),
    *("z" * 70, "z" * 69 + "y", "孤独的词语", "该文已删除"),
]


@pytest.mark.parametrize("sort", ["relevance", "date"])
def test_queries_find_the_same_in_the_same_order(sort: Any, archive: Archive, site: Path) -> None:
    assert found_here(site, QUERIES, sort=sort) == found_there(archive, QUERIES, sort=sort)


def test_further_pages_are_the_same(archive: Archive, site: Path) -> None:
    assert found_here(site, ["江"], limit=10, offset=70) == found_there(archive, ["江"], limit=10, offset=70)


terms = st.sampled_from([*WORDS, '"', "-", "=", "OR", " ", "，", "  "]) | st.text(max_size=3)
queries = st.lists(terms, min_size=1, max_size=5).map(
    lambda parts: "".join(parts).encode("utf-8", "replace").decode("utf-8")
)


@settings(max_examples=examples(40))
@given(asked=st.lists(queries, min_size=1, max_size=20), sort=st.sampled_from(["relevance", "date"]))
def test_any_query_finds_the_same_in_the_same_order(
    archive: Archive, site: Path, asked: list[str], sort: Any
) -> None:
    assert found_here(site, asked, sort=sort) == found_there(archive, asked, sort=sort)


def test_every_character_is_folded_and_split_as_python_does(site: Path) -> None:
    # Characters that Unicode has added since are left out: browser and Python may know different ones.
    known = [chr(code) for code in range(0x20, 0x110000) if not 0xD800 <= code < 0xE000 and _is_old(chr(code))]
    lines = ["".join(known[start : start + 500]) for start in range(0, len(known), 500)]
    apart = [" x ".join(line) for line in lines]
    assert ask(site, [["tokensOf", line] for line in apart]) == [tokens_in(unify(line)) for line in apart]


def _is_old(sign: str) -> bool:
    return unicodedata.category(sign) != "Cn"


def test_a_new_post_changes_only_the_smallest_block(tmp_path: Path) -> None:
    with Archive(tmp_path / "archive.db", create=True) as archive:
        runs.begin(archive.db, "finews", made.SEEN)
        for number in range(130):
            posts.store(archive.db, made.article(f"NW{number}", title=f"第{number}篇"), 1)
        publish(archive, tmp_path / "site")
        before = contents(tmp_path / "site")
        assert publish(archive, tmp_path / "site").written == 0
        posts.store(archive.db, made.article("NW130", title="又一篇"), 1)
        publish(archive, tmp_path / "site")
    after = contents(tmp_path / "site")
    changed = {path.rpartition("/")[0] for path in after if before.get(path) != after[path]}
    assert changed == {"", "search", "search/128-64", "search/text/0"}
    assert before.keys() - after.keys() == set()


def test_a_block_that_was_cut_short_is_made_again(archive: Archive, site: Path, tmp_path: Path) -> None:
    shutil.copytree(site, tmp_path / "site")
    (tmp_path / "site/search/64-64/made-of.txt").write_bytes(b"")
    (tmp_path / "site/search/64-64/0.js").write_text("half a shar")
    assert publish(archive, tmp_path / "site").written == 2
    assert contents(tmp_path / "site") == contents(site)


def test_the_same_archive_gives_the_same_bytes(archive: Archive, site: Path, tmp_path: Path) -> None:
    publish(archive, tmp_path)
    assert contents(tmp_path) == contents(site)


def test_drafts_are_published_only_if_they_are_wanted(tmp_path: Path) -> None:
    with Archive(tmp_path / "archive.db", create=True) as archive:
        runs.begin(archive.db, "finews", made.SEEN)
        posts.store(archive.db, made.article("NW1", title="草稿", draft=True), 1)
        posts.store(archive.db, made.article("NW2"), 1)
        publish(archive, tmp_path / "without")
        publish(archive, tmp_path / "with", drafts=True)
    assert [answer["total"] for answer in found_here(tmp_path / "without", ["草稿", "江西"])] == [0, 1]
    assert [answer["total"] for answer in found_here(tmp_path / "with", ["草稿", "江西"])] == [1, 2]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
