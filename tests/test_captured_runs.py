"""Runs keep every answer as it was served: real crawls, held against what the server sent, and killed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from argparse import Namespace
from http.client import HTTPConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from warcio.checker import Checker

from crawler.archive import Archive, captures
from crawler.captures.files import folder_of
from crawler.ops.check import check
from crawler.ops.sample_site.server import serve
from crawler.ops.sample_site.site import bundled_site

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crawler.items import Capture

pytestmark = pytest.mark.slow  # whole runs of the program


def rows(path: Path) -> list[Capture]:
    with Archive(path) as archive:
        return [row for file in captures.files(archive.db) for row in captures.of_file(archive.db, file.file)]


def served(url: str, mirror: str) -> bytes:
    """Return the body that the server sends for an address to a client like ours, as it comes over the wire."""
    parts, server = urlsplit(url), urlsplit(mirror)
    connection = HTTPConnection(server.hostname or "", server.port)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    connection.request("GET", target, headers={"Host": parts.netloc, "Accept-Encoding": "gzip, deflate, br, zstd"})
    body = connection.getresponse().read()
    connection.close()
    return body


def is_accepted(file: Path) -> bool:
    """Return whether `warcio check` finds nothing wrong with a file."""
    return Checker(Namespace(inputs=[str(file)], verbose=False)).process_all() == 0


def test_every_answer_of_a_run_is_kept_byte_for_byte(
    finews: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
):
    path = tmp_path / "output" / "archive.db"
    with serve(bundled_site()) as server:
        done = finews("crawl", "--mirror", server.url, "--json")
        asked = [f"{request.host}{request.target}" for request in server.requests]
        kept = rows(path)
        assert sorted(urlsplit(row.url)._replace(scheme="").geturl()[2:] for row in kept) == sorted(asked)
        [file] = (path.parent / "captures").iterdir()
        assert is_accepted(file)
        with file.open("rb") as stream:
            answers = [
                (record.headers["WARC-Target-URI"], record.http_headers.status_code, record.reader.read())
                for record in ArchiveIterator(stream, record_types=WarcRecordType.response, parse_http=True)
            ]
        assert len(answers) == len(kept) == json.loads(done.stdout)["requests"]
        assert [(url, body) for url, _, body in answers] == [(url, served(url, server.url)) for url, _, _ in answers]
    assert done.returncode in {0, 1}
    assert check(path, None)["findings"] == []
    assert {row.status for row in kept} == {200, 404}


def test_a_run_that_finds_nothing_new_keeps_that_it_asked(
    finews: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
):
    path = tmp_path / "output" / "archive.db"
    with serve(bundled_site()) as server:
        finews("crawl", "--mirror", server.url, "--json")
        before = rows(path)
        finews("crawl", "--mirror", server.url, "--json")
    [again] = rows(path)[len(before) :]
    [home] = [row for row in before if row.url == "https://finews.withounder.com/"]
    assert (again.url, again.status, again.record, again.digest) == (home.url, 304, "revisit", home.digest)


@pytest.mark.parametrize(("option", "variable"), [(["--no-captures"], "1"), ([], "0"), ([], "no")])
def test_captures_can_be_switched_off(tmp_path: Path, environment: dict[str, str], option: list[str], variable: str):
    with serve(bundled_site()) as server:
        done = subprocess.run(
            [sys.executable, "-m", "crawler", "crawl", "--mirror", server.url, "--json", *option],
            cwd=tmp_path,
            env={**environment, "FINEWS_CAPTURES": variable},
            capture_output=True,
            text=True,
            check=False,
        )
    assert json.loads(done.stdout)["posts"]["new"] == 25
    assert not (tmp_path / "output" / "captures").exists()
    assert rows(tmp_path / "output" / "archive.db") == []


def test_a_folder_that_cannot_be_made_is_said_and_every_post_is_stored(
    finews: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
):
    (tmp_path / "output").mkdir()
    (tmp_path / "output" / "captures").write_text("a file")
    with serve(bundled_site()) as server:
        done = finews("crawl", "--mirror", server.url, "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith(
        "Error: Not every page could be kept in output/captures as it was served (File exists). The archive holds"
        " every post: mend that before the next run, or run with --no-captures.\n"
    )
    with Archive(tmp_path / "output" / "archive.db") as archive:
        assert archive.stats()["posts"] == 25


def killed_runs(finews_environment: dict[str, str], folder: Path, kills: int, seed: int) -> Path:
    """Crawl again and again, killing each run at a random time, and check after each kill that rows have records."""
    chance, path = random.Random(seed), folder / "archive.db"
    with serve(bundled_site()) as server:
        for number in range(kills):
            archive = folder / f"{number // 10}" / "archive.db"  # a fresh one for every ten
            command = [sys.executable, "-m", "crawler", "crawl", "--mirror", server.url, "--archive", str(archive)]
            before = len(server.requests)
            with subprocess.Popen(
                [*command, "--full", "--no-posts", "--json"],
                env=finews_environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            ) as child:
                while child.poll() is None and len(server.requests) <= before:
                    time.sleep(0.005)
                time.sleep(chance.uniform(0, 0.5))
                child.send_signal(signal.SIGKILL)
            assert wrong(archive) == []
            path = archive
        subprocess.run([*command, "--no-posts", "--json"], env=finews_environment, check=False, capture_output=True)
    return path


def wrong(path: Path) -> list[str]:
    """Return what is wrong with the rows; that a killed run leaves records without rows is not."""
    return [finding for finding in check(path, None)["findings"] if not finding.startswith("No row is about")]


def test_killed_at_random_every_row_has_its_record(environment: dict[str, str], tmp_path: Path):
    kills = int(os.environ.get("KILLS", "6"))
    path = killed_runs(environment, tmp_path, kills, seed=kills)
    assert check(path, None)["findings"] == []
    for file in folder_of(path).iterdir():
        assert is_accepted(file)


def unlisted(count: int, file: Path) -> str:
    remedy = "the next run or `finews check --repair` adds what is missing."
    return f"No row is about {count} answers in {file}, as after a kill: {remedy}"


def test_check_names_what_is_missing_and_repair_makes_the_rows_anew(
    finews: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
):
    path = tmp_path / "output" / "archive.db"
    with serve(bundled_site()) as server:
        finews("crawl", "--mirror", server.url, "--json")
    before = rows(path)
    with Archive(path) as archive:
        archive.db.execute('UPDATE captures SET "offset" = "offset" + 1, length = length - 7 WHERE id % 3 = 0')
        archive.db.execute("DELETE FROM captures WHERE id % 3 = 1")
    name, count = before[0].file, len(before)
    moved, removed = (sum(row % 3 == rest for row in range(1, count + 1)) for rest in (0, 1))
    file = folder_of(path) / name
    assert check(path, None)["findings"] == [
        (
            f"{moved} answers in {file} not as recorded: `finews check --repair` makes the table of captures anew"
            " from the files; what it does not find again is lost."
        ),
        unlisted(removed, file),
    ]
    repaired = check(path, None, repair=True)
    assert (repaired["findings"], rows(path)) == ([], before)
    with Archive(path) as archive:
        archive.db.execute("DELETE FROM captures")
    assert check(path, None)["findings"] == [unlisted(count, file)]
    assert check(path, None, repair=True)["findings"] == []
    assert rows(path) == before
    file.unlink()
    missing = (
        f"1 file in {folder_of(path)} missing ({name}), with {count} answers as they were served: bring them back, or"
        " `finews check --repair` forgets them."
    )
    assert check(path, None)["findings"] == [missing]
    assert check(path, None, repair=True)["mended"] == [missing]
    assert (rows(path), check(path, None)["findings"]) == ([], [])
