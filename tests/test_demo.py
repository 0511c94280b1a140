"""The sample site for oneself: it is served until one has seen enough, and edited from another terminal."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest

from crawler.archive import Archive
from crawler.cli.demonstrating import program
from crawler.errors import FinewsError, UsageError
from crawler.ops.sample_site.edits import EDITED, site_after
from crawler.ops.sample_site.server import serve
from crawler.ops.sample_site.serving import PORT, edit, port_in, serving
from crawler.ops.sample_site.site import bundled_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TEA = f"/dajiangwang/2022/04/18/{EDITED}.html"
TEA_URL = f"https://finews.withounder.com{TEA}"


def page(url: str) -> str:
    connection = HTTPConnection(url.removeprefix("http://"), timeout=5)
    connection.request("GET", TEA)
    text = connection.getresponse().read().decode()
    connection.close()
    return text


# The edits.


def test_an_unedited_site_is_the_bundled_one() -> None:
    assert site_after(0) == bundled_site()


@pytest.mark.parametrize("edits", [1, 2, 12])
def test_an_edit_changes_one_page_and_neither_home_nor_a_category(edits: int) -> None:
    before, after = site_after(edits - 1), site_after(edits)
    assert {path for path in before if before[path].etag != after[path].etag} - {"/feed.xml"} == {TEA}
    assert f"约{210 + 10 * edits}吨" in after[TEA].body.decode()


# Serving, and asking for an edit.


def test_every_edit_that_is_asked_for_is_made_at_once(tmp_path: Path) -> None:
    note = tmp_path / "note"
    with serving(0, note) as server:
        edits = [edit(None, note) for _ in range(2)]
        shown = page(server.url)
    change = {"site": server.url, "post_id": EDITED, "url": TEA_URL}
    assert edits == [
        {**change, "number": 1, "before": "约210吨", "after": "约220吨"},
        {**change, "number": 2, "before": "约220吨", "after": "约230吨"},
    ]
    assert "约230吨" in shown
    assert not note.exists()


def test_of_two_sites_the_one_served_last_is_edited_unless_a_port_is_named(tmp_path: Path) -> None:
    note = tmp_path / "note"
    with serving(0, note) as first, serving(0, note) as last:
        named = edit(int(first.url.rpartition(":")[2]), note)
        assert (named["site"], edit(None, note)["site"]) == (first.url, last.url)


def test_a_site_that_goes_leaves_the_note_of_another_alone(tmp_path: Path) -> None:
    note = tmp_path / "note"
    with serving(0, note):
        note.write_text("9\n")
    assert note.read_text() == "9\n"


def test_a_note_that_cannot_be_written_keeps_no_site_from_being_served(tmp_path: Path) -> None:
    note = tmp_path / "missing" / "note"
    with serving(0, note) as server:
        assert edit(int(server.url.rpartition(":")[2]), note)["number"] == 1


def nothing_at(port: int) -> str:
    return (
        f"No sample site is served at http://127.0.0.1:{port}: serve one with `finews demo --serve`, or name the port"
        " of yours with --port."
    )


def test_where_nothing_is_served_a_sentence_says_so(tmp_path: Path) -> None:
    with serving(0, tmp_path / "note") as server:
        port = int(server.url.rpartition(":")[2])
    with pytest.raises(FinewsError) as told:
        edit(port, tmp_path / "note")
    assert str(told.value) == nothing_at(port)


def test_a_server_that_takes_no_edits_is_left_alone(tmp_path: Path) -> None:
    with serve(bundled_site()) as server:
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(FinewsError) as told:
            edit(port, tmp_path / "note")
        assert (str(told.value), server.site) == (nothing_at(port), bundled_site())


@pytest.mark.parametrize(
    ("written", "port"),
    [("8000\n", 8000), ("65535", 65535), ("", None), ("0", None), ("65536", None), ("-1", None), ("no port", None)],
)
def test_a_note_names_a_port_or_nothing(tmp_path: Path, written: str, port: int | None) -> None:
    (tmp_path / "note").write_text(written)
    assert port_in(tmp_path / "note") == port


def test_a_port_that_is_taken_is_refused_if_it_was_named(tmp_path: Path) -> None:
    with serve(bundled_site()) as other:
        port = int(other.url.rpartition(":")[2])
        with pytest.raises(UsageError) as told, serving(port, tmp_path / "note"):
            pass
    assert str(told.value) == (
        f"Port {port} cannot be used (Address already in use): name another with --port, or none for a free one."
    )


def test_without_a_port_that_is_named_a_site_is_served_whether_its_own_is_free_or_not(tmp_path: Path) -> None:
    with serving(None, tmp_path / "first") as first, serving(None, tmp_path / "second") as second:
        urls = [first.url, second.url]
        assert ["约210吨" in page(url) for url in urls] == [True, True]
    assert urls[1] != f"http://127.0.0.1:{PORT}"


# The command.


@contextmanager
def demo_of(tmp_path: Path, environment: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run `finews demo --serve` in a folder whose temporary files are its own, until the block ends."""
    child = subprocess.Popen(
        [sys.executable, "-m", "crawler", "demo", "--serve", "--port", "0", *arguments],
        cwd=tmp_path,
        env={**environment, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with child:
        try:
            yield child
        finally:
            child.kill()


def lines(child: subprocess.Popen[str], last: str) -> list[str]:
    """Return what is printed up to a line that begins so."""
    assert child.stdout is not None
    read: list[str] = []
    while not (read and read[-1].startswith(last)):
        read.append(child.stdout.readline())
        assert read[-1], "there is more to come"
    return read


def first_line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().rstrip("\n")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_the_site_says_where_it_is_once_it_answers_and_goes_when_it_is_told(
    tmp_path: Path, environment: dict[str, str], number: signal.Signals, code: int
) -> None:
    with demo_of(tmp_path, environment) as child:
        url = first_line(child)
        assert "约210吨" in page(url)
        said = lines(child, "  finews history")
        (archive,) = tmp_path.glob("finews-demo-*/archive.db")
        began = time.monotonic()
        child.send_signal(number)
        assert child.wait(timeout=30) == code
        assert time.monotonic() - began < 5
        assert (child.stdout.read(), child.stderr.read()) == ("", "")
    crawl = f"  finews crawl --mirror {url} --archive {archive} --posts {archive.parent / '_posts'}"
    assert re.fullmatch(r"In a browser: http://127\.0\.0\.1:\d+/\n", said[-7])
    assert said[-6:] == [
        "\n",
        "The sample site is up until Ctrl-C. In another terminal:\n",
        f"{crawl}\n",
        "  finews demo --change\n",
        f"{crawl} --full\n",
        f"  finews history {EDITED} --diff --archive {archive}\n",
    ]
    assert list(tmp_path.iterdir()) == [archive.parent]


def test_a_site_that_stays_up_is_shown_in_a_browser_with_what_another_crawl_changes(
    tmp_path: Path, environment: dict[str, str], finews: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    with demo_of(tmp_path, environment, "--into", "mine", "--json") as child:
        assert child.stdout is not None
        shown = json.loads("".join(lines(child, "}")))
        assert shown["report"]["posts"]["new"] == 25
        address = f"{shown['pages']}post/{EDITED}"
        with urlopen(address) as answer:
            assert "约210吨" in answer.read().decode()
        finews("demo", "--change", "--port", shown["url"].rpartition(":")[2])
        finews("crawl", "--mirror", shown["url"], "--archive", shown["archive"], "--no-posts", "--full")
        with urlopen(address) as answer:
            assert "约220吨" in answer.read().decode()


@pytest.mark.slow
@pytest.mark.parametrize("lacking", [True, False])
def test_the_demonstration_ends_with_how_to_look_at_its_archive(
    tmp_path: Path, environment: dict[str, str], *, lacking: bool
) -> None:
    hide = "sys.modules['starlette'] = None; " if lacking else ""
    program = f"import sys; {hide}from crawler.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "demo", "--archive", "mine/a.db"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    install = f"  {sys.executable} -m pip install 'finews-archive[web]'\n" if lacking else ""
    end = f"To look at the archive in a browser:\n{install}  finews serve --archive mine/a.db\n"
    assert (done.returncode, done.stdout.partition("_posts\n\n")[2]) == (0, end)


@pytest.mark.parametrize(("found", "command"), [(True, "finews"), (False, "{started}")])
def test_the_program_is_called_as_a_shell_finds_it(tmp_path: Path, *, found: bool, command: str) -> None:
    started = tmp_path / "finews"
    started.touch(mode=0o755)
    assert program(str(started), str(tmp_path) if found else "") == command.format(started=started)
    assert program("/usr/lib/python3/site-packages/crawler/__main__.py", "") == "finews"


def test_a_page_is_changed_from_another_terminal(
    tmp_path: Path, environment: dict[str, str], finews: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    environment["TMPDIR"] = str(tmp_path)
    with demo_of(tmp_path, environment) as child:
        url = first_line(child)
        told, documented = finews("demo", "--change"), finews("demo", "--change", "--json")
    said = (
        f"{TEA_URL} is changed: 约210吨 → 约220吨. To see that in the archive:\n"
        f"  finews crawl --mirror {url} --full\n"
        f"  finews history {EDITED} --diff\n"
    )
    assert (told.returncode, told.stdout, told.stderr) == (0, said, "")
    assert json.loads(documented.stdout) == {
        "site": url, "post_id": EDITED, "url": TEA_URL, "number": 2, "before": "约220吨", "after": "约230吨"
    }  # fmt: skip


ALONE = "--change goes with no other option than --port and --json: it only changes a page."


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--change", "--serve"], ALONE),
        (["--change", "--into", "x"], ALONE),
        (["--into", "x", "--archive", "y"], "Give --into or --archive, not both."),
        (["--port", "8000"], "--port is for --serve and --change."),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    arguments: list[str], sentence: str, finews: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    done = finews("demo", *arguments)
    assert (done.returncode, done.stdout, done.stderr.splitlines()[-1]) == (2, "", f"Error: {sentence}")


@pytest.mark.slow
def test_the_demonstration_keeps_what_it_makes_in_a_folder(
    tmp_path: Path, finews: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    done = finews("demo", "--into", "mine", "--json")
    shown: dict[str, Any] = json.loads(done.stdout)
    assert (done.returncode, shown["archive"], shown["posts"]) == (0, "mine/archive.db", "mine/_posts")
    with Archive(tmp_path / "mine/archive.db") as archive:
        assert len(list(archive.posts())) == 25
    assert len(list((tmp_path / "mine/_posts").iterdir())) == 25


@pytest.mark.slow
def test_a_site_that_stays_up_is_crawled_into_a_folder_first_if_one_is_named(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    with demo_of(tmp_path, environment, "--into", "mine") as child:
        url = first_line(child)
        crawl, _ = lines(child, "  finews demo --change")[-2:]
        with Archive(tmp_path / "mine/archive.db") as archive:
            assert len(list(archive.posts())) == 25
        child.terminate()
        assert child.wait(timeout=10) == 0
    assert crawl == f"  finews crawl --mirror {url} --archive mine/archive.db --posts mine/_posts\n"
