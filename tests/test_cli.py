"""The command line: what each command prints, for people and for programs, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from crawler import __version__
from crawler.archive import Archive
from crawler.cli import main
from crawler.ops.sample_site.server import serve
from crawler.ops.sample_site.site import bundled_site

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SEED = "NW202204202350104915"
SEED_TITLE = "推进5G规模化应用！江西出台5G应用“扬帆”行动计划"
CRAWL_OPTIONS = {"--archive", "--site", "--mirror", "--posts", "--no-posts", "--category", "--no-share", "--full",
                 "--limit", "--json"}  # fmt: skip


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

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, arguments, env={"FINEWS_ARCHIVE": str(archive)})

    return run


def test_the_version_is_printed(ask: Callable[..., Result]) -> None:
    assert ask("--version").output == f"finews, version {__version__}\n"


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_helps_with_an_example(name: str, ask: Callable[..., Result]) -> None:
    shown = ask(name, "--help")
    assert shown.exit_code == 0
    assert f"  Example:\n    finews {name}" in shown.output


def test_crawl_takes_the_options_of_the_contract() -> None:
    assert {option for parameter in main.commands["crawl"].params for option in parameter.opts} >= CRAWL_OPTIONS


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_takes_an_archive_and_prints_json(name: str) -> None:
    options = {option for parameter in main.commands[name].params for option in parameter.opts}
    assert {"--archive", "--json"} <= options


@pytest.mark.parametrize(
    "arguments",
    [["show", SEED], ["search", "江西"], ["stats"], ["runs"], ["export", "out", "--format", "csv"]],
    ids=lambda arguments: arguments[0],
)
def test_json_is_one_document_and_nothing_else(
    arguments: list[str], ask: Callable[..., Result], tmp_path: Path
) -> None:
    if arguments[0] == "export":
        arguments = ["export", str(tmp_path / "out"), "--format", "csv"]
    shown = ask(*arguments, "--json")
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


def test_a_search_prints_what_it_found(ask: Callable[..., Result]) -> None:
    found = json.loads(ask("search", "江西 5G", "--json").output)
    assert found == {
        "query": "江西 5G",
        "total": 1,
        "results": [
            {
                "id": SEED,
                "title": SEED_TITLE,
                "published_at": "2022-04-20T16:44:59+08:00",
                "source": "大江网",
                "category": "dajiangwang",
                "url": f"https://finews.withounder.com/dajiangwang/2022/04/20/{SEED}.html",
                "snippet": found["results"][0]["snippet"],
            }
        ],
    }
    assert "江西" in found["results"][0]["snippet"]
    assert ask("search", "江西 5G").output.startswith(f"\n1 found for 江西 5G\n\n{SEED_TITLE}\n")


def test_stats_count_what_the_archive_holds(ask: Callable[..., Result], archive: Path) -> None:
    stats = json.loads(ask("stats", "--json").output)
    assert stats.pop("bytes") == archive.stat().st_size
    assert stats == {
        "archive": str(archive),
        "posts": 9,
        "gone": 0,
        "revisions": 9,
        "securities": 7,
        "mentions": 7,
        "runs": 1,
        "first_published_at": "2022-04-18T00:00:00+08:00",
        "last_published_at": "2022-04-21T08:15:00+08:00",
        "sites": {"finews": 9},
        "categories": {"dajiangwang": 9},
        "sources": {"大江网": 9},
        "links": {"stored": 9, "fetched": 1},
    }


def test_runs_are_printed_as_a_table_and_as_reports(ask: Callable[..., Result]) -> None:
    (report,) = json.loads(ask("runs", "--json").output)
    assert list(report) == [
        "run", "site", "outcome", "started_at", "finished_at", "seconds", "requests", "not_modified", "retries",
        "bytes", "listings", "listings_failed", "pending", "posts", "reasons", "listing_reasons",
    ]  # fmt: skip
    assert report["posts"]["new"] == 9
    heading, line = ask("runs").output.splitlines()
    assert heading.split() == [
        "run", "site", "started", "outcome", "seconds", "requests",
        "new", "changed", "unchanged", "refused", "failed", "gone", "pending",
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
                "pyproject.toml is not a finews archive (it is no SQLite database); it was left untouched:"
                " name another with --archive."
            ),
        ),
        (
            ["crawl", "--site", "nosuch"],
            2,
            "nosuch: is no site; known are finews, minima, or give a .yaml file.",
        ),
        (
            ["crawl", "--mirror", "ftp://x"],
            2,
            "The mirror 'ftp://x' is no address: give one such as http://127.0.0.1:8000.",
        ),
        (
            ["crawl", "http://example.org/", "--mirror", "http://127.0.0.1:9"],
            2,
            "http://example.org/ is no page of the site finews: give the address of a post, a category or the feed.",
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
        (
            ["share", "../etc/passwd", "--mirror", "http://127.0.0.1:9"],
            2,
            "../etc/passwd is no share link of the site finews: give an info code, or a link's address.",
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
    "arguments", [["crawl", "--limit", "0"], ["show"], ["nosuch"], ["search", "x", "--limit", "-1"]]
)
def test_wrong_usage_ends_with_two(arguments: list[str], ask: Callable[..., Result]) -> None:
    assert ask(*arguments).exit_code == 2
