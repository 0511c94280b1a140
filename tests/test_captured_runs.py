"""Runs keep every answer as it was served: real crawls, held against what the server sent, and killed."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from argparse import Namespace
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from http.client import HTTPConnection
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from warcio.checker import Checker

from crawler.archive import Archive, captures
from crawler.captures.files import folder_of
from crawler.ops.check import check
from crawler.ops.exporting.wacz import key_of
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
    remedy = "`finews check --repair` adds what is missing, and so does the next run."
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
        f"1 file in {folder_of(path)} missing ({name}), with {count} answers as they were served:"
        " `finews check --repair` forgets them, unless you bring them back."
    )
    assert check(path, None)["findings"] == [missing]
    assert check(path, None, repair=True)["mended"] == [missing]
    assert (rows(path), check(path, None)["findings"]) == ([], [])


# Asking for them.

POST = "NW202204202350104915"
URL = f"https://finews.withounder.com/dajiangwang/2022/04/20/{POST}.html"


@pytest.fixture
def crawled(finews: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> Path:
    with serve(bundled_site()) as server:
        finews("crawl", "--mirror", server.url, "--json")
    return tmp_path / "output" / "archive.db"


def test_the_files_are_listed_and_summed_up(finews: Callable[..., subprocess.CompletedProcess[str]], crawled: Path):
    kept = rows(crawled)
    told = json.loads(finews("captures", "--json").stdout)
    size = sum(row.length + row.request_length for row in kept)
    times = [datetime.fromisoformat(told["files"][0].pop(end)) for end in ("from", "until")]
    assert times == [min(row.captured_at for row in kept), max(row.captured_at for row in kept)]
    assert told == {
        "files": [{"file": kept[0].file, "records": len(kept), "bytes": size}],
        "records": len(kept),
        "bytes": size,
    }
    later = json.loads(finews("captures", "--since", "2100", "--json").stdout)
    assert later == {"files": [], "records": 0, "bytes": 0}
    lines = finews("captures").stdout.splitlines()
    assert lines[-1].startswith(f"{len(kept)} answers in 1 file, ")


def test_a_page_is_shown_as_it_was_served(
    finews: Callable[..., subprocess.CompletedProcess[str]],
    crawled: Path,
    environment: dict[str, str],
):
    command = [sys.executable, "-m", "crawler", "show", POST, "--format", "page"]
    for options in ([], ["--revision", "1"]):
        done = subprocess.run(
            [*command, *options], cwd=crawled.parent.parent, env=environment, capture_output=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout == bundled_site()[URL.removeprefix("https://finews.withounder.com")].body
    with Archive(crawled) as archive:
        archive.db.execute("DELETE FROM captures")
    none = finews("show", POST, "--format", "page")
    assert (none.returncode, none.stdout, none.stderr) == (
        1,
        "",
        f"Error: No page of {POST} is kept as it was served: the post was imported, or crawled without captures.\n",
    )


def test_the_page_of_a_revision_is_the_one_that_made_it(finews: Callable[..., subprocess.CompletedProcess[str]]):
    site = bundled_site()
    path = URL.removeprefix("https://finews.withounder.com")
    other = replace(site[path], body=site[path].body.replace("4月20日".encode(), "4月21日".encode()), etag='"other"')
    changed = replace(site, resources={**site, path: other})
    with serve(site) as server:
        finews("crawl", "--mirror", server.url, "--json")
        time.sleep(1.1)  # times are kept to the second
        server.site = changed
        finews("crawl", "--mirror", server.url, "--full", "--json")
        time.sleep(1.1)
        finews("crawl", "--mirror", server.url, "--full", "--json")  # 304
    pages = {
        revision: finews("show", POST, "--format", "page", *revision).stdout.encode()
        for revision in ((), ("--revision", "1"), ("--revision", "2"))
    }
    assert pages == {
        (): changed[path].body,
        ("--revision", "1"): site[path].body,
        ("--revision", "2"): changed[path].body,
    }


def test_why_names_the_record_that_proves_a_post(
    finews: Callable[..., subprocess.CompletedProcess[str]], crawled: Path
):
    [row] = [row for row in rows(crawled) if row.url == URL]
    [address] = [each for each in json.loads(finews("why", POST, "--json").stdout)["addresses"] if each["url"] == URL]
    [kept] = address["captures"]
    assert datetime.fromisoformat(kept.pop("captured_at")) == row.captured_at
    assert kept == {"status": 200, "file": row.file, "offset": row.offset, "length": row.length}
    assert f"  kept as it was served: {row.file}, at {row.offset}\n" in finews("why", POST).stdout


def test_a_deletion_names_the_files_that_still_have_what_was_served(
    finews: Callable[..., subprocess.CompletedProcess[str]], crawled: Path
):
    name = rows(crawled)[0].file
    other = json.loads(finews("delete", "202112082206935001", "--yes", "--json").stdout)
    assert other["captures"] == [f"output/captures/{name}"]
    done = finews("delete", POST, "--yes")
    assert done.stderr == (
        f"output/captures/{name} still has what was served of them: delete it too if that must go.\n"
    )
    assert check(crawled, None)["findings"] == []


# Passing them on.


def wacz(path: Path) -> dict[str, bytes]:
    """Return the files in a WACZ file, each of which must stand there uncompressed."""
    with zipfile.ZipFile(path) as package:
        assert {info.compress_type for info in package.infolist()} == {zipfile.ZIP_STORED}
        return {info.filename: package.read(info) for info in package.infolist()}


@pytest.mark.parametrize(
    ("options", "posts"), [([], 25), (["--query", "5G+VR"], 1), (["--query", "there is no such word"], 0)]
)
def test_what_was_served_of_posts_is_exported_for_replay(
    finews: Callable[..., subprocess.CompletedProcess[str]], crawled: Path, options: list[str], posts: int
):
    told = json.loads(finews("export", "out", "--format", "wacz", *options, "--json").stdout)
    files = wacz(crawled.parent.parent / "out" / "captures.wacz")
    package = json.loads(files["datapackage.json"])
    described = {each["path"]: (each["hash"], each["bytes"]) for each in package["resources"]}
    assert described == {
        name: (f"sha256:{sha256(content).hexdigest()}", len(content))
        for name, content in files.items()
        if not name.startswith("datapackage")
    }
    assert json.loads(files["datapackage-digest.json"]) == {
        "path": "datapackage.json",
        "hash": f"sha256:{sha256(files['datapackage.json']).hexdigest()}",
    }
    assert (package["profile"], package["wacz_version"]) == ("data-package", "1.1.1")
    header, *pages = map(json.loads, files["pages/pages.jsonl"].splitlines())
    assert header["format"] == "json-pages-1.0"
    assert (told["posts"], told["missing"], len(pages)) == (posts, 0, posts)
    lines = gzip.decompress(files["indexes/index.cdx.gz"]).decode().splitlines()
    assert lines == sorted(lines)
    assert len(lines) == told["captures"] == (len(rows(crawled)) if not options else posts)
    data = files["archive/data.warc.gz"]
    for line in lines:
        _, stamp, about = line.split(" ", 2)
        entry = json.loads(about)
        [record] = ArchiveIterator(BytesIO(data[int(entry["offset"]) :][: int(entry["length"])]), parse_http=True)
        assert record.headers["WARC-Target-URI"] == entry["url"]
        assert record.headers["WARC-Date"].translate(str.maketrans("", "", "-:TZ")) == stamp
        assert (str(record.http_headers.status_code), record.headers["WARC-Payload-Digest"]) == (
            entry["status"],
            entry["digest"],
        )
    assert {page["url"] for page in pages} <= {json.loads(line.split(" ", 2)[2])["url"] for line in lines}


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://finews.withounder.com/", "com,withounder,finews)/"),
        ("https://www.Example.org/A%20b?b=2&a=1", "org,example)/a%20b?a=1&b=2"),
        ("http://www2.example.org:8080", "org,example:8080)/"),
        ("http://wwwx.example.org/?", "org,example,wwwx)/"),
    ],
)
def test_the_key_of_an_address_is_that_of_other_programs(url: str, key: str):
    assert key_of(url) == key
