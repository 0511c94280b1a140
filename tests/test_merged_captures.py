"""What a merge does with answers as they were served: they are copied, each once, and nothing else is touched."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import made
import pytest
from click.testing import CliRunner

from crawler.archive import Archive, captures
from crawler.captures.copying import Copier
from crawler.captures.files import files_in, folder_of, info_in, read_at
from crawler.captures.keeping import Keeper
from crawler.captures.records import Exchange
from crawler.cli import main
from crawler.ops.check import check
from crawler.ops.deleting import delete_posts
from crawler.ops.served import page_of

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.items import Capture

ONE, TWO, THREE = "NW202204200000000001", "NW202204200000000002", "NW202204200000000003"


class Place:
    """A folder with archives of their own folders: `a` and `b` have kept a page each, `all` is to have them."""

    def __init__(self, folder: Path) -> None:
        self.a, self.b, self.all = (folder / name / "archive.db" for name in ("a", "b", "all"))

    def run(self, *arguments: object, into: Path | None = None) -> tuple[int, str, str]:
        command = ["merge", *map(str, arguments), "--archive", str(into or self.all), "--no-posts"]
        ended = CliRunner().invoke(main, command)
        assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
        return ended.exit_code, ended.stdout, ended.stderr

    def merge(self, *arguments: object, into: Path | None = None) -> list[dict[str, Any]]:
        code, out, err = self.run(*arguments, "--json", into=into)
        assert (code, err) == (0, "")
        return [each["captures"] for each in json.loads(out)["archives"]]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    keep(place.a, ONE)
    keep(place.b, TWO)
    return place


def keep(path: Path, *ids: str, later: int = 0) -> None:
    """Have a run fetch these posts, so many minutes later, and keep what it gets."""
    path.parent.mkdir(exist_ok=True)
    at = made.SEEN + timedelta(minutes=later)
    with made.Run(path) as run:
        keeper = Keeper(run.archive.db, path, made.SITE, "finews", now=lambda: at)
        keeper.take_up()
        for post_id in ids:
            address = made.post_address(post_id)
            capture = keeper.keep(exchange(address.url, at))
            assert capture is not None, keeper.trouble
            fetch = made.fetch(address, fetched_at=at, captures=(capture,))
            run.write(made.article(post_id, title=post_id, seen_at=at, fetch=fetch))
        keeper.end()
        run.end()


def exchange(url: str, at: Any) -> Exchange:
    return Exchange(
        url=url, at=at, request_headers=((b"User-Agent", b"finews"),), status=200, headers=(), body=url.encode()
    )


def rows(path: Path) -> list[Capture]:
    with Archive(path) as archive:
        return list(captures.where(archive.db, "1 ORDER BY url, captured_at", {}))


def told(path: Path) -> list[tuple[str, str, int | None]]:
    """Return the address, the content and the post of each capture, by the records and the ledger."""
    with Archive(path) as archive:
        posts = dict(
            archive.db.execute("SELECT fetches.id, article_id FROM fetches JOIN links ON links.id = link_id")
        )
        fetches = dict(archive.db.execute("SELECT url || captured_at, fetch_id FROM captures"))
        return [
            (
                each.url,
                read_at(folder_of(path), each).payload.decode(),
                posts.get(fetches[each.url + each.captured_at.isoformat()]),
            )
            for each in rows(path)
        ]


def urls(*ids: str) -> list[str]:
    return [made.post_address(post_id).url for post_id in ids]


def change(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(sql)


def taken(count: int) -> dict[str, Any]:
    return {"taken": count, "left": 0, "note": None}


def bytes_in(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder_of(path).iterdir()}


# What is copied.


def test_what_was_served_is_there_with_its_record_its_fetch_and_its_page(place: Place):
    before = bytes_in(place.a)
    assert place.merge(place.a, place.b) == [taken(1), taken(1)]
    assert told(place.all) == [(url, url, number) for number, url in enumerate(urls(ONE, TWO), 1)]
    with Archive(place.all) as archive:
        assert page_of(archive, archive.post(TWO), of_revision=True) == urls(TWO)[0].encode()
    assert check(place.all, None)["findings"] == []
    assert bytes_in(place.a) == before


def test_merging_again_copies_nothing(place: Place):
    place.merge(place.a, place.b)
    before, files = rows(place.all), bytes_in(place.all)
    assert place.merge(place.a, place.b) == place.merge("--again", place.b, place.a) == [taken(0), taken(0)]
    assert (rows(place.all), bytes_in(place.all)) == (before, files)


def test_what_is_kept_later_is_appended_to_the_copy(place: Place):
    place.merge(place.a)
    keep(place.a, TWO, later=5)
    assert place.merge(place.a) == [taken(1)]
    assert [row.file for row in rows(place.all)] == ["finews-20220421010000-1.warc.gz"] * 2
    [file] = files_in(folder_of(place.all))
    info, _ = info_in(folder_of(place.all) / file)
    _, source = info_in(folder_of(place.a) / files_in(folder_of(place.a))[0])
    assert (info["isPartOf"], info["source"]) == ("archive.db", source)
    assert check(place.all, None)["findings"] == []


def test_what_comes_by_way_of_another_archive_is_copied_once(place: Place):
    place.merge(place.a, into=place.b)
    assert place.merge(place.b, place.a) == [taken(2), taken(0)]
    assert len(told(place.all)) == 2


def test_archives_in_one_folder_keep_their_files_apart(place: Place):
    both = place.a.with_name("both.db")
    assert place.merge(place.a, place.b, into=both) == [taken(1), taken(1)]
    keep(place.a, THREE, later=5)
    assert sorted({row.file for row in rows(both)}) == [
        "finews-20220421010000-2.warc.gz",
        "finews-20220421010000-3.warc.gz",
    ]
    assert [check(path, None)["findings"] for path in (place.a, both)] == [[], []]


def test_what_two_copies_of_an_archive_have_kept_since_is_all_there(place: Place):
    shutil.copytree(place.a.parent, place.b.parent, dirs_exist_ok=True)
    for path, post_id in ((place.a, TWO), (place.b, THREE)):
        keep(path, post_id, later=5)
    assert [row.file for row in (*rows(place.a), *rows(place.b))] == ["finews-20220421010000-1.warc.gz"] * 4
    place.merge(place.a, place.b)
    assert [url for url, _, _ in told(place.all)] == urls(ONE, TWO, THREE)
    assert check(place.all, None)["findings"] == []


def test_what_was_served_of_a_deleted_post_is_not_taken(place: Place):
    keep(place.all, ONE, THREE)
    delete_posts(place.all, [ONE], None, made.LATER)
    shutil.rmtree(folder_of(place.all))
    check(place.all, None, repair=True)
    keep(place.a, TWO)
    assert place.merge(place.a) == [taken(1)]
    assert [row.url for row in rows(place.all)] == urls(TWO)


def test_a_capture_gets_the_fetch_that_another_archive_knows(place: Place):
    place.merge(place.a)
    change(place.all, "UPDATE captures SET fetch_id = NULL")
    assert place.merge("--again", place.a) == [taken(0)]
    assert told(place.all) == [(url, url, 1) for url in urls(ONE)]


# What is left.


def test_what_is_not_wanted_is_said_and_taken_by_the_next_merge(place: Place):
    command = f"finews merge {place.a} --archive {place.all}"
    note = f"1 answer not copied from {folder_of(place.a)}: `{command}` copies what is there."
    assert place.merge("--no-captures", place.a) == [{"taken": 0, "left": 1, "note": note}]
    assert place.merge("--no-captures", place.a) == [taken(0)]
    assert place.merge(place.a) == [taken(1)]
    keep(place.a, TWO, THREE, later=5)
    assert place.merge("--no-captures", place.a) == [
        {"taken": 0, "left": 2, "note": note.replace("1 answer", "2 answers")}
    ]


def test_an_archive_whose_folder_comes_later_is_taken_up(place: Place):
    backup = place.all.parent / "backup.db"
    backup.parent.mkdir()
    with Archive(place.a) as archive:
        archive.backup(backup)
    into = place.b
    command = f"finews merge {backup} --archive {into}"
    assert place.run(backup, into=into)[1].splitlines()[:2] == [
        f"{backup}: 1 post new, 0 changed, 0 unchanged",
        f"1 answer not copied from {folder_of(backup)}: `{command}` copies what is there.",
    ]
    shutil.copytree(folder_of(place.a), folder_of(backup))
    assert place.run(backup, into=into)[1].splitlines()[0] == (
        f"{backup}: 0 posts new, 0 changed, 1 unchanged; 1 answer copied"
    )
    assert len(told(into)) == 2


def test_a_record_that_is_damaged_or_gone_is_left_and_taken_once_it_is_back(place: Place):
    keep(place.a, TWO, later=1440)
    old, new = (folder_of(place.a) / name for name in files_in(folder_of(place.a)))
    whole = old.read_bytes()
    damaged = bytearray(whole)
    damaged[rows(place.a)[0].offset + 100] ^= 1
    old.write_bytes(damaged)
    new.rename(new.with_suffix(".away"))
    again = f"finews merge --again {place.a} --archive {place.all}"
    note = (
        f"2 answers not copied from {folder_of(place.a)}, where they cannot be read:"
        f" `finews check --archive {place.a}` says why, and `{again}` copies what can be read by then."
    )
    assert place.merge(place.a) == [{"taken": 0, "left": 2, "note": note}]
    assert not folder_of(place.all).exists()
    old.write_bytes(whole)
    new.with_suffix(".away").rename(new)
    assert place.merge(place.a) == [taken(0)]
    assert place.merge("--again", place.a) == [taken(2)]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE captures SET file = '../captures/finews-20220421010000-1.warc.gz'",
        "UPDATE captures SET file = '/etc/passwd'",
        'UPDATE captures SET "offset" = 9223372036854775807',
        "UPDATE captures SET length = 9223372036854775807, digest = 'sha1:X'",
    ],
)
def test_a_row_that_leads_elsewhere_is_left(place: Place, sql: str):
    change(place.a, sql)
    [told] = place.merge(place.a)
    assert (told["taken"], told["left"]) == (0, 1)
    assert rows(place.all) == []


@pytest.mark.parametrize(
    "value", ["length = -1", "captured_at = 'never'", "status = 'x'", "url = CAST(x'00ff' AS BLOB)"]
)
def test_a_row_that_no_run_has_written_is_refused(place: Place, value: str):
    change(place.a, f"UPDATE captures SET {value}")
    code, out, err = place.run(place.a)
    assert (code, out, err[:52]) == (1, "", "Error: The archive is not as this program keeps it (")


# Cut off.


def test_what_a_killed_merge_has_left_is_taken_up(place: Place):
    keep(place.a, TWO, THREE, later=5)
    with (
        Archive(place.a) as source,
        Archive(place.all, create=True) as target,
        Copier(target.db, place.all, folder_of(place.a), made.LATER) as copier,
    ):
        copier.turn_to(files_in(folder_of(place.a))[0])
        copies = [copier.copy(each) for each in captures.where(source.db, "1 ORDER BY id", {})]
    last = copies[-1]
    assert last is not None
    os.truncate(folder_of(place.all) / last.file, last.offset + last.length // 2)
    assert place.merge(place.a) == [taken(1)]
    assert [url for url, _, _ in told(place.all)] == urls(ONE, TWO, THREE)
    assert {replace(each, url="") for each in rows(place.all)} == {replace(each, url="") for each in copies if each}
    assert check(place.all, None)["findings"] == []


def test_a_run_takes_up_what_a_killed_one_has_left_beside_newer_copies(place: Place):
    keep(place.all, ONE)
    url, at = made.post_address(THREE).url, made.SEEN + timedelta(minutes=1)
    with made.Run(place.all) as killed:
        keeper = Keeper(killed.archive.db, place.all, made.SITE, "finews", now=lambda: at)
        keeper.take_up()
        kept = keeper.keep(exchange(url, at))
    for day in (1, 2, 3):
        keep(place.a, TWO, later=1440 * day)
    place.merge(place.a)
    keep(place.all, ONE, later=5)
    assert kept in rows(place.all)


def test_a_copy_that_was_damaged_is_left_and_another_begun(place: Place):
    place.merge(place.a)
    copy = folder_of(place.all) / rows(place.all)[0].file
    copy.write_bytes(copy.read_bytes() + b"no record")
    keep(place.a, TWO, later=5)
    assert place.merge(place.a) == [taken(1)]
    assert [row.file for row in rows(place.all)] == [f"finews-20220421010000-{number}.warc.gz" for number in (1, 2)]


def test_without_room_all_else_is_taken_and_the_rest_by_the_next_merge(place: Place, monkeypatch: pytest.MonkeyPatch):
    write = os.write

    def fill(descriptor: int, data: Any) -> int:
        if bytes(data[:2]) == b"\x1f\x8b":
            raise OSError(28, "No space left on device")
        return write(descriptor, data)

    monkeypatch.setattr(os, "write", fill)
    sentence = (
        f"Error: The captures of {place.a} cannot be copied to {folder_of(place.all)} (No space left on device): make"
        " that possible and merge once more, or merge with --no-captures; all else was taken.\n"
    )
    assert place.run(place.a) == (1, "", sentence)
    monkeypatch.undo()
    with Archive(place.all) as archive:
        assert archive.post(ONE)["title"] == ONE
    assert place.merge(place.a) == [taken(1)]
    assert check(place.all, None)["findings"] == []
