"""The manifest of a folder of snapshots: what is written is read again; a hostile one is refused in a sentence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.archive.merging import marks
from crawler.errors import FinewsError
from crawler.snapshots import manifest
from crawler.snapshots.manifest import NAME, Manifest, parse, read, write

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.archive.ledger.runs import Report

A, B, C = "a" * 64, "b" * 64, "c" * 64
AT = made.SEEN.isoformat()
MARK = {"last": [1, "2022-04-20T08:00:00+00:00"], "runs": [1, 1, None]}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def report(folder: Path) -> Report:
    with made.Run(folder / "a.db") as run:
        return run.end()


def whole(run: Report | None) -> Manifest:
    return {
        "format": 1,
        "archive": "01234567-89ab-cdef-0123-456789abcdef",
        "site": "finews",
        "state": marks.digest(MARK),
        "snapshots": [
            {"file": "000007.db", "bytes": 5, "sha256": C, "base": None, "state": A, "made_at": AT},
            {"file": "000008.db", "bytes": 6, "sha256": B, "base": A, "state": B, "made_at": AT},
        ],
        "run": run,
        "alarms": ["finews has been silent for 3 days."],
        "handed_over": False,
        "next": {"first": 1, "number": 9, "mark": MARK},
    }


def test_what_is_written_is_read_again(tmp_path: Path):
    written = whole(report(tmp_path))
    write(tmp_path, written)
    assert read(tmp_path) == written


def test_a_folder_without_a_manifest_has_none(tmp_path: Path):
    assert read(tmp_path) is None
    assert read(tmp_path / "none") is None


def test_a_mark_that_is_not_that_of_the_state_is_none():
    written = {**whole(None), "state": A}
    assert parse(json.dumps(written).encode(), NAME) == {**written, "next": {"first": 1, "number": 9, "mark": None}}


def test_keys_of_a_later_version_are_left_out():
    written = whole(None)
    del written["next"]
    assert parse(json.dumps({**written, "later": [1]}).encode(), NAME) == written


def test_what_would_control_a_terminal_is_left_out():
    written = {**whole(None), "alarms": ["red\x1b[31m\nalert\u202e"]}
    assert parse(json.dumps(written).encode(), NAME)["alarms"] == ["red[31m alert"]


def wrong(**values: Any) -> bytes:
    return json.dumps({**whole(None), **values}).encode()


def wrong_snapshot(**values: Any) -> bytes:
    return wrong(snapshots=[{**whole(None)["snapshots"][0], **values}])


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        (b"", "it is not JSON"),
        (b"\xff", "it is not JSON"),
        (b'{"format": NaN}', "it is not JSON"),
        (b'{"format": 1' + b"0" * 5000 + b"}", "it is not JSON"),
        (b" " * (manifest.LARGEST + 1), f"it has more than {manifest.LARGEST} bytes"),
        (b"[]", "it is list"),
        (b"{}", "format is None"),
        (wrong(format=2), "its format is 2, not 1"),
        (wrong(format=True), "format is True"),
        (wrong(archive="../x"), "archive is '../x'"),
        (wrong(site="../../etc"), "site is '../../etc'"),
        (wrong(state="A" * 64), f"state is '{'A' * 38}…"),
        (wrong(snapshots={}), "snapshots is dict"),
        (wrong(snapshots=[None] * 10_001), "snapshots has more than 10000 entries"),
        (wrong(snapshots=[whole(None)["snapshots"][0]] * 2), "two snapshots have one file"),
        (wrong_snapshot(file="../000001.db"), "file is '../000001.db'"),
        (wrong_snapshot(file="000001.db\n"), r"file is '000001.db\n'"),
        (wrong_snapshot(file="1.db"), "file is '1.db'"),
        (wrong_snapshot(file="٠٠٠٠٠١.db"), "file is '٠٠٠٠٠١.db'"),
        (wrong_snapshot(bytes=-1), "bytes is -1"),
        (wrong_snapshot(bytes=2**60), f"bytes is {2**60}"),
        (wrong_snapshot(bytes=1.5), "bytes is 1.5"),
        (wrong_snapshot(sha256=None), "sha256 is None"),
        (wrong_snapshot(base=5), "base is 5"),
        (wrong_snapshot(made_at="yesterday"), "made_at is 'yesterday'"),
        (wrong(run=[]), "run is list"),
        (wrong(run={}), "run is None"),
        (wrong(alarms=[5]), "an alarm is 5"),
        (wrong(handed_over="no"), "handed_over is 'no'"),
        (wrong(next={"first": 1, "number": 1, "mark": []}), "mark is list"),
        (wrong(next={"first": 1, "number": -1}), "number is -1"),
        (wrong(next={"number": 1}), "first is None"),
    ],
)
def test_a_manifest_that_no_node_writes_is_refused_in_a_sentence(written: bytes, fault: str):
    with pytest.raises(FinewsError) as error:
        parse(written, "http://node/manifest.json")
    assert str(error.value) == (
        f"http://node/manifest.json is not a manifest of snapshots that this version can use ({fault}): see what"
        " serves it, and which version made it."
    )


@pytest.mark.parametrize("written", [b"[" * 100_000, b'{"format": 1, "next": ' + b'{"mark":' * 100_000])
def test_a_manifest_that_nests_without_end_is_refused(written: bytes):
    with pytest.raises(FinewsError, match="is not a manifest of snapshots"):
        parse(written, NAME)


@given(st.sampled_from(sorted(whole(None))), JSON)
@settings(max_examples=examples(100), deadline=None)
def test_a_manifest_with_any_other_value_is_read_or_refused(key: str, value: Any):
    written = json.dumps({**whole(None), key: value})
    try:
        known = parse(written.encode(), NAME)
    except FinewsError:
        return
    assert parse(json.dumps(known).encode(), NAME) == known
