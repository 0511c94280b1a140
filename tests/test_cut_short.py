"""What is cut short: runs between archive and file, runs whose terminal is closed, archives in the making."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import made
import pytest

from crawler.archive import Archive
from crawler.ops.check import check
from crawler.ops.sample_site.server import serve
from crawler.ops.sample_site.site import build, bundled_posts, bundled_site
from crawler.sites.loading import load_site

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Finews = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.slow  # whole runs of the program


@pytest.mark.parametrize("outcome", ["interrupted", "failed"])
def test_markdown_a_cut_run_left_unwritten_is_written_by_the_next(tmp_path: Path, outcome: str):
    path, folder = tmp_path / "a.db", tmp_path / "_posts"
    folder.mkdir()
    for post_id, end in (("NW1", "finished"), ("NW2", outcome), ("NW3", outcome)):
        run = made.Run(path)
        run.write(made.article(post_id))
        run.end(end)
    run = made.Run(path, folder=folder)
    run.recorder.catch_up()
    run.end()
    # The run of NW1 ended by itself: what is missing of it, somebody took away.
    assert sorted(file.name for file in folder.iterdir()) == ["2022-04-20-NW2.md", "2022-04-20-NW3.md"]


def without_files(folder: Path) -> list[str]:
    """Put a folder in the place of every file that posts NW1 to NW3 would have, and return their names."""
    names = [f"2022-04-20-NW{number}.md" for number in (1, 2, 3)]
    for name in names:
        (folder / name).mkdir(parents=True)
    return names


def make_room(folder: Path) -> None:
    for file in folder.iterdir():
        file.rmdir()


def files(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir() if file.is_file())


def one_run(path: Path, folder: Path | None, *records: Any) -> dict[str, Any]:
    run = made.Run(path, folder=folder)
    run.recorder.catch_up()
    for record in records:
        run.write(record)
    return run.end()


ALL = [made.article(post_id) for post_id in ("NW1", "NW2", "NW3")]
NO_FILES = {"no Markdown file: Is a directory": 3}


def test_files_that_could_not_be_written_are_counted_and_written_by_the_next_run(tmp_path: Path):
    path, folder = tmp_path / "a.db", tmp_path / "_posts"
    names = without_files(folder)
    first = one_run(path, folder, *ALL)
    assert (first["outcome"], first["reasons"]) == ("finished", NO_FILES)
    assert one_run(path, folder)["reasons"] == NO_FILES  # as long as it goes on
    make_room(folder)
    assert one_run(path, folder)["reasons"] == {}
    assert files(folder) == names
    (folder / names[0]).unlink()  # what somebody takes away now stays away
    one_run(path, folder)
    assert files(folder) == names[1:]


def test_runs_without_markdown_and_of_other_sites_do_not_forget_what_could_not_be_written(tmp_path: Path):
    path, folder = tmp_path / "a.db", tmp_path / "_posts"
    names = without_files(folder)
    one_run(path, folder, *ALL)
    make_room(folder)
    assert one_run(path, None)["reasons"] == NO_FILES
    other = made.Run(path, load_site("minima"), tmp_path)
    other.recorder.catch_up()
    assert other.end()["reasons"] == {}
    assert list(tmp_path.glob("*.md")) == []
    assert one_run(path, folder)["reasons"] == {}
    assert files(folder) == names


def test_a_run_without_markdown_does_not_forget_what_a_killed_one_may_have_left(tmp_path: Path):
    path, folder = tmp_path / "a.db", tmp_path / "_posts"
    folder.mkdir()
    killed = made.Run(path, folder=folder)
    killed.write(ALL[0])
    killed.close()  # with its report unwritten, as a kill leaves it
    perhaps = {"no Markdown file: perhaps, as the run was cut off": 1}
    (folder / "2022-04-20-NW1.md").unlink()  # it was killed just before
    for _ in range(2):
        assert one_run(path, None)["reasons"] == perhaps
    assert one_run(path, folder)["reasons"] == {}
    assert files(folder) == ["2022-04-20-NW1.md"]


@pytest.mark.parametrize("outcome", ["interrupted", "failed"])
def test_a_run_without_markdown_does_not_forget_what_one_that_was_cut_short_could_not_write(
    tmp_path: Path, outcome: Any
):
    path, folder = tmp_path / "a.db", tmp_path / "_posts"
    names = without_files(folder)
    run = made.Run(path, folder=folder)
    for record in ALL:
        run.write(record)
    assert run.end(outcome)["reasons"] == NO_FILES
    make_room(folder)
    assert one_run(path, None)["reasons"] == NO_FILES
    assert one_run(path, folder)["reasons"] == {}
    assert files(folder) == names


def test_a_killed_run_that_met_no_post_or_wrote_no_markdown_lacks_no_file(tmp_path: Path):
    path, folder = tmp_path / "a.db", tmp_path / "_posts"
    folder.mkdir()
    made.Run(path, folder=folder).close()
    without = made.Run(path)
    without.write(ALL[0])
    without.close()
    assert one_run(path, None)["reasons"] == {}
    with Archive(path) as archive:
        assert [report["reasons"] for report in archive.runs()] == [{}, {}, {}]


def test_a_file_of_a_post_that_is_as_it_was_is_made_up_for_too(tmp_path: Path):
    path, folder = tmp_path / "a.db", tmp_path / "_posts"
    folder.mkdir()
    bare = made.article("NW1", tags=(), mentions=())
    one_run(path, folder, bare)
    names = without_files(tmp_path / "full")
    (folder / names[0]).unlink()
    (folder / names[0]).mkdir()
    assert one_run(path, folder, ALL[0])["posts"]["unchanged"] == 1  # it only says more of itself
    (folder / names[0]).rmdir()
    one_run(path, folder)
    assert check(path, folder)["findings"] == []


def test_a_file_that_is_written_after_all_is_not_missing(tmp_path: Path):
    path, folder = tmp_path / "a.db", tmp_path / "_posts"
    without_files(folder)
    run = made.Run(path, folder=folder)
    run.write(ALL[0])
    make_room(folder)
    run.write(made.unchanged(ALL[0].post.fetch.address))
    assert run.end()["reasons"] == {}


def test_a_run_that_is_killed_leaves_a_sound_folder_in_the_end(finews: Finews, tmp_path: Path):
    with serve(bundled_site()) as server:
        command = [
            sys.executable,
            "-m",
            "crawler",
            "crawl",
            "--mirror",
            server.url,
            "--archive",
            str(tmp_path / "a.db"),
        ]
        child = subprocess.Popen([*command, "--posts", str(tmp_path / "_posts"), "--json"], stdout=subprocess.DEVNULL)
        with child:
            while len(server.requests) < 20 and child.poll() is None:
                time.sleep(0.001)
            child.kill()
        again = finews(*command[3:], "--posts", str(tmp_path / "_posts"), "--json")
    assert again.returncode == 0
    assert check(tmp_path / "a.db", tmp_path / "_posts")["findings"] == []


def test_a_closed_terminal_ends_a_run_in_order(finews: Finews, tmp_path: Path, environment: dict[str, str]):
    seed = next(post for post in bundled_posts() if post.id == made.ID)
    navigation = seed.body.rstrip().splitlines()[-1]
    many = [
        replace(seed, id=f"NW2022042023{number:08}", body=f"<p>第{number}条。</p>\n\n{navigation}")
        for number in range(300)
    ]
    with serve(build(many)) as server:
        arguments = ["crawl", "--mirror", server.url, "--json", "--no-posts"]
        child = subprocess.Popen(
            ["env", "--default-signal=HUP", sys.executable, "-m", "crawler", *arguments],  # under nohup, too
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        with child:
            while len(server.requests) < 50 and child.poll() is None:
                time.sleep(0.005)
            child.send_signal(signal.SIGHUP)
            output, _ = child.communicate(timeout=30)
        second = finews(*arguments)
    first = json.loads(output)
    assert (child.returncode, first["outcome"]) == (130, "interrupted")
    assert first["posts"]["new"] + first["pending"] == 300
    assert json.loads(second.stdout)["posts"]["new"] == first["pending"]


def test_what_is_searched_while_a_run_writes_is_answered(tmp_path: Path):
    run = made.Run(tmp_path / "a.db")
    run.write(made.article())
    with run.archive.db.atomic():  # a run in the midst of writing
        run.archive.db.execute("UPDATE runs SET requests = 1")
        with Archive(tmp_path / "a.db") as reader:
            assert [hit["id"] for hit in reader.search("江西")["results"]] == [made.ID]
    run.end()


def test_several_programs_may_make_one_archive_at_the_same_time(tmp_path: Path, environment: dict[str, str]):
    program = f"from crawler.archive import Archive; Archive({str(tmp_path / 'a.db')!r}, create=True).close()"
    children = [
        subprocess.Popen([sys.executable, "-c", program], env=environment, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert [(child.communicate()[1], child.returncode) for child in children] == [("", 0)] * 4
    assert check(tmp_path / "a.db", None)["findings"] == []
