"""The writing process of a long run: it writes what a short run's own process does, and ends with its run."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import made
import pytest
from made import Run

from crawler.archive import Archive
from crawler.items import Mention, Recorded
from crawler.ops.check import check
from crawler.ops.sample_site.server import serve
from crawler.ops.sample_site.site import build, bundled_posts
from crawler.recording.normalise import normalise
from crawler.recording.writer import Writer, WriterLostError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from crawler.ops.sample_site.source import SourcePost
    from crawler.recording.recorder import Record

    Finews = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.slow  # whole runs of the program

ROOT = Path(__file__).parent.parent
ARTICLES = [made.article(f"NW{number}", title=f"第{number}条") for number in range(40)]
BROKEN = made.article("NW99", mentions=(Mention(code="no code", name="茅台", count=1),))


async def hand_over(writer: Writer, records: Sequence[Record]) -> list[Any]:
    """Submit all records at once and return how each ended."""
    ended = [asyncio.wrap_future(writer.submit(made.prepared(record))) for record in records]
    return await asyncio.gather(*ended, return_exceptions=True)


def through_a_process(run: Run, records: Sequence[Record]) -> tuple[list[Any], dict[str, Any]]:
    """Write all but the first record in another process; return how each ended, and the run's report."""

    async def whole() -> tuple[list[Any], dict[str, Any]]:
        writer = Writer(run.recorder, many=1)
        ends = await hand_over(writer, records)
        writer.end()
        return ends, run.end()

    return asyncio.run(whole())


def many(count: int) -> list[SourcePost]:
    """Return posts that are more than a short run has, each with words of its own."""
    seed = next(post for post in bundled_posts() if post.id == made.ID)
    navigation = seed.body.rstrip().splitlines()[-1]
    return [
        replace(seed, id=f"NW20220420{number:08}", body=f"<p>{chr(0x4E00 + number) * 40}</p>\n\n{navigation}")
        for number in range(count)
    ]


def test_a_process_writes_the_same_as_the_run_itself(tmp_path: Path):
    folders = [tmp_path / name for name in ("alone", "process")]
    for folder in folders:
        (folder / "_posts").mkdir(parents=True)
    alone, process = (Run(folder / "a.db", folder=folder / "_posts") for folder in folders)
    expected = [alone.write(article) for article in ARTICLES]
    ends, report = through_a_process(process, ARTICLES)
    assert ends == expected
    alone_report = alone.end()
    assert report["posts"] == alone_report["posts"] == {**alone_report["posts"], "new": 40}
    written = [{file.name: file.read_bytes() for file in (folder / "_posts").iterdir()} for folder in folders]
    assert written[0] == written[1]
    posts = []
    for folder in folders:
        with Archive(folder / "a.db") as archive:
            posts.append(list(archive.posts()))
            assert archive.search("第7条")["total"] == 1
        assert check(folder / "a.db", folder / "_posts")["findings"] == []
    assert posts[0] == posts[1]


def test_a_record_that_cannot_be_written_does_not_affect_others(tmp_path: Path):
    ends, report = through_a_process(Run(tmp_path / "a.db"), [*ARTICLES[:5], BROKEN, *ARTICLES[5:9]])
    assert [type(end) for end in ends] == [Recorded] * 5 + [AssertionError] + [Recorded] * 4
    assert "could parse" in str(ends[5])
    assert "Traceback" in ends[5].__notes__[0]
    assert report["posts"]["new"] == 9


def test_records_that_nobody_waits_for_are_written_before_the_run_ends(tmp_path: Path):
    run = Run(tmp_path / "a.db")

    async def whole() -> None:
        writer = Writer(run.recorder, many=0)
        ended = [writer.submit(made.prepared(article)) for article in ARTICLES]
        writer.end()
        assert all(end.result().outcome == "new" for end in ended)

    asyncio.run(whole())
    assert run.end()["posts"]["new"] == 40


def fill(run: Run) -> None:
    """Have SQLite refuse every post from now on."""
    run.archive.db.execute("CREATE UNIQUE INDEX full ON versions (via)")  # one of a user's own: a page is there
    run.archive.db.conn.commit()


def test_errors_of_sqlite_reach_the_run(tmp_path: Path):
    run = Run(tmp_path / "a.db")
    run.write(ARTICLES[0])
    fill(run)
    ends, _ = through_a_process(run, ARTICLES[1:4])
    assert [type(end) for end in ends] == [sqlite3.IntegrityError] * 3


@contextmanager
def patience() -> Iterator[None]:
    """Kill the writing process when it takes a minute: where both wait for the other, the test fails."""
    timer = threading.Timer(60, lambda: os.kill(children(os.getpid())[0], signal.SIGKILL))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def test_more_than_both_pipes_can_hold_is_written_and_answered(tmp_path: Path):
    run = Run(tmp_path / "a.db")
    run.write(ARTICLES[1])
    fill(run)
    with patience():
        ends, _ = through_a_process(run, ARTICLES[:1] * 2_000)  # whose errors take more than a megabyte
    assert [type(end) for end in ends] == [sqlite3.IntegrityError] * 2_000


def test_an_error_in_sending_a_record_is_raised_there_and_does_not_mix_up_others(tmp_path: Path):
    run = Run(tmp_path / "a.db")
    records = [made.prepared(article) for article in ARTICLES[:20]]
    records[15] = made.prepared(replace(ARTICLES[15], summary=None))  # without a body no frame can be made

    async def whole() -> dict[int, Recorded]:
        writer, ended = Writer(run.recorder, many=0), {}
        for number, record in enumerate(records):
            with suppress(TypeError):
                ended[number] = writer.submit(record)
        writer.end()
        return {number: end.result() for number, end in ended.items()}

    with patience():
        ends = asyncio.run(whole())
    assert sorted(ends) == [*range(15), *range(16, 20)]
    assert all(end.address == ARTICLES[number].post.fetch.address for number, end in ends.items())


def test_if_no_process_can_be_started_the_run_goes_on_writing_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "executable", "")  # as where Python is embedded
    run = Run(tmp_path / "a.db")
    ends, report = through_a_process(run, ARTICLES[:5])
    assert [end.outcome for end in ends] == ["new"] * 5
    assert report["posts"]["new"] == 5


def test_a_process_uses_the_definition_that_the_run_began_with(tmp_path: Path):
    mine = replace(made.SITE, name="mine")
    run = Run(tmp_path / "a.db", site=mine)
    ends, _ = through_a_process(run, [normalise(made.post(f"NW{number}", site="mine"), mine) for number in range(3)])
    assert [end.outcome for end in ends] == ["new"] * 3
    with Archive(tmp_path / "a.db") as archive:
        assert archive.db.execute(
            "SELECT site, count(*) FROM links WHERE state = 'stored' GROUP BY site"
        ).fetchall() == [("mine", 3)]


def test_a_file_that_cannot_be_written_is_reported_when_the_run_ends(tmp_path: Path):
    folder = tmp_path / "_posts"
    folder.mkdir()
    run = Run(tmp_path / "a.db", folder=folder)
    (folder / f"2022-04-20-{ARTICLES[1].post.post_id}.md").mkdir()

    async def whole() -> str | None:
        writer = Writer(run.recorder, many=0)
        await hand_over(writer, ARTICLES[:3])
        writer.end()
        return writer.files_trouble

    assert "cannot be written to" in (asyncio.run(whole()) or "")
    assert len(list(folder.iterdir())) == 3
    assert run.end()["reasons"] == {"no Markdown file: Is a directory": 1}


def test_killing_the_writing_process_ends_the_run_and_loses_nothing_written(tmp_path: Path):
    run = Run(tmp_path / "a.db")

    async def whole() -> list[Any]:
        writer = Writer(run.recorder, many=0)
        first = await hand_over(writer, ARTICLES[:3])
        (child,) = children(os.getpid())
        os.kill(child, signal.SIGKILL)
        rest = await hand_over(writer, ARTICLES[3:])
        writer.end()
        return [*first, *rest]

    ends = asyncio.run(whole())
    assert [type(end) for end in ends] == [Recorded] * 3 + [WriterLostError] * 37
    assert run.end("failed")["posts"]["new"] == 3
    assert check(tmp_path / "a.db", None)["findings"] == []


def test_an_aborted_run_leaves_no_writing_process(tmp_path: Path):
    run = Run(tmp_path / "a.db")

    async def broken_off() -> Writer:
        writer = Writer(run.recorder, many=0)
        await hand_over(writer, ARTICLES[:3])
        return writer

    writer = asyncio.run(broken_off())
    assert len(children(os.getpid())) == 1
    writer.stop()
    assert children(os.getpid()) == []
    run.close()
    assert check(tmp_path / "a.db", None)["findings"] == []


def children(pid: int) -> list[int]:
    """Return the writing processes that a process has started."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [child for child in map(int, found) if is_writer(child)]


def is_writer(pid: int) -> bool:
    """Tell whether a process is a writing one; others, such as the `uname` that Python asks, may end meanwhile."""
    with suppress(OSError):
        return b"recording.writer" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def has_archive_open(pid: int) -> bool:
    """Tell whether a process has begun to write."""
    with suppress(FileNotFoundError):  # one was closed between two looks
        return any(path.readlink().name == "archive.db" for path in Path(f"/proc/{pid}/fd").iterdir())
    return False


@pytest.fixture
def long_run(environment: dict[str, str], tmp_path: Path) -> Callable[[str], subprocess.Popen[str]]:
    """Begin a crawl and return it when its writing process is at work."""

    def begin(url: str) -> subprocess.Popen[str]:
        program = ["env", "--default-signal=HUP", sys.executable, "-m", "crawler"]  # under nohup, too
        child = subprocess.Popen(
            [*program, "crawl", "--mirror", url, "--json", "--no-posts"],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        until = time.monotonic() + 60
        while not any(map(has_archive_open, children(child.pid))):
            assert child.poll() is None
            assert time.monotonic() < until
            time.sleep(0.005)
        return child

    return begin


def test_the_writing_process_dies_with_its_run(long_run: Any, finews: Finews, tmp_path: Path):
    with serve(build(many(300))) as server:
        with long_run(server.url) as crawl:
            (writer,) = children(crawl.pid)
            os.kill(writer, signal.SIGSTOP)  # it cannot see that nothing more will come
            crawl.kill()
        until = time.monotonic() + 10
        while Path(f"/proc/{writer}").exists():
            assert time.monotonic() < until
            time.sleep(0.01)
        again = finews("crawl", "--mirror", server.url, "--json", "--no-posts")
    assert (again.returncode, again.stderr) == (0, "")
    path = tmp_path / "output" / "archive.db"
    assert check(path, None)["findings"] == []
    with Archive(path) as archive:
        assert len({post["post_id"] for post in archive.posts()}) == 300


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_to_all_processes_of_a_run_ends_it_properly(long_run: Any, number: signal.Signals):
    with serve(build(many(300))) as server, long_run(server.url) as crawl:
        os.killpg(crawl.pid, number)
        out, err = crawl.communicate(timeout=60)
    assert (crawl.returncode, err) == (130, "")
    assert '"outcome": "interrupted"' in out


def test_a_package_of_the_same_name_in_the_working_folder_is_not_run(environment: dict[str, str], tmp_path: Path):
    (tmp_path / "crawler").mkdir()
    (tmp_path / "crawler" / "__init__.py").write_text("raise SystemExit('another crawler')", encoding="utf-8")
    with serve(build(many(100))) as server:
        program = Path(sys.executable).with_name("finews")
        command = [program, "crawl", "--mirror", server.url, "--no-posts", "--json"]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Make a copy of the program, in a folder of its own, which says so whenever something of it begins to write."""
    folder = tmp_path / "a copy"
    shutil.copytree(ROOT / "crawler", folder / "crawler", ignore=shutil.ignore_patterns("__pycache__"))
    with (folder / "crawler" / "recording" / "recorder.py").open("a", encoding="utf-8") as module:
        module.write("import sys\nprint('a copy', file=sys.stderr)\n")
    return folder


@pytest.mark.parametrize("way", ["egg", "folder at hand"])
def test_the_writing_process_runs_the_same_program_as_its_run(way: str, copy: Path, environment: dict[str, str]):
    found_in = ""
    if way == "egg":
        found_in = shutil.make_archive(str(copy / "program"), "zip", copy, "crawler")
        shutil.rmtree(copy / "crawler")
    script = f"import sys; sys.path[0] = {found_in!r}; from crawler.cli import main; main()"
    with serve(build(many(100))) as server:
        command = [sys.executable, "-c", script, "crawl", "--mirror", server.url, "--no-posts", "--json"]
        done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "a copy\n" * 2)


def test_a_run_reports_an_error_in_its_writing_process(copy: Path, environment: dict[str, str]):
    with (copy / "crawler" / "recording" / "recorder.py").open("a", encoding="utf-8") as module:
        module.write("if 'crawler.recording.writer' in sys.orig_argv: raise RuntimeError('a stone')\n")
    with serve(build(many(100))) as server:
        command = [sys.executable, "-m", "crawler", "crawl", "--mirror", server.url, "--no-posts", "--json"]
        done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "RuntimeError: a stone\n" in done.stderr
    assert done.stderr.endswith(
        "Error: output/archive.db could not be written (the process that writes it has stumbled over an error, see"
        " above): mend that and run again, what was stored stays.\n"
    )


def test_a_run_reports_that_its_writing_process_was_killed(long_run: Any):
    with serve(build(many(300))) as server, long_run(server.url) as crawl:
        os.kill(children(crawl.pid)[0], signal.SIGKILL)
        out, err = crawl.communicate(timeout=60)
    assert (crawl.returncode, out) == (1, "")
    assert err == (
        "Error: output/archive.db could not be written (the process that writes it was ended, for want of memory"
        " perhaps): mend that and run again, what was stored stays.\n"
    )


def test_a_disk_that_fills_up_while_a_process_writes_ends_the_run_with_a_sentence(
    long_run: Any, finews: Finews, tmp_path: Path
):
    with serve(build(many(300))) as server:
        with long_run(server.url) as crawl:
            resource.prlimit(children(crawl.pid)[0], resource.RLIMIT_FSIZE, (100_000, 100_000))
            out, err = crawl.communicate(timeout=60)
        again = finews("crawl", "--mirror", server.url, "--no-posts", "--json")
    assert (crawl.returncode, out) == (1, "")
    assert err.startswith("Error: output/archive.db could not be written (")
    assert err.endswith("): mend that and run again, what was stored stays.\n")
    assert (again.returncode, again.stderr) == (0, "")
    with Archive(tmp_path / "output" / "archive.db") as archive:
        assert len(list(archive.posts())) == 300
