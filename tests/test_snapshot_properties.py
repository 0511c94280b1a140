"""What holds of snapshots, whatever was archived: merging them is the same as merging the archive each time."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import made
from archives_made import HISTORIES, archive, copy_of, into, merged, said_by
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.archive.care import archives, integrity
from crawler.archive.merging import marks, snapshots
from crawler.archive.store.connection import open_database

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from archives_made import Step
    from sqlite_utils import Database

    from crawler.archive.merging.snapshots import Span

EXAMPLES = settings(max_examples=examples(8), deadline=None)
CHAINS = st.lists(HISTORIES, min_size=1, max_size=3)
"""What an archive does between one snapshot and the next."""


def told_by(db: Database) -> dict[str, Any]:
    """Return everything that an archive says but its captures, which no snapshot has."""
    return {name: said for name, said in said(db).items() if name != "captures"}


@contextmanager
def chain(
    histories: Sequence[Sequence[Sequence[Step]]], before: Database | None = None
) -> Iterator[tuple[list[Database], list[Database]]]:
    """Yield an archive as it was each time that a snapshot was made of it, and the snapshots."""
    db, base, states, opened, deleted = before, None, [], [], set[int]()
    with TemporaryDirectory() as folder:
        for number, history in enumerate(histories):
            db = archive(1, _for_good(_after(history, 200 * (number + 1)), deleted), db)
            file = Path(folder) / f"{number}.db"
            snapshots.make(db, file, base, made.LATER)
            states.append(db)
            opened.append(open_database(file))
            base = marks.mark_of(db)
        try:
            yield states, opened
        finally:
            for each in opened:
                each.close()


def said(db: Database) -> dict[str, Any]:
    """Return everything that an archive says but for captures, which are in no snapshot."""
    everything = said_by(db)
    del everything["captures"]
    return everything


def _after(history: Sequence[Sequence[Step]], hour: float) -> list[list[Step]]:
    """Return the runs of a history, each after the one before, and the first after an hour."""
    return [
        [replace(step, hour=hour + 40 * number + step.hour) for step in run] for number, run in enumerate(history, 1)
    ]


def _for_good(history: Sequence[Sequence[Step]], deleted: set[int]) -> list[list[Step]]:
    """Return a history without posts that come back after they were deleted; `deleted` are those that have been.

    That the address of such a post's page is to be requested again is told by no run, and so in no snapshot.
    """
    left: list[list[Step]] = []
    for run in history:
        left.append([])
        for step in sorted(run, key=lambda each: each.hour):
            if step.what == "delete":
                deleted.add(step.post)
            if step.post not in deleted or step.what not in {"page", "share", "import"}:
                left[-1].append(step)
    return [run for run in left if run]


@given(CHAINS)
@EXAMPLES
def test_all_snapshots_one_after_the_other_are_the_archive(histories):
    with chain(histories) as (states, parts):
        target = merged(*parts)
        assert told_by(target) == told_by(merged(*states))
        assert marks.state_of(target, archives.own_id(states[-1])) == marks.digest(marks.mark_of(states[-1]))
        assert [snapshots.news(each, target).is_new for each in parts] == [False for _ in parts]


@given(CHAINS, HISTORIES, st.randoms(use_true_random=False))
@EXAMPLES
def test_snapshots_may_come_in_any_order_and_again_and_into_what_others_brought(histories, others, random):
    with chain(histories) as (states, parts):
        shuffled = [*parts, *parts]
        random.shuffle(shuffled)
        other = archive(2, others)
        assert told_by(merged(other, *shuffled)) == told_by(merged(*states, other))


@given(CHAINS, st.randoms(use_true_random=False))
@EXAMPLES
def test_what_a_gap_leaves_out_comes_with_the_archive_itself(histories, random):
    with chain(histories) as (states, parts):
        some = [each for each in parts if random.random() < 0.5]
        target = merged(*some)
        assert marks.state_of(target, archives.own_id(states[0])) == _reached(map(snapshots.span_of, some))
        for state in states:
            into(target, state)
        assert told_by(target) == told_by(merged(*states))


def _reached(spans: Iterable[Span]) -> str | None:
    """Return the state that snapshots lead to, each of which is of use only to whoever has the state it begins at."""
    state = None
    for base, brought in spans:
        if base is None or marks.digest(base) == state:
            state = marks.digest(brought)
    return state


@given(HISTORIES, CHAINS)
@EXAMPLES
def test_snapshots_of_an_archive_that_others_were_merged_into_bring_those_as_well(others, histories):
    before = into(archive(1, []), archive(2, others))
    with chain(histories, before) as (states, parts):
        assert told_by(merged(*parts)) == told_by(merged(*states))


@given(CHAINS)
@EXAMPLES
def test_a_snapshot_is_a_sound_archive(histories):
    with chain(histories) as (states, parts):
        for state, each in zip(states, parts, strict=True):
            assert archives.own_id(each) == archives.own_id(state)
            assert [*_findings(each)] in ([], [*_findings(state)])
        assert told_by(parts[0]) == told_by(states[0])


def _findings(db: Database) -> Iterator[str]:
    yield from integrity.damage(db)
    yield from integrity.losses(db)
    yield from integrity.staleness(db)


@given(HISTORIES, HISTORIES)
@EXAMPLES
def test_a_copy_that_goes_its_own_way_is_not_taken_for_the_archive(first, second):
    common = archive(1, _after(first, 0))
    other = archive(1, _after(second, 200), copy_of(common), second=7)
    with chain([second], common) as (states, parts):
        assert told_by(merged(other, *parts)) == told_by(merged(other, *states))
