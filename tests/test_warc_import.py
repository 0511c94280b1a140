"""WARC files of any program are imported: pages of posts, with their times; whatever is wrong with a file is said."""

from __future__ import annotations

import gzip
import json
import zipfile
import zlib
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler.archive import Archive
from crawler.captures.foreign import records
from crawler.captures.records import NoRecord
from crawler.ops.check import check
from crawler.ops.importing.run import ImportOptions, import_posts
from crawler.ops.sample_site.server import serve
from crawler.ops.sample_site.site import bundled_site

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

POST = "NW202204202350104915"
PATH = f"/dajiangwang/2022/04/20/{POST}.html"
URL = f"https://finews.withounder.com{PATH}"
PAGE = bundled_site()[PATH].body
AT = datetime(2022, 4, 21, 1, 0, tzinfo=UTC)
HTML = [("Content-Type", "text/html")]


def warc(*answers: tuple[str, datetime, bytes, list[tuple[str, str]]], packed: bool = True) -> bytes:
    """Write answers as another crawler does: without the program's own fields."""
    out = BytesIO()
    writer = WARCWriter(out, gzip=packed)
    writer.write_record(writer.create_warcinfo_record("other.warc.gz", {"software": "another"}))
    for url, at, body, headers in answers:
        http = StatusAndHeaders("200 OK", headers, protocol="HTTP/1.1")
        fields = {"WARC-Date": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
        writer.write_record(
            writer.create_warc_record(url, "response", BytesIO(body), len(body), "", fields, http_headers=http)
        )
    return out.getvalue()


def imported(folder: Path, *paths: Path) -> dict[str, Any]:
    report = import_posts(paths, ImportOptions(archive=folder / "archive.db", posts=None))
    return {"posts": {name: count for name, count in report["posts"].items() if count}, "refused": report["refused"]}


def versions(folder: Path) -> list[tuple[int, str, str]]:
    with Archive(folder / "archive.db") as archive:
        return [(each["revision"], each["via"], each["seen_at"]) for each in archive.history(POST)]


def write(folder: Path, name: str, content: bytes) -> Path:
    file = folder / name
    file.write_bytes(content)
    return file


def chunked(body: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:1000], body[1000:])) + b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("name", "body", "headers", "packed"),
    [
        ("other.warc.gz", PAGE, HTML, True),
        ("other.warc", PAGE, HTML, False),
        ("other.WARC.GZ", gzip.compress(PAGE, mtime=0), [*HTML, ("Content-Encoding", "gzip")], True),
        ("other.warc.gz", chunked(PAGE), [*HTML, ("Transfer-Encoding", "chunked")], True),
        ("other.warc.gz", PAGE, [*HTML, ("Transfer-Encoding", "chunked")], True),
    ],
)
def test_a_page_becomes_a_post_with_the_time_at_which_it_was_served(
    tmp_path: Path, name: str, body: bytes, headers: list[tuple[str, str]], packed: bool
):
    file = write(tmp_path, name, warc((URL, AT, body, headers), packed=packed))
    assert imported(tmp_path, file) == {"posts": {"new": 1}, "refused": []}
    assert versions(tmp_path) == [(1, "capture", "2022-04-21T01:00:00+00:00")]
    with Archive(tmp_path / "archive.db") as archive:
        post = archive.post(POST)
    assert (post["title"], post["source"], post["url"]) == (
        "推进5G规模化应用！江西出台5G应用“扬帆”行动计划",
        "大江网",
        URL,
    )
    assert imported(tmp_path, file)["posts"] == {"unchanged": 1}
    assert check(tmp_path / "archive.db", None)["findings"] == []


def test_earlier_and_later_pages_stand_in_the_order_in_which_they_were_served(tmp_path: Path):
    other = PAGE.replace("4月20日".encode(), "4月21日".encode())
    later = write(tmp_path, "later.warc.gz", warc((URL, AT + timedelta(days=1), other, HTML)))
    earlier = write(tmp_path, "earlier.warc.gz", warc((URL, AT, PAGE, HTML)))
    imported(tmp_path, later)
    assert imported(tmp_path, earlier)["posts"] == {"changed": 1}
    assert versions(tmp_path) == [
        (1, "capture", "2022-04-21T01:00:00+00:00"),
        (2, "capture", "2022-04-22T01:00:00+00:00"),
    ]


def test_only_pages_of_posts_of_the_site_are_taken(tmp_path: Path):
    others = ["https://example.org/", "https://finews.withounder.com/", "http://127.0.0.1/a", "javascript:x", ""]
    content = warc(*((url, AT, PAGE, HTML) for url in others))
    assert imported(tmp_path, write(tmp_path, "other.warc.gz", content)) == {"posts": {}, "refused": []}


def test_a_page_that_the_rules_refuse_is_named_with_its_file_and_time(tmp_path: Path):
    file = write(tmp_path, "other.warc.gz", warc((URL, AT, b"<p>no post</p>", HTML)))
    found = imported(tmp_path, file)
    assert [(each["path"], each["reason"]) for each in found["refused"]] == [
        (f"{file}: {URL} 2022-04-21T01:00:00Z", "unknown layout")
    ]


def test_a_folder_and_a_package_of_files_are_taken(tmp_path: Path):
    folder = tmp_path / "captures"
    folder.mkdir()
    with zipfile.ZipFile(folder / "a.wacz", "w") as package:
        package.writestr("archive/data.warc.gz", warc((URL, AT, PAGE, HTML)))
        package.writestr("pages/pages.jsonl", "{}")
    assert imported(tmp_path, folder) == {"posts": {"new": 1}, "refused": []}


WHOLE = warc((URL, AT, PAGE, HTML))
PLAIN = warc((URL, AT, PAGE, HTML), packed=False)
LYING = b"Content-Length: 9".join(PLAIN.rsplit(b"Content-Length: ", 1))
BOMB = zlib.compressobj(9, wbits=31)
BOMB_BYTES = BOMB.compress(b"WARC/1.0\r\nContent-Length: 300000000\r\n\r\n") + b"".join(
    BOMB.compress(bytes(1 << 20)) for _ in range(280)
)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("cut.warc.gz", WHOLE[:-200], "it breaks off"),
        ("cut.warc", PLAIN[:-200], "it breaks off"),
        ("lying.warc", LYING, "it breaks off"),
        ("text.warc", b"this is a text\n", "no WARC record"),
        ("text.warc.gz", b"\x1f\x8b this is no gzip", "no gzip"),
        ("head.warc", b"WARC/1.0\r\n" + b"A: b\r\n" * 50_000, "a record without an end of its head"),
        ("line.warc", b"WARC/1.0" + b"A" * 500_000, "a record without an end of its head"),
        ("length.warc", b"WARC/1.0\r\nWARC-Type: response\r\n\r\n", "a record that does not say how long it is"),
        ("minus.warc", b"WARC/1.0\r\nContent-Length: -5\r\n\r\n", "a record that does not say how long it is"),
        ("bomb.warc.gz", BOMB_BYTES, "it decompresses to more than 100 times its size"),
        ("no.wacz", b"PK\x03\x04 nothing", "no WACZ file"),
    ],
)
def test_a_broken_or_hostile_file_is_refused_in_words(tmp_path: Path, name: str, content: bytes, reason: str):
    found = imported(tmp_path, write(tmp_path, name, content))
    assert len(found["refused"]) == 1
    assert found["refused"][0]["reason"].startswith(f"broken: {reason}")
    assert check(tmp_path / "archive.db", None)["findings"] == []


def test_what_stands_before_the_fault_is_taken(tmp_path: Path):
    found = imported(tmp_path, write(tmp_path, "cut.warc.gz", WHOLE + b"\x1f\x8b half"))
    assert (found["posts"], len(found["refused"])) == ({"new": 1, "refused": 1}, 1)


@settings(max_examples=examples(200))
@given(data=st.data())
def test_any_damage_gives_records_or_a_reason(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory):
    damaged = bytearray(data.draw(st.sampled_from([WHOLE, PLAIN])))
    for _ in range(data.draw(st.integers(1, 5))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    file = tmp_path_factory.mktemp("warc") / "damaged.warc"
    file.write_bytes(damaged[: data.draw(st.integers(0, len(damaged)))])
    found = []
    with suppress(NoRecord):
        found = list(records(file))
    assert len(found) <= 2


@pytest.mark.slow
def test_what_a_run_has_kept_can_be_imported_into_another_archive(
    finews: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
):
    with serve(bundled_site()) as server:
        finews("crawl", "--mirror", server.url, "--json")
    done = finews("import", "output/captures", "--archive", "other.db", "--no-posts", "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["posts"]["new"], report["posts"]["refused"]) == (0, 24, 1)
    with Archive(tmp_path / "output" / "archive.db") as first, Archive(tmp_path / "other.db") as second:
        texts = {post["post_id"]: (post["title"], post["text"], post["published_at"]) for post in first.posts()}
        taken = {post["post_id"]: (post["title"], post["text"], post["published_at"]) for post in second.posts()}
    assert taken.items() <= texts.items()
