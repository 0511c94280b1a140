"""The command line: what each command prints, for people and for programs, and how it ends."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import click
import made
import pytest
from click.testing import CliRunner, Result

from crawler import __version__
from crawler.archive import Archive
from crawler.archive.ledger import runs
from crawler.archive.ledger.runs import Traffic
from crawler.archive.store import posts
from crawler.cli import main
from crawler.items import Category, Mention
from crawler.ops.export import export_posts
from crawler.ops.sample_site.server import serve
from crawler.ops.sample_site.site import bundled_site

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SEED = "NW202204202350104915"
SEED_TITLE = "推进5G规模化应用！江西出台5G应用“扬帆”行动计划"
CRAWL_OPTIONS = {"--archive", "--site", "--mirror", "--posts", "--no-posts", "--category", "--no-share", "--full",
                 "--limit", "--json"}  # fmt: skip
SEARCH_OPTIONS = {"--archive", "--json", "--since", "--until", "--source", "--author", "--category", "--stock",
                  "--as-of", "--sort", "--limit", "--offset", "--collapse", "--drafts", "--site", "--all", "--format",
                  "--no-pager"}  # fmt: skip
STORY = (
    "江西出台5G应用行动计划，将建成十万个基站，覆盖全部乡镇，并培育一百家示范工厂，带动投资三百亿元，预计年底完成。"
    * 4
)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
JUHUA = Mention(code="1.600160", name="巨化股份", count=2)

# An archive with all there is to ask for: a revision, a story under two ids, a security under an odd name.
FIRST_RUN = [
    made.article(
        "NW1", title="巨化股份增长12%", html="<p>净利润5.2亿元。</p><p>江西基地投产。</p>", mentions=(JUHUA,)
    ),
    made.article(
        "NW2",
        html=f"<p>{STORY}</p>",
        published_at=made.PUBLISHED + HOUR,
        mentions=(Mention(code="106.NIO", name="蔚来", count=1),),
    ),
    made.article(
        "NW3",
        title="江西计划",
        html=f"<p>财联社4月20日电，{STORY}</p>",
        source="财联社",
        category=Category(slug="cailianshe", name="财联社", url="https://finews.withounder.com/category/c.html"),
        published_at=made.PUBLISHED + 2 * HOUR,
        mentions=(),
    ),
    made.article(
        "NW4",
        title="两市收高",
        html="<p>贵州茅台领涨，广告除外。</p>",
        published_at=made.PUBLISHED + DAY,
        mentions=(Mention(code="1.600160", name="贵州茅台", count=1),),
    ),
    made.article(
        "NW5",
        title="巨化股份公告",
        html="<p>江西广告。</p>",
        published_at=made.PUBLISHED + 2 * DAY,
        mentions=(JUHUA,),
    ),
]
REVISED = made.article(
    "NW1",
    title="巨化股份增长15%",
    html="<p>净利润5.4亿元。</p><p>江西基地投产。</p>",
    mentions=(JUHUA,),
    seen_at=made.LATER,
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of the sample site's dajiangwang."""
    folder = tmp_path_factory.mktemp("cli")
    with serve(bundled_site()) as server:
        arguments = ["crawl", "--mirror", server.url, "--archive", "a.db", "--no-posts", "--category", "dajiangwang"]
        subprocess.run([sys.executable, "-m", "crawler", *arguments], cwd=folder, check=True, capture_output=True)
    return folder / "a.db"


@pytest.fixture
def ask(archive: Path) -> Callable[..., Result]:
    """Run a command in this process, against the archive."""
    return asking(archive)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with an archive of a few posts, of two runs, and their Markdown."""
    folder = tmp_path_factory.mktemp("kept")
    with Archive(folder / "a.db", create=True) as opened:
        for articles in (FIRST_RUN, [REVISED]):
            with opened.db.atomic():
                run = runs.begin(opened.db, "finews", made.SEEN)
                for article in articles:
                    posts.store(opened.db, article, run)
            runs.finish(opened.db, run, "finished", now=made.LATER, seconds=1, traffic=Traffic())
        runs.recount(opened.db)
        export_posts(opened.posts(), folder / "posts", "markdown")
    return folder


@pytest.fixture
def question(kept: Path) -> Callable[..., Result]:
    """Run a command in this process, against the archive of a few posts."""
    return asking(kept / "a.db")


@pytest.fixture
def own(kept: Path, tmp_path: Path) -> Path:
    """An archive of a few posts that a test may change."""
    shutil.copytree(kept, tmp_path / "own")
    return tmp_path / "own" / "a.db"


def asking(archive: Path) -> Callable[..., Result]:
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, arguments, env={"FINEWS_ARCHIVE": str(archive)})

    return run


@pytest.mark.parametrize("command", ["stats", "runs", "stats --coverage", f"why {made.ID}", "runs --silent"])
@pytest.mark.parametrize("table", ["runs", "links", "posts"])
def test_an_archive_without_a_table_is_a_sentence(own: Path, command: str, table: str):
    with closing(sqlite3.connect(own)) as db:
        db.executescript(f"PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON; DROP TABLE {table};")
    result = asking(own)(*command.split())
    assert isinstance(result.exception, SystemExit | None)
    assert result.exit_code in {0, 1}
    if result.stderr:
        assert result.stderr.startswith("Error: The archive is not as this program keeps it (")
        assert result.stderr.endswith("): bring back a backup.\n")


def told(result: Result) -> Any:
    """Return the one JSON document a command printed."""
    assert (result.exit_code, result.stderr) == (0, "")
    return json.loads(result.stdout)


def printed(result: Result) -> str:
    """Return what a command printed when it ended well."""
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def test_the_version_is_printed(ask: Callable[..., Result]) -> None:
    assert ask("--version").output == f"finews, version {__version__}\n"


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_helps_with_an_example(name: str, ask: Callable[..., Result]) -> None:
    shown = ask(name, "--help")
    assert shown.exit_code == 0
    assert f"  Example:\n    finews {name}" in shown.output


def test_crawl_takes_the_options_of_the_contract() -> None:
    assert {option for parameter in main.commands["crawl"].params for option in parameter.opts} >= CRAWL_OPTIONS


def test_search_takes_the_options_of_the_contract() -> None:
    assert {option for parameter in main.commands["search"].params for option in parameter.opts} - {"query"} == (
        SEARCH_OPTIONS
    )


@pytest.mark.parametrize("name", sorted(main.commands.keys() - {"serve"}))  # what that prints is its address
def test_every_command_takes_an_archive_and_prints_json(name: str) -> None:
    command = main.commands[name]
    for each in command.commands.values() if isinstance(command, click.Group) else [command]:
        assert {"--archive", "--json"} <= {option for parameter in each.params for option in parameter.opts}


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", SEED],
        ["search", "江西"],
        ["history", SEED],
        ["stock", "609001"],
        ["stats"],
        ["runs"],
        ["export", "{folder}/out", "--format", "csv"],
        ["check", "--no-posts"],
        ["backup", "{folder}/backup.db"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_json_is_one_document_and_nothing_else(
    arguments: list[str], ask: Callable[..., Result], tmp_path: Path
) -> None:
    shown = ask(*(argument.format(folder=tmp_path) for argument in arguments), "--json")
    assert shown.exit_code == 0
    json.loads(shown.stdout)
    assert shown.stderr == ""


def test_a_post_is_shown_as_markdown_html_text_and_json(ask: Callable[..., Result], archive: Path) -> None:
    with Archive(archive) as opened:
        row = opened.post(SEED)
    assert ask("show", SEED).output.startswith(f"---\nlayout: post\ntitle: {SEED_TITLE}\n")
    assert ask("show", SEED).output.endswith(f"---\n\n{row['markdown']}\n")
    assert ask("show", SEED, "--format", "html").output == f"{row['html']}\n"
    assert ask("show", SEED, "--format", "text").output == (
        f"{SEED_TITLE}\n2022-04-20 16:44 · 大江网\n\n{row['text']}\n"
    )
    assert json.loads(ask("show", SEED, "--format", "json").output) == row


@pytest.mark.parametrize(
    "name",
    [
        f"https://finews.withounder.com/dajiangwang/2022/04/20/{SEED}.html",
        f"http://finews.zning.me/dajiangwang/2022/04/20/{SEED}.html#top",
        f"http://finews.zning.xyz/html_News/NewsShare.html?infoCode={SEED}",
        f"https://choicewzp1.eastmoney.com/html_News/NewsShare.html?from=x&infocode={SEED}",
    ],
)
def test_a_post_is_found_by_any_address_of_it(name: str, ask: Callable[..., Result]) -> None:
    assert json.loads(ask("show", name, "--json").output)["post_id"] == SEED


def test_a_former_revision_is_shown_as_it_was(question: Callable[..., Result]) -> None:
    now, then = told(question("show", "NW1", "--json")), told(question("show", "NW1", "--json", "--revision", "1"))
    assert {name: (then[name], now[name]) for name in now if then[name] != now[name]} == {
        "title": ("巨化股份增长12%", "巨化股份增长15%"),
        "summary": ("净利润5.2亿元。", "净利润5.4亿元。"),
        "html": ("<p>净利润5.2亿元。</p><p>江西基地投产。</p>", "<p>净利润5.4亿元。</p><p>江西基地投产。</p>"),
        "markdown": ("净利润5.2亿元。\n\n江西基地投产。", "净利润5.4亿元。\n\n江西基地投产。"),
        "text": ("净利润5.2亿元。\n江西基地投产。", "净利润5.4亿元。\n江西基地投产。"),
        "content_hash": (FIRST_RUN[0].content_hash, REVISED.content_hash),
        "revision": (1, 2),
    }
    assert told(question("show", "NW1", "--json", "--revision", "2")) == now
    assert printed(question("show", "NW1", "--format", "text", "--revision", "1")) == (
        "巨化股份增长12%\n2022-04-20 16:44 · 大江网\n\n净利润5.2亿元。\n江西基地投产。\n"
    )
    assert "title: 巨化股份增长12%\n" in printed(question("show", "NW1", "--revision", "1"))


@pytest.mark.parametrize("form", ["markdown", "html", "text"])
def test_posts_that_tell_the_same_story_are_named_on_standard_error(
    form: str, question: Callable[..., Result]
) -> None:
    both = [question("show", post_id, "--format", form) for post_id in ("NW2", "NW3")]
    assert [shown.exit_code for shown in both] == [0, 0]
    assert [shown.stderr for shown in both] == [
        "The same story: NW3 (2022-04-20 18:44 · 财联社). First came this one.\n",
        "The same story: NW2 (2022-04-20 17:44 · 大江网). First came NW2.\n",
    ]
    assert "The same story" not in both[0].stdout
    assert printed(question("show", "NW1", "--format", form))


def test_posts_that_tell_the_same_story_are_part_of_the_json(question: Callable[..., Result]) -> None:
    same = [(telling["id"], telling["first"]) for telling in told(question("show", "NW3", "--json"))["same_story"]]
    assert same == [("NW2", True), ("NW3", False)]


# Searching.


def test_a_search_prints_what_it_found(question: Callable[..., Result]) -> None:
    assert told(question("search", "江西 广告", "--json")) == {
        "query": "江西 广告",
        "total": 1,
        "results": [
            {
                "id": "NW5",
                "title": "巨化股份公告",
                "published_at": "2022-04-22T16:44:59+08:00",
                "source": "大江网",
                "category": "dajiangwang",
                "categories": ["dajiangwang"],
                "authors": [],
                "url": "https://finews.withounder.com/dajiangwang/2022/04/20/NW5.html",
                "snippet": "[江西][广告]。",
                "text": "江西广告。",
                "highlights": [[0, 2], [2, 4]],
                "site": "finews",
            }
        ],
    }
    assert printed(question("search", "江西 广告")) == (
        "\n1 found for 江西 广告\n\n巨化股份公告\n2022-04-22 16:44 · 大江网 · NW5\n  [江西][广告]。\n"
    )
    assert printed(question("search", "没有")) == "\n0 found for 没有\n"


@pytest.mark.parametrize(
    ("words", "query"),
    [
        (("江西", "广告"), "江西 广告"),
        (("江西", "-基地", "广告"), "江西 -基地 广告"),
        (("江西，广告",), "江西，广告"),
        (("--sort", "date", "江西", "广告", "--limit", "5"), "江西 广告"),
        (("江西", '"江西广告"'), '江西 "江西广告"'),
    ],
)
def test_several_words_need_no_quotes(words: tuple[str, ...], query: str, question: Callable[..., Result]) -> None:
    found = told(question("search", *words, "--json"))
    assert (found["query"], [hit["id"] for hit in found["results"]]) == (query, ["NW5"])


def test_a_security_is_asked_for_in_pinyin(question: Callable[..., Result]) -> None:
    assert told(question("stock", "juhua", "gufen", "--json"))["code"] == "1.600160"
    assert told(question("search", "江西", "--stock", "jhgf", "--json"))["total"] == 2
    unknown = question("stock", "gzmt")
    assert unknown.exit_code == 1


def test_a_search_of_a_real_post_marks_what_it_looked_for(ask: Callable[..., Result]) -> None:
    (hit,) = told(ask("search", "江西 5G", "--json"))["results"]
    assert (hit["id"], hit["title"]) == (SEED, SEED_TITLE)
    assert "[江西]" in hit["snippet"]
    assert "[5G]" in hit["snippet"]
    assert printed(ask("search", "江西 5G")).startswith(f"\n1 found for 江西 5G\n\n{SEED_TITLE}\n")


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ("--sort date", "NW5 NW3 NW2 NW1"),
        ("--since 2022-04-20 --sort date", "NW5 NW3 NW2 NW1"),
        ("--since 2022-04-21", "NW5"),
        ("--since '2022-04-20 17:44' --until '2022-04-20 17:44'", "NW2"),
        ("--until 2022-04-20 --sort date", "NW3 NW2 NW1"),
        ("--until 2022-04 --since 2022 --sort date", "NW5 NW3 NW2 NW1"),
        ("--until 2022-03", ""),
        ("--source 财联社", "NW3"),
        ("--category cailianshe", "NW3"),
        ("--category dajiangwang --sort date", "NW5 NW2 NW1"),
        ("--stock 600160.SH --sort date", "NW5 NW1"),
        ("--stock 蔚来", "NW2"),
        ("--stock 000001", ""),
        ("--sort date --limit 2", "NW5 NW3"),
        ("--sort date --limit 2 --offset 1", "NW3 NW2"),
        ("--sort date --offset 3", "NW1"),
        ("--limit 0", ""),
        ("--collapse --sort date", "NW5 NW2 NW1"),
        ("--collapse --sort date --limit 1 --offset 1", "NW2"),
    ],
)
def test_a_search_is_narrowed_down(options: str, ids: str, question: Callable[..., Result]) -> None:
    found = told(question("search", "江西", "--json", *shlex.split(options)))
    assert [hit["id"] for hit in found["results"]] == ids.split()


@pytest.mark.parametrize(
    ("moment", "former", "current"),
    [("2022-04-21", 0, 1), ("2022-04-21 09:30", 1, 0), ("2022-04-21T01:30Z", 1, 0), ("2022-04-21 08:59", 0, 0)],
)
def test_the_archive_is_searched_as_it_stood(
    moment: str, former: int, current: int, question: Callable[..., Result]
) -> None:
    totals = [
        told(question("search", f'"{words}"', "--as-of", moment, "--json"))["total"]
        for words in ("增长12%", "增长15%")
    ]
    assert totals == [former, current]


def test_posts_with_all_of_it_in_the_title_come_first(question: Callable[..., Result]) -> None:
    found = told(question("search", "江西", "--json"))
    assert found["total"] == 4
    assert {hit["id"] for hit in found["results"][:2]} == {"NW2", "NW3"}


def test_a_collapsed_search_names_who_else_tells_the_story(question: Callable[..., Result]) -> None:
    found = told(question("search", "十万个基站", "--collapse", "--json"))
    assert (found["total"], [(hit["id"], hit["others"]) for hit in found["results"]]) == (1, [("NW2", ["NW3"])])
    shown = printed(question("search", "十万个基站", "--collapse"))
    assert shown.startswith("\n1 found for 十万个基站\n\n江西出台5G行动计划\n2022-04-20 17:44 · 大江网 · NW2\n")
    assert shown.endswith("\n  also told by NW3\n")


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("-广告 江西", "NW3 NW2 NW1"),
        ('-"广告" 江西', "NW3 NW2 NW1"),
        ("--广告 江西", "NW3 NW2 NW1"),
        ("-江西", ""),
        ("-h股 江西", "NW5 NW3 NW2 NW1"),
        ("-hello 江西", "NW5 NW3 NW2 NW1"),
        ("-", ""),
        ("", ""),
    ],
)
def test_a_query_that_begins_with_a_minus_is_a_query(query: str, ids: str, question: Callable[..., Result]) -> None:
    found = told(question("search", query, "--json", "--sort", "date"))
    assert found["query"] == query
    assert [hit["id"] for hit in found["results"]] == ids.split()
    assert told(question("search", "--sort", "date", "--json", query)) == found


def test_hits_are_marked_with_brackets_where_there_is_no_terminal(
    kept: Path, finews: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    done = finews("search", "基地", "--archive", str(kept / "a.db"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "\n1 found for 基地\n\n巨化股份增长15%\n2022-04-20 16:44 · 大江网 · NW1\n  净利润5.4亿元。 江西[基地]投产。\n"
    )


def test_hits_are_bold_on_a_terminal(kept: Path, environment: dict[str, str]) -> None:
    ours, theirs = os.openpty()
    try:
        command = [sys.executable, "-m", "crawler", "search", "基地", "--archive", str(kept / "a.db")]
        done = subprocess.run(command, env=environment, stdout=theirs, stderr=subprocess.PIPE, check=False)
        shown = os.read(ours, 4096).decode()
    finally:
        os.close(theirs)
        os.close(ours)
    assert (done.returncode, done.stderr) == (0, b"")
    assert shown.endswith("  净利润5.4亿元。 江西\x1b[1m基地\x1b[22m投产。\r\n")


# Revisions.


def test_a_history_lists_the_revisions_of_a_post(question: Callable[..., Result]) -> None:
    assert told(question("history", "NW1", "--json")) == [
        {
            "revision": 1,
            "seen_at": "2022-04-21T09:00:00+08:00",
            "run": 1,
            "via": "page",
            "title": "巨化股份增长12%",
            "published_at": "2022-04-20T16:44:59+08:00",
            "content_hash": FIRST_RUN[0].content_hash,
            "draft": False,
        },
        {
            "revision": 2,
            "seen_at": "2022-04-21T10:30:00+08:00",
            "run": 2,
            "via": "page",
            "title": "巨化股份增长15%",
            "published_at": "2022-04-20T16:44:59+08:00",
            "content_hash": REVISED.content_hash,
            "draft": False,
        },
    ]
    assert printed(question("history", made.post_address("NW1").url)) == (
        "1  seen 2022-04-21 09:00:00 by run 1 (page), published 2022-04-20 16:44: 巨化股份增长12%\n"
        "2  seen 2022-04-21 10:30:00 by run 2 (page), published 2022-04-20 16:44: 巨化股份增长15%\n"
    )


def test_a_history_says_what_changed(question: Callable[..., Result]) -> None:
    assert printed(question("history", "NW1", "--diff")) == (
        "1  seen 2022-04-21 09:00:00 by run 1 (page), published 2022-04-20 16:44: 巨化股份增长12%\n"
        "2  seen 2022-04-21 10:30:00 by run 2 (page), published 2022-04-20 16:44: 巨化股份增长15%\n"
        "     12% → 15%\n"
        "     5.2亿元 → 5.4亿元\n"
        "     - 巨化股份增长[12%]\n"
        "     + 巨化股份增长[15%]\n"
        "     - 净利润[5.2亿元]。\n"
        "     + 净利润[5.4亿元]。\n"
    )
    first, second = told(question("history", "NW1", "--diff", "--json"))
    assert [first, {name: value for name, value in second.items() if name != "changes"}] == told(
        question("history", "NW1", "--json")
    )
    assert second["changes"] == {
        "title": changed("巨化股份增长", "12%", "15%", ""),
        "published_at": None,
        "figures": [
            {
                "before": "12%",
                "after": "15%",
                "before_sentence": "巨化股份增长12%",
                "after_sentence": "巨化股份增长15%",
            },
            {
                "before": "5.2亿元",
                "after": "5.4亿元",
                "before_sentence": "净利润5.2亿元。",
                "after_sentence": "净利润5.4亿元。",
            },
        ],
        "sentences": [changed("净利润", "5.2亿元", "5.4亿元", "。")],
    }


def test_a_post_of_one_revision_has_not_changed(question: Callable[..., Result]) -> None:
    line = "1  seen 2022-04-21 09:00:00 by run 1 (page), published 2022-04-20 18:44: 江西计划\n"
    assert printed(question("history", "NW3", "--diff")) == line
    assert told(question("history", "NW3", "--diff", "--json")) == told(question("history", "NW3", "--json"))


def changed(begin: str, before: str, after: str, end: str) -> dict[str, Any]:
    """Return a sentence that changed between `begin` and `end`."""

    def parts(middle: str) -> list[dict[str, Any]]:
        pieces = [(begin, False), (middle, True), (end, False)]
        return [{"text": text, "changed": is_changed} for text, is_changed in pieces if text]

    return {
        "kind": "changed",
        "before": begin + before + end,
        "after": begin + after + end,
        "before_parts": parts(before),
        "after_parts": parts(after),
    }


# Securities.


@pytest.mark.parametrize("written", ["600160", "600160.SH", "1.600160", "SH600160", "sh600160", "巨化股份"])
def test_a_security_is_told_by_any_code_or_name(written: str, question: Callable[..., Result]) -> None:
    found = told(question("stock", written, "--json"))
    about = {"source": "大江网", "category": "dajiangwang", "categories": ["dajiangwang"], "authors": []}
    url = "https://finews.withounder.com/dajiangwang/2022/04/20/{}.html"
    assert found == {
        "code": "1.600160",
        "symbol": "600160",
        "market": "SH",
        "name": "巨化股份",
        "names": [
            {"name": "巨化股份", "first": "2022-04-20", "last": "2022-04-22", "posts": 2, "odd": False},
            {"name": "贵州茅台", "first": "2022-04-21", "last": "2022-04-21", "posts": 1, "odd": True},
        ],
        "total": 3,
        "days": [
            {"day": "2022-04-22", "posts": 1},
            {"day": "2022-04-21", "posts": 1},
            {"day": "2022-04-20", "posts": 1},
        ],
        "others": [],
        "results": [
            {
                **about,
                "id": "NW5",
                "url": url.format("NW5"),
                "title": "巨化股份公告",
                "published_at": "2022-04-22T16:44:59+08:00",
                "snippet": "江西广告。",
                "text": "江西广告。",
                "highlights": [],
                "site": "finews",
                "printed": "巨化股份",
                "odd": False,
            },
            {
                **about,
                "id": "NW4",
                "url": url.format("NW4"),
                "title": "两市收高",
                "published_at": "2022-04-21T16:44:59+08:00",
                "snippet": "[贵州茅台]领涨，广告除外。",
                "text": "贵州茅台领涨，广告除外。",
                "highlights": [[0, 4]],
                "site": "finews",
                "printed": "贵州茅台",
                "odd": True,
            },
            {
                **about,
                "id": "NW1",
                "url": url.format("NW1"),
                "title": "巨化股份增长15%",
                "published_at": "2022-04-20T16:44:59+08:00",
                "snippet": "净利润5.4亿元。 江西基地投产。",
                "text": "净利润5.4亿元。 江西基地投产。",
                "highlights": [],
                "site": "finews",
                "printed": "巨化股份",
                "odd": False,
            },
        ],
    }


@pytest.mark.parametrize("written", ["NIO", "nio", "106.NIO", "nio.us", "蔚来"])
def test_a_security_of_the_united_states_is_told_by_its_letters(
    written: str, question: Callable[..., Result]
) -> None:
    found = told(question("stock", written, "--json"))
    assert [found[name] for name in ("code", "symbol", "market", "name", "total")] == [
        "106.NIO",
        "NIO",
        "US",
        "蔚来",
        1,
    ]


def test_a_securitys_odd_name_is_flagged(question: Callable[..., Result]) -> None:
    assert printed(question("stock", "600160", "--limit", "2")) == (
        "巨化股份 600160.SH (1.600160): 3 posts\n"
        "  2022-04-20 – 2022-04-22  巨化股份, 2 posts\n"
        "  2022-04-21 – 2022-04-21  贵州茅台, 1 post  ! not its usual name\n"
        "  2022-04-22 1, 2022-04-21 1, 2022-04-20 1\n"
        "\n巨化股份公告\n2022-04-22 16:44 · 大江网 · NW5\n  江西广告。\n"
        "\n两市收高\n2022-04-21 16:44 · 大江网 · NW4\n  [贵州茅台]领涨，广告除外。\n  ! prints it as 贵州茅台\n"
    )


@pytest.mark.parametrize(
    ("options", "total", "ids"),
    [
        (["--since", "2022-04-21"], 2, ["NW5", "NW4"]),
        (["--since", "2022-05"], 0, []),
        (["--limit", "1"], 3, ["NW5"]),
        (["--limit", "1", "--offset", "2"], 3, ["NW1"]),
        (["--limit", "0"], 3, []),
    ],
)
def test_a_securitys_posts_are_narrowed_down(
    options: list[str], total: int, ids: list[str], question: Callable[..., Result]
) -> None:
    found = told(question("stock", "600160", "--json", *options))
    assert (found["total"], [post["id"] for post in found["results"]]) == (total, ids)


# Looking after the archive.


def test_a_sound_archive_is_said_to_be_sound(kept: Path, question: Callable[..., Result]) -> None:
    posts_option = ["--posts", str(kept / "posts")]
    assert printed(question("check", *posts_option)) == f"{kept / 'a.db'} is sound.\n"
    assert told(question("check", *posts_option, "--json")) == {
        "archive": str(kept / "a.db"),
        "posts": str(kept / "posts"),
        "repaired": False,
        "mended": [],
        "findings": [],
    }
    assert told(question("check", "--no-posts", "--json"))["posts"] is None


def test_a_damaged_index_is_said_to_be_damaged_and_is_mended(own: Path) -> None:
    ask = asking(own)
    with Archive(own) as archive, archive.db.atomic():
        archive.db.execute("INSERT INTO search_tokens (search_tokens) VALUES ('delete-all')")
    assert told(ask("search", "江", "--json"))["total"] == 0
    found = ask("check", "--no-posts")
    assert (found.exit_code, found.stderr) == (1, "")
    first, *others = found.stdout.splitlines()
    assert first == "The search index lacks 6 versions: `finews check --repair` makes it anew."
    assert others
    assert [line for line in others if not line.startswith("The search index ")] == []
    as_json = ask("check", "--no-posts", "--json")
    assert (as_json.exit_code, as_json.stderr) == (1, "")
    assert json.loads(as_json.stdout)["findings"] == [first, *others]
    *mended, last = printed(ask("check", "--no-posts", "--repair")).splitlines()
    assert (mended[0], last) == (
        "Mended: The search index lacks 6 versions.",
        f"{own} is sound after the repair.",
    )
    assert told(ask("search", "江西", "--json"))["total"] == 4
    assert printed(ask("check", "--no-posts")) == f"{own} is sound.\n"


def test_markdown_that_was_edited_is_said_to_be_and_is_written_anew(own: Path) -> None:
    ask, folder = asking(own), own.with_name("posts")
    for name in ("2022-04-20-NW1.md", "2022-04-20-NW2.md"):
        (folder / name).write_text("anders", encoding="utf-8")
    found = ask("check", "--posts", str(folder))
    assert (found.exit_code, found.stderr) == (1, "")
    assert found.stdout == (
        f"2 files in {folder} not as the archive has it (2022-04-20-NW1.md, 2022-04-20-NW2.md):"
        " `finews check --repair` writes them anew.\n"
    )
    assert ask("check", "--no-posts").exit_code == 0
    assert ask("check", "--posts", str(folder), "--repair").exit_code == 0
    assert (folder / "2022-04-20-NW1.md").read_text(encoding="utf-8") == ask("show", "NW1").stdout


def test_markdown_is_looked_for_in_posts_beside_the_archive(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ask, folder = asking(own), own.with_name("_posts")
    monkeypatch.chdir(own.parent.parent)
    assert told(ask("check", "--json"))["posts"] == str(folder)
    own.with_name("posts").rename(folder)
    (folder / "2022-04-20-NW1.md").unlink()
    assert ask("check").stdout == (
        f"1 file in {folder} missing (2022-04-20-NW1.md): `finews check --repair` writes them.\n"
    )
    assert printed(ask("check", "--repair")) == (
        f"Mended: 1 file in {folder} missing (2022-04-20-NW1.md).\n{own} is sound after the repair.\n"
    )
    assert (folder / "2022-04-20-NW1.md").is_file()


@pytest.mark.parametrize("form", ["markdown", "jekyll", "jsonl", "csv"])
def test_an_export_of_a_body_that_cannot_be_put_together_is_no_traceback(
    own: Path, tmp_path: Path, form: str
) -> None:
    with Archive(own) as archive, archive.db.atomic():
        archive.db.execute("UPDATE versions SET html = '[broken', markdown = '[broken' WHERE article_id = 2")
    assert printed(asking(own)("export", str(tmp_path / "out"), "--format", form)).startswith(
        f"5 posts as {form} in "
    )


def test_a_backup_says_what_it_copied(kept: Path, tmp_path: Path, question: Callable[..., Result]) -> None:
    file = tmp_path / "backups" / "a.db"
    shown = printed(question("backup", str(file)))
    size = f"{file.stat().st_size / 1000:.1f} kB"
    assert shown == (
        f"{kept / 'a.db'} copied to {file} and verified: {size}, 5 posts in 6 revisions\n"
        f"The folder {file.parent} was made for it.\n"
    )
    assert told(question("backup", str(file), "--json")) == {
        "archive": str(kept / "a.db"),
        "file": str(file),
        "bytes": file.stat().st_size,
        "posts": 5,
        "versions": 6,
        "made_folder": None,
    }
    assert told(asking(file)("search", "江西", "--json")) == told(question("search", "江西", "--json"))


def test_one_of_a_kind_is_not_said_to_be_many(tmp_path: Path) -> None:
    with Archive(tmp_path / "a.db", create=True) as archive, archive.db.atomic():
        posts.store(archive.db, made.article(), runs.begin(archive.db, "finews", made.SEEN))
    ask = asking(tmp_path / "a.db")
    size = f"{(tmp_path / 'a.db').stat().st_size / 1000:.1f} kB"
    assert printed(ask("stats")).splitlines()[:2] == [
        f"{tmp_path / 'a.db'}: {size}",
        "1 post (0 gone from the site), 1 revision, 2 securities in 2 mentions, 1 run",
    ]
    assert (
        printed(ask("export", str(tmp_path / "out"))) == f"1 post as markdown in {tmp_path / 'out'}, 1 file written\n"
    )
    assert printed(ask("backup", str(tmp_path / "b.db"))).endswith(", 1 post in 1 revision\n")
    assert printed(ask("stock", "600519")).startswith("贵州茅台 600519.SH (1.600519): 1 post\n")


def test_stats_count_what_the_archive_holds(ask: Callable[..., Result], archive: Path) -> None:
    stats = json.loads(ask("stats", "--json").output)
    assert stats.pop("bytes") == archive.stat().st_size
    assert stats == {
        "archive": str(archive),
        "posts": 9,
        "gone": 1,
        "drafts": 0,
        "revisions": 9,
        "securities": 7,
        "mentions": 7,
        "runs": 1,
        "first_published_at": "2022-04-18T00:00:00+08:00",
        "last_published_at": "2022-04-21T08:15:00+08:00",
        "sites": {"finews": 9},
        "categories": {"dajiangwang": 9},
        "sources": {"大江网": 9},
        "authors": {},
        # The one whose page is gone has been found behind its share link, which is a link too, and not in the source.
        "links": {"stored": 10, "fetched": 1, "gone": 1},
        "days": {
            (date(2022, 4, 21) - timedelta(days=ago)).isoformat(): {0: 1, 1: 3, 2: 2, 3: 3}.get(ago, 0)
            for ago in range(59, -1, -1)
        },
    }
    assert list(stats["days"]) == sorted(stats["days"])


def many(archive: Archive, count: int) -> None:
    """Store a post of each of so many outlets, a day apart."""
    with archive.db.atomic():
        run = runs.begin(archive.db, "finews", made.SEEN)
        for number in range(count):
            published_at = made.PUBLISHED - number * DAY
            posts.store(
                archive.db, made.article(f"NW{number}", source=f"报{number:02}", published_at=published_at), run
            )


def test_stats_list_ten_of_each_and_say_how_many_more_there_are(tmp_path: Path) -> None:
    with Archive(tmp_path / "a.db", create=True) as archive:
        many(archive, 12)
    lines = printed(asking(tmp_path / "a.db")("stats")).splitlines()
    ten = ", ".join(f"报{number:02} 1" for number in range(10))
    assert lines[3:] == [
        "sites: finews 12",
        "categories: dajiangwang 12",
        f"sources: {ten}, and 2 more: `finews top outlets`",
        "links: none",
        "posts per day: 2022-04-09 ████████████ 2022-04-20, at most 1",
    ]


def test_the_line_of_days_is_left_out_where_it_cannot_be_written(
    own: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    latin = {**environment, "PYTHONIOENCODING": "latin-1", "FINEWS_ARCHIVE": str(own)}
    command = [sys.executable, "-m", "crawler", "stats"]
    shown = subprocess.run(command, env=latin, cwd=tmp_path, capture_output=True, check=True).stdout
    assert b"posts per day" not in shown


def test_what_there_is_most_of_is_a_line_each_for_programs(question: Callable[..., Result]) -> None:
    assert printed(question("top", "outlets")) == "4\t大江网\n1\t财联社\n"
    assert printed(question("top", "categories", "--limit", "1")) == "4\t大江网新闻 (dajiangwang)\n"
    assert printed(question("top", "securities")) == "3\t巨化股份 (1.600160)\n1\t蔚来 (106.NIO)\n"
    assert printed(question("top", "days", "--since", "2022-04-21")) == "1\t2022-04-21\n1\t2022-04-22\n"
    assert printed(question("top", "days", "--until", "2021")) == ""
    assert told(question("top", "outlets", "--limit", "1", "--json")) == {
        "kind": "outlets",
        "total": 2,
        "results": [{"key": "大江网", "name": "大江网", "posts": 4}],
    }


@pytest.mark.parametrize("name", sorted(main.commands))
def test_a_command_helps_with_one_letter_too(name: str, ask: Callable[..., Result]) -> None:
    command = main.commands[name]
    below = [[name, each] for each in command.commands] if isinstance(command, click.Group) else []
    for arguments in ([name], *below):
        assert printed(ask(*arguments, "-h")) == printed(ask(*arguments, "--help"))


def test_one_letter_beside_words_belongs_to_the_query(question: Callable[..., Result]) -> None:
    assert told(question("search", "江西", "-h", "--json"))["query"] == "江西 -h"
    assert printed(question("search", "--sort", "date", "-h")).startswith("Usage: ")


def test_runs_are_printed_as_a_table_and_as_reports(ask: Callable[..., Result]) -> None:
    (report,) = json.loads(ask("runs", "--json").output)
    assert list(report) == [
        "run", "site", "outcome", "started_at", "finished_at", "seconds", "requests", "not_modified", "retries",
        "bytes", "listings", "listings_failed", "pending", "scope", "posts", "reasons", "listing_reasons",
        "elsewhere", "hosts",
        "usual", "unusual",
    ]  # fmt: skip
    assert report["posts"]["new"] == 9
    heading, line = ask("runs").output.splitlines()
    assert heading.split() == [
        "run", "site", "started", "outcome", "seconds", "requests",
        "new", "changed", "unchanged", "refused", "failed", "gone", "pending", "unusual",
    ]  # fmt: skip
    assert line.split()[-7:] == ["9", "0", "0", "0", "0", "0", "0"]


def test_an_export_says_what_it_wrote(ask: Callable[..., Result], tmp_path: Path) -> None:
    folder = tmp_path / "out"
    assert ask("export", str(folder)).output == f"9 posts as markdown in {folder}, 9 files written\n"
    assert ask("export", str(folder)).output == f"9 posts as markdown in {folder}, 0 files written\n"


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (
            ["show", "NW1", "--archive", "{archive}"],
            1,
            "{archive} holds no post NW1: give its id, or the address of its page or share link.",
        ),
        (
            ["stats", "--archive", "none.db"],
            2,
            "There is no archive at none.db: make one with `finews crawl`, or name another with --archive.",
        ),
        (
            ["stats", "--archive", "pyproject.toml"],
            1,
            (
                "pyproject.toml is not a finews archive (it is not an SQLite database); it was left untouched:"
                " name another with --archive."
            ),
        ),
        (
            ["search", "江西", "--since", "gestern", "--archive", "{archive}"],
            2,
            "'gestern' is not a time: write 2022, 2022-04, 2022-04-20 or '2022-04-20 09:30'.",
        ),
        (
            ["search", "江西", "--until", "2022-02-31", "--archive", "{archive}"],
            2,
            "'2022-02-31' is not a time: write 2022, 2022-04, 2022-04-20 or '2022-04-20 09:30'.",
        ),
        (
            ["search", "江西", "--as-of", "", "--archive", "{archive}"],
            2,
            "'' is not a time: write 2022, 2022-04, 2022-04-20 or '2022-04-20 09:30'.",
        ),
        (
            ["stock", "999999", "--archive", "{archive}"],
            1,
            "No post in {archive} mentions a security 999999: give its code, as 600160, 600160.SH or 00700.HK.",
        ),
        (
            ["stock", "609001", "--since", "2022-13", "--archive", "{archive}"],
            2,
            "'2022-13' is not a time: write 2022, 2022-04, 2022-04-20 or '2022-04-20 09:30'.",
        ),
        (
            ["history", "NW1", "--archive", "{archive}"],
            1,
            "{archive} holds no post NW1: give its id, or the address of its page or share link.",
        ),
        (
            ["show", SEED, "--revision", "3", "--archive", "{archive}"],
            1,
            "There is no revision 3: the post has one revision, see `finews history`.",
        ),
        (
            ["check", "--archive", "none.db"],
            2,
            "There is no archive at none.db: make one with `finews crawl`, or name another with --archive.",
        ),
        (
            ["backup", "pyproject.toml", "--archive", "{archive}"],
            2,
            "pyproject.toml exists and is not a backup of an archive: name another file.",
        ),
        (
            ["backup", "pyproject.toml/backup.db", "--archive", "{archive}"],
            2,
            "pyproject.toml/backup.db cannot be written: File exists; name another file.",
        ),
        (
            ["crawl", "--site", "nosuch"],
            2,
            "nosuch: is not a site; give finews, minima, notes, or a .yaml file.",
        ),
        (
            ["crawl", "--mirror", "ftp://x"],
            2,
            "The mirror 'ftp://x' is not an address: give one such as http://127.0.0.1:8000.",
        ),
        (
            ["crawl", "http://example.org/", "--mirror", "http://127.0.0.1:9"],
            2,
            "http://example.org/ is not a page of the site finews: give the address of a post, category or feed.",
        ),
        (
            ["crawl", "--site", "minima", "--category", "x", "--mirror", "http://127.0.0.1:9"],
            2,
            "The site minima has no page for a category 'x': give the slug in its address.",
        ),
        (
            ["crawl", "--category", "", "--mirror", "http://127.0.0.1:9"],
            2,
            "The site finews has no page for a category '': give the slug in its address.",
        ),
        *(
            (
                ["share", code, "--mirror", "http://127.0.0.1:9"],
                2,
                f"{code} is not a share link of the site finews: give an info code, or a link's address.",
            )
            for code in (
                "../etc/passwd",
                "NW",
                "abc",
                "http://finews.zning.xyz/html_News/NewsShare.html?infoCode=NW",
            )
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_user_s_mistake_gets_one_sentence_and_the_right_exit_code(
    arguments: list[str],
    code: int,
    sentence: str,
    archive: Path,
    tmp_path: Path,
    finews: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    done = finews(*(argument.format(archive=archive) for argument in arguments))
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr == f"Error: {sentence.format(archive=archive)}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["crawl", "--limit", "0"],
        ["show"],
        ["show", SEED, "--revision", "0"],
        ["nosuch"],
        ["search"],
        ["search", "--json"],
        ["search", "x", "--limit", "-1"],
        ["search", "x", "--offset", "-1"],
        ["search", "x", "--sort", "id"],
        ["stock"],
        ["stock", "600160", "--limit", "-1"],
        ["history"],
        ["backup"],
        ["stock", "600160", "--limit", str(2**63)],
        ["stock", "600160", "--offset", str(2**63)],
        ["runs", "--limit", str(2**63)],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_two(arguments: list[str], ask: Callable[..., Result]) -> None:
    assert ask(*arguments).exit_code == 2
