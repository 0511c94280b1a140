"""Answers as they were served: the records, the files of a run, and bringing files and rows together again."""

from __future__ import annotations

import gzip
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from fastwarc.warc import ArchiveIterator
from hypothesis import given, settings
from hypothesis import strategies as st
from made import SITE
from profiles import examples
from warcio.checker import Checker

from crawler.archive import Archive, captures
from crawler.archive.captures import Hole, Original
from crawler.archive.store.lock import writing
from crawler.captures.files import files_in, folder_of, info_in, name_of, read_at
from crawler.captures.keeping import Keeper
from crawler.captures.mending import belongs, mend
from crawler.captures.records import Exchange, NoRecord, digest_of, pair_of, read_record, unpacked
from crawler.sites.loading import as_json, rules_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from crawler.items import Capture

AT = datetime(2022, 4, 21, 1, 0, tzinfo=UTC)
URL = "https://finews.withounder.com/dajiangwang/2022/04/20/NW202204202350104915.html"
INFO = "<urn:uuid:00000000-0000-4000-8000-000000000000>"
PAGE = Exchange(
    url=URL,
    at=AT,
    request_headers=((b"Host", b"finews.withounder.com"), (b"User-Agent", b"finews")),
    status=200,
    headers=((b"Content-Type", b"text/html"), (b"Etag", b'"1"')),
    body="<p>江西</p>".encode(),
)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "archive.db", create=True) as opened:
        yield opened


@pytest.fixture
def keeper(archive: Archive) -> Iterator[Callable[..., Keeper]]:
    """Return a function that begins to keep answers, as a run does."""
    begun: list[Keeper] = []

    def begin(**options: object) -> Keeper:
        keeper = Keeper(archive.db, archive.path, SITE, "finews", **options)
        keeper.take_up()
        begun.append(keeper)
        return keeper

    yield begin
    for each in begun:
        each.end()


def keep(archive: Archive, keeper: Keeper, *exchanges: Exchange) -> list[Capture]:
    """Keep answers and record where, as the run that reads the pages does."""
    kept = []
    for exchange in exchanges:
        capture = keeper.keep(exchange)
        assert capture is not None, keeper.trouble
        with writing(archive.db):
            captures.record(archive.db, [capture], None)
        kept.append(capture)
    return kept


def rows(archive: Archive) -> list[Capture]:
    return [row for file in captures.files(archive.db) for row in captures.of_file(archive.db, file.file)]


# Records.

HEADERS = st.lists(
    st.tuples(
        st.sampled_from([b"Etag", b"Server", b"X-A", b"Content-Type", b"Vary"]),
        st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=20).map(str.encode),
    ),
    max_size=4,
).map(tuple)


@settings(max_examples=examples(200))
@given(
    status=st.integers(100, 599),
    headers=HEADERS,
    body=st.binary(max_size=3000),
    at=st.datetimes(datetime(1990, 1, 1), datetime(2190, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # bounds
)
def test_an_answer_is_read_back_byte_for_byte_by_this_program_and_by_another(
    status: int, headers: tuple[tuple[bytes, bytes], ...], body: bytes, at: datetime
) -> None:
    exchange = replace(PAGE, status=status, headers=headers, body=body, at=at)
    pair = pair_of(exchange, None, INFO)
    record = read_record(unpacked(pair.response))
    assert (record.kind, record.url, record.status, record.payload, record.at) == (
        "response",
        URL,
        status,
        body,
        at.replace(microsecond=0),
    )
    assert record.headers == tuple((name.decode(), value.decode()) for name, value in headers)
    assert record.fields["warc-payload-digest"] == pair.digest == digest_of(body)
    response, request = ArchiveIterator(BytesIO(pair.response + pair.request), parse_http=True)
    assert (request.http_headers.status_line, response.http_headers.status_code) == (
        "GET /dajiangwang/2022/04/20/NW202204202350104915.html HTTP/1.1",
        status,
    )
    response = next(iter(ArchiveIterator(BytesIO(pair.response), parse_http=True)))
    assert response.reader.read() == body


def test_no_cookie_and_no_authorisation_is_kept() -> None:
    secrets = (b"Cookie", b"Set-Cookie", b"Authorization", b"Proxy-Authorization", b"COOKIE")
    headers = tuple((name, b"s3cret") for name in secrets)
    pair = pair_of(replace(PAGE, request_headers=headers, headers=headers), None, INFO)
    assert b"s3cret" not in unpacked(pair.response) + unpacked(pair.request)


@pytest.mark.parametrize(
    ("member", "fault"),
    [
        (b"", "it breaks off"),
        (gzip.compress(b"x" * 1000, mtime=0)[:-9], "it breaks off"),
        (b"WARC/1.1\r\n", "Error -3 while decompressing data: incorrect header check"),
        (gzip.compress(b"a", mtime=0) + b"b", "larger than it says"),
    ],
)
def test_what_is_no_member_is_no_record(member: bytes, fault: str) -> None:
    with pytest.raises(NoRecord, match=fault):
        unpacked(member)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "it has no headers"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "it has no headers"),
        (b"WARC/1.1\r\nWARC-Type: response\r\n\r\n", "it does not say how long it is"),
        (b"WARC/1.1\r\nContent-Length: -1\r\n\r\n", "it does not say how long it is"),
        (b"WARC/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", "it does not say how long it is"),
        (b"WARC/1.1\r\nContent-Length: 10\r\n\r\n123456789", "it breaks off"),
        (
            (
                b"WARC/1.1\r\nWARC-Type: response\r\nContent-Type: application/http\r\nContent-Length: 13\r\n\r\n"
                b"HTTP/1.1 OK\r\n"
            ),
            "its answer has no status",
        ),
    ],
)
def test_a_record_that_says_what_is_not_so_is_none(data: bytes, fault: str) -> None:
    with pytest.raises(NoRecord, match=fault):
        read_record(data)


@settings(max_examples=examples(300))
@given(st.binary(max_size=400))
def test_any_bytes_are_a_record_or_none(data: bytes) -> None:
    for sample in (data, b"WARC/1.1\r\nContent-Length: 5\r\n" + data):
        try:
            record = read_record(sample)
        except NoRecord:
            continue
        assert record.at is None or record.at.tzinfo == UTC


# The files of a run.


def test_answers_of_a_run_are_in_one_file_that_says_who_wrote_it(archive: Archive, keeper: Callable[..., Keeper]):
    first, second = keep(archive, keeper(), PAGE, replace(PAGE, url=f"{URL}?a=1", status=404, body=b"no"))
    folder = archive.path.parent / "captures"
    assert files_in(folder) == [first.file] == ["finews-20220421010000-1.warc.gz"]
    info, info_id = info_in(folder / first.file)
    assert info == {
        "software": info["software"],
        "format": "WARC File Format 1.1",
        "conformsTo": "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        "robots": "obey",
        "http-header-user-agent": "finews",
        "isPartOf": "archive.db",
        "rules": rules_version(SITE),
        "site": as_json(SITE),
    }
    assert info["software"].startswith("finews-archive/")
    assert [read_at(folder, each).fields["warc-warcinfo-id"] for each in (first, second)] == [info_id] * 2
    assert rows(archive) == [first, second]
    assert captures.holes(archive.db, first.file) == [
        Hole(0, first.offset),
        Hole(second.offset + second.length + second.request_length, None),
    ]


def test_a_file_is_accepted_by_warcio_s_checker(archive: Archive, keeper: Callable[..., Keeper], capsys):
    kept = keep(archive, keeper(), PAGE, PAGE, replace(PAGE, status=304, body=b""), replace(PAGE, status=302))
    checker = Checker(type("Command", (), {"inputs": [str(folder_of(archive.path) / kept[0].file)], "verbose": True}))
    assert checker.process_all() == 0
    told = capsys.readouterr().out  # of a head, and of four answers with their requests
    assert (told.count("digest pass"), told.count("not checked (revisit)")) == (6, 3)


def test_an_answer_that_says_the_same_as_before_refers_to_it(archive: Archive, keeper: Callable[..., Keeper]):
    later = AT + timedelta(minutes=15)
    unmodified = replace(PAGE, status=304, headers=(), body=b"", at=later)
    first, same, not_modified, other = keep(
        archive, keeper(), PAGE, replace(PAGE, at=later), unmodified, replace(PAGE, body=b"other", at=later)
    )
    kinds = [(each.record, each.status, each.digest) for each in (first, same, not_modified, other)]
    digest = digest_of(PAGE.body)
    assert kinds == [
        ("response", 200, digest),
        ("revisit", 200, digest),
        ("revisit", 304, digest),
        ("response", 200, digest_of(b"other")),
    ]
    folder = folder_of(archive.path)
    profiles = []
    for each in (same, not_modified):
        fields = read_at(folder, each).fields
        assert (fields["warc-refers-to-target-uri"], fields["warc-refers-to-date"]) == (URL, "2022-04-21T01:00:00Z")
        profiles.append(fields["warc-profile"].rpartition("/")[2])
    assert profiles == ["identical-payload-digest", "server-not-modified"]
    assert captures.original(archive.db, URL) == Original(digest_of(b"other"), later)


def test_a_304_without_a_page_before_it_stands_for_itself(archive: Archive, keeper: Callable[..., Keeper]):
    [kept] = keep(archive, keeper(), replace(PAGE, status=304, body=b""))
    assert (kept.record, kept.status) == ("response", 304)


def test_a_file_that_is_large_enough_and_one_of_yesterday_is_followed_by_another(
    archive: Archive, keeper: Callable[..., Keeper]
):
    tomorrow = AT + timedelta(days=1)
    exchanges = [replace(PAGE, body=os.urandom(3000), at=at) for at in (AT, AT, AT, tomorrow)]
    kept = keep(archive, keeper(largest=7000), *exchanges)
    assert [each.file for each in kept] == [
        name_of("finews", AT, 1),
        name_of("finews", AT, 1),
        name_of("finews", AT, 2),
        name_of("finews", tomorrow, 1),
    ]


def test_the_next_run_continues_the_file_unless_its_rules_are_others(archive: Archive, keeper: Callable[..., Keeper]):
    first = keeper()
    [one] = keep(archive, first, PAGE)
    first.end()
    second = keeper()
    [two] = keep(archive, second, replace(PAGE, body=b"2"))
    second.end()
    third = Keeper(archive.db, archive.path, replace(SITE, start=("/other/",)), "finews")
    third.take_up()
    [three] = keep(archive, third, replace(PAGE, body=b"3"))
    third.end()
    assert [each.file for each in (one, two, three)] == [
        name_of("finews", AT, 1),
        name_of("finews", AT, 1),
        name_of("finews", AT, 2),
    ]


def test_two_archives_of_one_folder_do_not_write_into_one_file(archive: Archive, keeper: Callable[..., Keeper]):
    ours = keeper()
    [one] = keep(archive, ours, PAGE)
    with Archive(archive.path.with_name("other.db"), create=True) as other:
        theirs = Keeper(other.db, other.path, SITE, "finews")
        theirs.take_up()
        [two] = keep(other, theirs, PAGE)
        theirs.end()
    folder = folder_of(archive.path)
    assert (one.file, two.file) == (name_of("finews", AT, 1), name_of("finews", AT, 2))
    assert [belongs(archive.db, folder / each.file, "archive.db") for each in (one, two)] == [True, False]


def test_without_room_no_half_record_is_left_and_the_run_goes_on_without(
    archive: Archive, keeper: Callable[..., Keeper], monkeypatch: pytest.MonkeyPatch
):
    ours = keeper()
    [kept] = keep(archive, ours, PAGE)
    path, write = folder_of(archive.path) / kept.file, os.write
    before = path.read_bytes()

    def fill(descriptor: int, data: memoryview) -> int:
        if len(data) < 100:
            raise OSError(28, "No space left on device")
        return write(descriptor, data[: len(data) // 2])

    monkeypatch.setattr(os, "write", fill)
    assert ours.keep(replace(PAGE, body=b"other")) is None
    monkeypatch.undo()
    assert (ours.trouble, path.read_bytes()) == ("No space left on device", before)
    assert ours.keep(PAGE) is None  # not half of the run's answers here and there


# After a kill.


def test_what_a_killed_run_left_gets_its_rows_and_half_a_record_is_cut_off(
    archive: Archive, keeper: Callable[..., Keeper]
):
    killed = keeper()
    [first] = keep(archive, killed, PAGE)
    unrecorded = killed.keep(replace(PAGE, url=f"{URL}?2", body=b"2"))
    [third] = keep(archive, killed, replace(PAGE, url=f"{URL}?3", body=b"3"))
    torn = killed.keep(replace(PAGE, url=f"{URL}?4", body=b"4"))
    assert unrecorded is not None
    assert torn is not None
    path = folder_of(archive.path) / first.file
    whole = path.read_bytes()
    path.write_bytes(whole[: torn.offset + torn.length // 2])
    again = keeper()
    assert rows(archive) == [first, unrecorded, third]
    assert path.read_bytes() == whole[: torn.offset]
    killed.end()  # so that the file is nobody's
    [fourth] = keep(archive, again, replace(PAGE, body=b"5"))
    assert (fourth.file, fourth.offset) == (torn.file, torn.offset)


@pytest.mark.parametrize("cut", [1, 8, 100])
def test_an_answer_whose_request_is_torn_is_kept(archive: Archive, keeper: Callable[..., Keeper], cut: int):
    killed = keeper()
    [first] = keep(archive, killed, PAGE)
    second = killed.keep(replace(PAGE, body=b"2"))
    assert second is not None
    path = folder_of(archive.path) / first.file
    os.truncate(path, path.stat().st_size - cut)
    mend(archive.db, path.parent, path.name)
    assert rows(archive) == [first, replace(second, request_length=0)]
    assert path.stat().st_size == second.offset + second.length


def test_a_record_that_is_damaged_is_not_cut_off(archive: Archive, keeper: Callable[..., Keeper]):
    [kept] = keep(archive, keeper(), PAGE)
    path = folder_of(archive.path) / kept.file
    damaged = bytearray(path.read_bytes())
    damaged[kept.offset + 60] ^= 0xFF
    path.write_bytes(damaged)
    with writing(archive.db):
        captures.forget(archive.db, kept.file)
    mend(archive.db, path.parent, path.name)
    assert path.read_bytes() == bytes(damaged)
    with pytest.raises(NoRecord):
        read_at(path.parent, kept)
