"""The pure rules of federations: who speaks for a post, where posts stand in lists, which may tell one story."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.archive.browsing.joint_lists import archive_and_row, number_of, place_in
from crawler.archive.browsing.listings import Place
from crawler.archive.federation import members
from crawler.archive.federation.speakers import Copy, Key, Sighting, contested, shared, speaker, superseded
from crawler.archive.federation.stories import Circles, Post, meetings

IDS = st.lists(st.text("ab", min_size=1, max_size=3), unique=True, max_size=8)


def test_shards_of_other_ids_have_nothing_in_common():
    assert contested([("NW2024", "NW20249"), ("NW2025", "NW20259"), None]) == [None, None, None]
    assert contested([("a", "g"), ("f", "k"), ("b", "c")]) == [("b", "g"), ("f", "g"), ("b", "c")]


@given(st.lists(IDS, min_size=1, max_size=4))
def test_every_post_that_archives_share_is_found(archives):
    sites = [sorted(Key(post_id, "site", row) for row, post_id in enumerate(ids)) for ids in archives]
    spans = contested([(keys[0].post_id, keys[-1].post_id) if keys else None for keys in sites])
    within = [
        [key for key in keys if span is not None and span[0] <= key.post_id <= span[1]]
        for keys, span in zip(sites, spans, strict=True)
    ]
    expected = [
        [Copy(number, ids.index(post_id)) for number, ids in enumerate(archives) if post_id in ids]
        for post_id in sorted({post_id for ids in archives for post_id in ids})
    ]
    assert [sorted(copies) for copies in shared(within)] == [copies for copies in expected if len(copies) > 1]


def test_the_archive_that_saw_a_post_last_speaks_for_it():
    first, second, third = Copy(0, 7), Copy(1, 3), Copy(2, 9)
    seen = {
        first: Sighting("2022-04-22", "2022-04-20", "a"),
        second: Sighting("2022-04-21", "2022-04-21", "b"),
    }
    assert speaker([first, second, third], seen) == first  # the third had not seen it yet
    assert list(superseded([[first, second]], seen)) == [second]
    at_once = {first: Sighting("2022-04-22", "2022-04-20", "a"), second: Sighting("2022-04-22", "2022-04-21", "b")}
    assert speaker([first, second], at_once) == second  # its version is the later one
    assert speaker([second, first], dict.fromkeys([first, second], Sighting("2022", "2022", "a"))) == first
    assert speaker([third], seen) is None


@given(st.integers(0, 400), st.integers(1, 2**39), st.integers(0, 400), st.integers(1, 2**39))
def test_places_of_one_second_are_in_the_order_of_archives_and_rows(one, row, other, further):
    number = number_of(one, row)
    assert archive_and_row(number) == (one, row)
    is_older = number_of(other, further) < number
    assert ((5, further) < place_in(other, Place(5, number))) == is_older


def test_posts_meet_that_share_a_key_and_are_of_about_one_time_and_of_two_archives():
    day = 86_400
    a, b, c, d = Post(0, 1), Post(1, 1), Post(1, 2), Post(0, 2)
    keyed = [(1, 0, a), (1, day, b), (2, 0, a), (2, day, b), (1, 2 * day, c), (1, 9 * day, d), (3, day, d)]
    assert meetings(keyed) == {b: [a], c: [a]}


def test_what_is_joined_belongs_together():
    circles = Circles()
    circles.join("a", "b")
    circles.join("c", "d")
    assert (circles.of("a") == circles.of("b"), circles.of("a") == circles.of("c")) == (True, False)
    circles.join("b", "d")
    assert circles.of("a") == circles.of("c")


def test_one_file_is_asked_once_and_names_tell_paths_apart(tmp_path: Path):
    (tmp_path / "a.db").touch()
    (tmp_path / "b.db").symlink_to("a.db")
    paths = [tmp_path / "a.db", tmp_path / "b.db", tmp_path / "x" / ".." / "a.db", tmp_path / "missing.db"]
    assert members.distinct(paths) == [paths[0], paths[2], paths[3]]  # there is no folder x
    assert members.short_names([Path("/x/2024/a.db"), Path("/x/2025/a.db")]) == ["2024/a.db", "2025/a.db"]
    assert members.short_names([Path("/x/a.db"), Path("/y/b.db")]) == ["a.db", "b.db"]


def test_the_limit_of_open_files_is_raised_or_named(monkeypatch: pytest.MonkeyPatch):
    resource = pytest.importorskip("resource")
    raised = []
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: raised.append(limits))
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 1_000))
    members.make_room_for(10)
    members.make_room_for(300)
    assert raised == [(964, 1_000)]
    with pytest.raises(
        members.TooManyArchives, match=r"^400 archives need 1264 open files, and this system allows 1000"
    ):
        members.make_room_for(400)
