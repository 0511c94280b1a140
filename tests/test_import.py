"""Imports: whole runs over folders and histories, and what archive, folder and report hold then."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import made
import pytest

from crawler.archive import Archive
from crawler.archive.store.lock import run_lock
from crawler.errors import ArchiveLocked, UsageError
from crawler.markdown.post_file import render_post
from crawler.ops.check import check
from crawler.ops.export import export_posts
from crawler.ops.importing.run import ImportOptions, import_posts

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.slow  # whole runs of the program

SEED = "2022-04-20-NW202204202350104915.md"
BUNDLED = files("crawler.ops.sample_site") / "posts"
SEED_BYTES = (BUNDLED / SEED).read_bytes()
ROLLING = "2021-12-08-202112082206935918"
LONGER = "市场轮动。午盘时军工竞相表演。（中国基金报）"
TAILS = {
    "": "[返回东财滚动新闻](../emnews/)\n[返回首页](../)\n",
    ".v2": "[返回东财滚动新闻](//finews.zning.me/emnews/)\n[返回首页](//finews.zning.me/)\n",
    ".v3": "[返回东财滚动新闻](/emnews/)\n[返回首页](/)\n",
    ".v4": "[返回东财滚动新闻](//finews.withounder.com/emnews/)｜[返回首页](//finews.withounder.com/)",
    ".v5": "",
    ".v6": "[返回东财滚动新闻](./emnews/)\n[返回首页](./)\n",
    ".v7": "[返回首页](//finews.withounder.com/)",
    ".v8": "[返回东财滚动新闻](//finews.withounder.com/emnews/)｜[返回首页](//finews.withounder.com/)",
}


OF_NO_SITE = (
    "nothing in it says that it is of finews: import it with --site finews if it is, with --site notes if it is of no"
    " site, or with --site FILE.yaml for a site of its own"
)


class Place:
    """A folder with sources, and an archive and Markdown beside it."""

    def __init__(self, folder: Path) -> None:
        self.sources = folder / "old_post"
        self.sources.mkdir()
        self.archive, self.posts = folder / "archive.db", folder / "_posts"

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.sources / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def __call__(self, *paths: Path, **options: Any) -> dict[str, Any]:
        """Import, and return the report; afterwards everything must be sound, Markdown included."""
        options = {"archive": self.archive, "posts": self.posts, **options}
        report = import_posts(paths or [self.sources], ImportOptions(**options))
        assert check(self.archive, options["posts"])["findings"] == []
        return report

    def post(self, name: str) -> dict[str, Any]:
        with Archive(self.archive) as archive:
            return archive.post(name)

    def history(self, name: str) -> list[Any]:
        with Archive(self.archive) as archive:
            return archive.history(name)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def source(title: str = "题", body: str = "<p>正文。</p>", date: str = "2022-04-20 16:44:59 +0800") -> str:
    return (
        f'---\nlayout: post\ntitle: "{title}"\ndate: {date}\ncategories: dajiangwang\ntags: 大江网新闻\n---\n{body}'
    )


def counts(report: dict[str, Any]) -> dict[str, int]:
    return {outcome: count for outcome, count in report["posts"].items() if count}


# What is taken in.


def test_the_bundled_posts_are_taken_in_and_written(place: Place) -> None:
    for entry in BUNDLED.iterdir():
        place.write(entry.name, entry.read_bytes())
    report = place()
    names = {entry.name for entry in BUNDLED.iterdir()}
    assert counts(report) == {"new": len(names)}
    assert (report["outcome"], report["scope"], report["pending"], report["refused"]) == ("finished", "import", 0, [])
    assert len(list(place.posts.iterdir())) == len(names)


def test_a_second_import_changes_nothing(place: Place) -> None:
    for entry in BUNDLED.iterdir():
        place.write(entry.name, entry.read_bytes())
    first = place()
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in place.posts.iterdir()}
    with Archive(place.archive) as archive:
        held = list(archive.posts())
    report = place()
    assert counts(report) == {"unchanged": first["posts"]["new"]}
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in place.posts.iterdir()} == before
    with Archive(place.archive) as archive:
        assert list(archive.posts()) == held


def test_the_seed_is_exported_as_it_was_imported(place: Place, tmp_path: Path) -> None:
    place.write(SEED, SEED_BYTES)
    place()
    with Archive(place.archive) as archive:
        export_posts(archive.posts(), tmp_path / "out", "jekyll")
    assert (tmp_path / "out" / SEED).read_bytes() == SEED_BYTES


def test_eight_published_forms_of_one_post_are_one_article(place: Place) -> None:
    for form, tail in TAILS.items():
        body = LONGER if form in {".v3", ".v7"} else "市场轮动。（中国基金报）"
        zone = " +0800" if form in {".v4", ".v7", ".v8"} else ""
        start = "\n" if form == ".v5" else ""
        front = f'title: "白酒爆发"\ndate: 2021-12-08 12:47:49{zone}\ncategories: emnews\ntags: 东财滚动新闻'
        link = "<http://finance.eastmoney.com/news/11158,202112082206935918.html>"
        place.write(f"{ROLLING}{form}.md", f"{start}---\nlayout: post\n{front}\n---\n\n{body}\n\n{link}\n\n{tail}")
    report = place()
    assert counts(report) == {"new": 1, "changed": 1, "unchanged": 6}
    post = place.post("https://finance.eastmoney.com/a/202112082206935918.html")
    assert (post["revision"], post["source"], post["category"]) == (2, "中国基金报", "emnews")
    assert post["published_at"] == "2021-12-08T12:47:49+08:00"
    assert post["share_url"] == "http://finance.eastmoney.com/news/11158,202112082206935918.html"
    assert [(row["revision"], row["via"]) for row in place.history(post["post_id"])] == [(1, "import"), (2, "import")]


def test_what_is_derived_is_marked_and_unknown_keys_are_kept(place: Place) -> None:
    front = 'title: ""\ndate:  +0800\nsubtitle: 其一\nweight: 3\n'
    place.write("-202205262391921712.md", f"---\n{front}---\n> 第一句。第二句。\n")
    place()
    post = place.post("202205262391921712")
    assert (post["title"], post["derived"]) == ("第一句", ["title", "date"])
    assert post["front_matter"] == {"subtitle": "其一", "weight": 3}
    assert render_post(post).endswith(
        "revision: 1\nderived:\n  - title\n  - date\nsubtitle: 其一\nweight: 3\n---\n\n> 第一句。第二句。\n"
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_file_in_any_encoding_is_the_same_post(place: Place, encoding: str, end: str) -> None:
    text = source("江西出台“扬帆”行动计划", "<p>推进规模化应用。</p>\n <p>其二。</p>")
    place.write(SEED, text)
    place()
    place.write(SEED, text.replace("\n", end).encode(encoding))
    assert counts(place()) == {"unchanged": 1}


def test_another_blogs_folder_is_imported_with_its_site(place: Place, tmp_path: Path) -> None:
    place.write("a/2020-01-02-花园.md", "---\ntitle: Garden\n---\nA *bed*.\n")
    place.write("b/beds/index.md", '+++\ntitle = "Beds"\ndate = 2021-03-04\n+++\nEarth.\n')
    report = place(site="minima", posts=tmp_path / "blog")
    assert (counts(report), report["site"]) == ({"new": 2}, "minima")
    assert {path.name for path in (tmp_path / "blog").iterdir()} == {"2020-01-02-花园.md", "2021-03-04-beds.md"}


def test_a_folder_this_program_wrote_is_unchanged(place: Place) -> None:
    place.write(SEED, SEED_BYTES)
    place.write("2022-04-20-NW202204202350000002.md", source(body='<p>"一"</p><ul><li>二</li></ul>'))
    place()
    assert counts(place(place.posts)) == {"unchanged": 2}


# What is refused.


def test_what_cannot_be_read_is_refused_with_its_path_and_reason_and_the_rest_goes_on(place: Place) -> None:
    good = place.write(SEED, SEED_BYTES)
    wrong = {
        "a.md": (b"\0\1\2", "not text"),
        "b.md": (b"---\nx: !!python/object:os.system 1\n---\n", "front matter with YAML tags"),
        "c.md": (b"---\n" + b"".join(b"a%d: &a%d [*a%d]\n" % (n, n, n - 1) for n in range(9)), None),
        "d.md": (b"---\ntitle: x\n", "front matter that never ends"),
        "e.md": (b"x" * 20_000_000, "larger than 512 kB"),
        "f.md": (source(body="").encode(), "no body"),
        "h.md": (b"words of no day", OF_NO_SITE),
    }
    for name, (content, _) in wrong.items():
        place.write(name, content)
    os.mkfifo(place.sources / "i.md")
    (place.sources / "j.md").symlink_to("/dev/zero")
    (place.sources / "k.md").symlink_to("k.md")
    (place.sources / "deep").symlink_to(place.sources)
    report = place()
    assert counts(report) == {"new": 1, "refused": 11}
    assert sum(report["reasons"].values()) == 11
    named = {Path(file["path"]).name: file["reason"] for file in report["refused"]}
    assert named.keys() == {*wrong, "i.md", "j.md", "k.md", "deep"}
    for name, (_, reason) in wrong.items():
        assert reason is None or named[name] == reason
    assert place.post(made.ID)["title"]
    assert good.exists()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("<div>" * 60_000 + "x", id="deep"),
        pytest.param("> " * 100_000 + "x", id="quotations in quotations"),
        pytest.param("[" * 200_000, id="brackets"),
        pytest.param("*a " * 100_000, id="asterisks"),
        pytest.param("`" * 1000 + "a`" * 50_000, id="backticks"),
        pytest.param("- " * 50_000 + "x", id="lists in lists"),
        pytest.param("<!--" * 100_000, id="comments"),
        pytest.param("![](" * 50_000, id="images"),
        pytest.param("|" * 200_000 + "\n" + "|-" * 50_000, id="tables"),
        pytest.param("字" * 300_000, id="one long word"),
    ],
)
def test_a_hostile_body_ends_in_bounded_time_whatever_becomes_of_it(place: Place, body: str) -> None:
    place.write("2022-04-20-NW202204202350000002.md", source(body=body))
    place.write(SEED, SEED_BYTES)
    report = place()
    assert sum(report["posts"].values()) == 2
    assert place.post(made.ID)["title"]


def test_a_body_that_is_nested_too_deeply_is_refused_and_one_of_many_open_paragraphs_is_not(place: Place) -> None:
    place.write("2022-04-20-NW202204202350000002.md", source(body="<div>" * 300 + "x"))
    place.write("2022-04-20-NW202204202350000003.md", source(body="<p>文。" * 300))
    report = place()
    assert (counts(report), report["reasons"]) == (
        {"new": 1, "refused": 1},
        {"refused: too costly to read: more than 256 elements in one another": 1},
    )


def test_another_post_of_the_same_name_is_kept_beside_the_first(place: Place) -> None:
    place.write("2020-01-02-hello.md", "---\ntitle: Hello\n---\nA first word from a garden in spring.\n")
    place.write("2021-05-06-hello.md", "---\ntitle: Hello again\n---\nQuite different news of tractors.\n")
    report = place(site="minima")
    assert counts(report) == {"new": 2}
    assert [place.post(name)["title"] for name in ("hello", "2021-05-06-hello")] == ["Hello", "Hello again"]


def test_a_path_that_is_not_there_is_a_sentence_and_nothing_is_done(place: Place) -> None:
    with pytest.raises(UsageError, match=r"nowhere does not exist: give files, or folders"):
        place(place.sources, place.sources / "nowhere")
    assert not place.archive.exists()


def test_an_archive_a_run_is_busy_with_is_left_alone(place: Place) -> None:
    place.write(SEED, SEED_BYTES)
    with run_lock(place.archive), pytest.raises(ArchiveLocked):
        place()


# Histories.


def git(folder: Path, *arguments: str, date: str = "2022-01-01T00:00:00+00:00") -> None:
    subprocess.run(
        ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@example.com", *arguments],
        check=True,
        capture_output=True,
        env={**os.environ, "GIT_COMMITTER_DATE": date, "GIT_AUTHOR_DATE": date, "HOME": str(folder)},
    )


@pytest.fixture
def history(place: Place) -> Place:
    """Four commits: a post, a longer one, one that only moves it, and a second post."""
    git(place.sources, "init", "--quiet")
    for day, body in enumerate(("短。", "短。更长。"), start=1):
        place.write(f"_posts/{SEED}", source(body=f"<p>{body}</p>"))
        git(place.sources, "add", ".")
        git(place.sources, "commit", "-qm", "x", date=f"2022-04-2{day}T10:00:00+00:00")
    (place.sources / "old_post").mkdir()
    git(place.sources, "mv", f"_posts/{SEED}", "old_post/")
    git(place.sources, "commit", "-qm", "x", date="2022-04-24T10:00:00+00:00")
    place.write("_posts/2022-04-24-NW202204242350000002.md", source(date="2022-04-24 09:00:00 +0800"))
    git(place.sources, "add", ".")
    git(place.sources, "commit", "-qm", "x", date="2022-04-25T10:00:00+00:00")
    return place


def test_every_version_in_a_history_is_a_revision_with_its_commits_time(history: Place) -> None:
    assert counts(history(history=True)) == {"new": 2, "changed": 1, "unchanged": 1}
    seen = [(row["revision"], row["via"], row["seen_at"]) for row in history.history(made.ID)]
    assert seen == [(1, "import", "2022-04-21T10:00:00+00:00"), (2, "import", "2022-04-22T10:00:00+00:00")]
    assert history.post(made.ID)["text"] == "短。更长。"
    assert counts(history(history=True)) == {"unchanged": 4}


def test_a_bare_repository_gives_the_same_and_a_folder_of_it_a_part(history: Place, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(history.sources), str(tmp_path / "bare.git"))
    assert counts(history(tmp_path / "bare.git" / "_posts", history=True)) == {"new": 2, "changed": 1}
    assert counts(history(tmp_path / "bare.git", history=True)) == {"unchanged": 4}


def test_a_history_goes_below_what_was_crawled_later(history: Place) -> None:
    history(history.sources / "old_post" / SEED)  # a file alone, taken in today
    assert counts(history(history=True)) == {"new": 1, "changed": 1, "unchanged": 2}
    assert [row["seen_at"][:10] for row in history.history(made.ID)][:1] == ["2022-04-21"]
    assert history.post(made.ID)["text"] == "短。更长。"


# The command.


def test_the_command_prints_a_report_and_names_what_it_refused(place: Place, finews: Run) -> None:
    place.write(SEED, SEED_BYTES)
    place.write("x.md", "")
    done = finews("import", str(place.sources))
    assert done.returncode == 0
    assert done.stdout.splitlines()[1:] == [
        "Posts: 1 new · 0 changed · 0 unchanged · 1 refused · 0 failed · 0 gone · 0 pending",
        f"  1 refused: {OF_NO_SITE}",
        "Archive: output/archive.db · Markdown: output/_posts",
    ]
    assert done.stderr == f"refused {place.sources}/x.md: {OF_NO_SITE}\n"


def test_the_commands_json_is_one_document(place: Place, finews: Run) -> None:
    place.write("x.md", "")
    done = finews("import", str(place.sources), "--json", "--no-posts")
    report = json.loads(done.stdout)
    assert (report["run"], report["outcome"], report["posts"]["refused"]) == (1, "finished", 1)
    assert report["refused"] == [{"path": f"{place.sources}/x.md", "commit": "", "reason": OF_NO_SITE}]
    assert (done.returncode, done.stderr) == (1, "Error: Every file was refused, so nothing was imported.\n")


def test_an_empty_folder_is_an_error(place: Place, finews: Run) -> None:
    done = finews("import", str(place.sources), "--no-posts")
    assert (done.returncode, done.stderr) == (1, "Error: There are no posts there, so nothing was imported.\n")


def test_what_is_no_history_is_wrong_usage(place: Place, finews: Run) -> None:
    done = finews("import", "--history", str(place.sources), "--no-posts")
    assert done.returncode == 2
    assert done.stderr.startswith(f"Error: {place.sources} has no history: ")


def test_why_tells_from_which_file_a_post_came_and_why_one_was_refused(place: Place, finews: Run) -> None:
    seed, empty = place.write(SEED, SEED_BYTES), place.write("x.md", "")
    finews("import", str(place.sources))
    told = finews("why", made.ID)
    assert told.returncode == 0
    assert told.stdout.splitlines()[0] == str(seed)
    assert told.stdout.splitlines()[1].endswith("run 1: new")
    assert finews("why", str(empty)).stdout.splitlines()[1].endswith(f"run 1: refused, {OF_NO_SITE}")


def processes_in(folder: Path) -> set[int]:
    """Return the processes that work in a folder: of an import, it and what it has started."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            if process.joinpath("cwd").readlink() == folder:
                found.add(int(process.name))
    return found


def until(holds: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.skipif(not Path("/proc").exists(), reason="only Linux tells what a process has started")
@pytest.mark.parametrize("moment", [0.0, 0.3, 1.0], ids=["as they are started", "as they load", "as they read"])
def test_what_an_import_has_started_ends_with_it_even_if_it_is_killed(
    place: Place, environment: dict[str, str], tmp_path: Path, moment: float
) -> None:
    for number in range(3000):
        place.write(f"2022-04-20-{number:05}.md", SEED_BYTES)
    command = [sys.executable, "-m", "crawler", "import", "--no-posts", str(place.sources)]
    with subprocess.Popen([*command, "--archive", str(place.archive)], cwd=tmp_path, env=environment) as child:
        until(lambda: len(processes_in(tmp_path)) > 2)  # it, what tracks resources, and one that reads
        time.sleep(moment)
        assert child.poll() is None
        child.kill()
    until(lambda: not processes_in(tmp_path))


def test_an_import_that_is_interrupted_keeps_what_it_had(place: Place, environment: dict[str, str]) -> None:
    for number in range(1500):
        body = f"<p>第{number}篇。{chr(0x4E00 + number) * 200}</p>"
        place.write(f"2022-04-20-NW20220420{number:06}.md", source(f"第{number}篇", body))
    command = [sys.executable, "-m", "crawler", "import", str(place.sources), "--archive", str(place.archive)]
    with subprocess.Popen(
        [*command, "--posts", str(place.posts), "--json"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as child:
        deadline = time.monotonic() + 60
        while not (place.posts.is_dir() and any(place.posts.iterdir())):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        os.killpg(child.pid, signal.SIGINT)
        out, err = child.communicate(timeout=60)
    report = json.loads(out)
    assert (child.returncode, report["outcome"], err) == (130, "interrupted", "")
    assert check(place.archive, place.posts)["findings"] == []
    again = place()
    assert again["posts"]["new"] + report["posts"]["new"] == 1500
