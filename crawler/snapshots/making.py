"""Making the next snapshot of an archive in a folder, whose manifest then says what is there.

A snapshot is written as a draft, flushed to the disk and renamed; then the manifest is replaced as a whole. If it is
cut off anywhere, the next one begins where this one did, and takes its file's name. Nothing is deleted but snapshots
that were made here. Not here: what is in a snapshot (`crawler.archive.merging.snapshots`), and when one is made.
"""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from hashlib import file_digest
from typing import TYPE_CHECKING, TypedDict

from crawler import dates
from crawler.archive import Archive
from crawler.archive.care import archives
from crawler.archive.ledger import runs
from crawler.archive.merging import marks, snapshots
from crawler.archive.store.connection import holds_archive
from crawler.archive.store.lock import run_lock
from crawler.drafts import draft_of, sync
from crawler.errors import NoArchive, SnapshotNotMade, UsageError
from crawler.snapshots import manifest
from crawler.snapshots.chain import NOTHING, Chain, chain_of, is_too_long, unacknowledged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path

    from crawler.archive.merging.marks import Mark
    from crawler.archive.merging.snapshots import Made
    from crawler.snapshots.manifest import Manifest, Next, Snapshot

_FILE = re.compile(r"[0-9]{6,18}\.db")
_STATE = re.compile(rf"[0-9a-f]{{64}}|{NOTHING}|")
_MOST_ALARMS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """What is wanted: the next snapshot in `folder`.

    `collected` says which state the collector has, see `crawler.snapshots.chain`. `full`: it is to have everything.
    `handed_over`: no run follows it, as its site moves elsewhere. `reached` is told each step as it is done.
    """

    folder: Path
    collected: str = ""
    full: bool = False
    handed_over: bool = False
    reached: Callable[[str], None] = lambda _step: None

    def check(self) -> None:
        """Raise `UsageError` for a state that is none."""
        if not _STATE.fullmatch(self.collected):
            raise UsageError(
                "{collected!r} is not a state of an archive: give its digest, 64 hexadecimal digits, or {nothing}.",
                collected=self.collected,
                nothing=NOTHING,
            )


class SnapshotResult(TypedDict):
    """A snapshot as it was made; `file` is `None` if the archive has nothing new.

    `base` and `state` are the digests of the states between which it lies, see `crawler.snapshots.manifest`.
    """

    archive: str
    folder: str
    file: str | None
    bytes: int
    sha256: str | None
    base: str | None
    state: str
    posts: int


class _ChainNow(TypedDict):
    """What a manifest says of the chain."""

    state: str | None
    snapshots: list[Snapshot]
    next: Next


def make(path: Path, making: Making) -> SnapshotResult:
    """Make the next snapshot of the archive at `path`.

    Raises `ArchiveLocked` during a run, `ArchiveError` for an archive that cannot be used, `UsageError` for a state
    that is none, and `SnapshotNotMade`; in any case the snapshots before stay.
    """
    making.check()
    if not holds_archive(path):
        raise NoArchive(path)
    with run_lock(path) as lock, Archive(path, lock=lock) as archive:
        try:
            making.folder.mkdir(parents=True, exist_ok=True)
            return _make(archive, making, dates.now())
        except OSError as error:
            raise SnapshotNotMade(making.folder, error.strerror or str(error)) from error
        except sqlite3.DatabaseError as error:
            raise SnapshotNotMade(making.folder, str(error)) from error


def begin(archive: Archive, folder: Path) -> None:
    """Have the manifest of a folder say that there is something of the archive, which is not handed over.

    So whoever collects looks for what a run brings even if it is killed before its snapshot. Raises as `make` does.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        before = manifest.read(folder) or _begun(archive, folder)
        if before["handed_over"]:
            manifest.write(folder, {**before, "handed_over": False})
    except OSError as error:
        raise SnapshotNotMade(folder, error.strerror or str(error)) from error


def _make(archive: Archive, making: Making, now: datetime) -> SnapshotResult:
    before = manifest.read(making.folder) or _begun(archive, making.folder)
    chain, begin = _chain(archive, before, making), before.get("next") or _first(making.folder)
    _tidy(making.folder, begin, chain.kept)
    making.reached("tidied")
    if marks.mark_of(archive.db) == chain.mark:
        _tell(archive, making, now, {"state": before["state"], "snapshots": chain.kept, "next": begin})
        return _result(archive, making, None, 0)
    made, snapshot = _write(archive, making, f"{begin['number']:06}.db", chain.mark, now)
    kept = [snapshot] if made.span.base is None else [*chain.kept, snapshot]
    following: Next = {**begin, "number": begin["number"] + 1, "mark": made.span.state}
    _tell(archive, making, now, {"state": snapshot["state"], "snapshots": kept, "next": following})
    _tidy(making.folder, following, kept)
    return _result(archive, making, snapshot, made.posts)


def _begun(archive: Archive, folder: Path) -> Manifest:
    """Begin a folder: from now on, a file that a cut-off making has left is told from somebody's own."""
    begun: Manifest = {
        "format": manifest.FORMAT,
        "archive": archives.own_id(archive.db),
        "site": "",
        "state": None,
        "snapshots": [],
        "run": None,
        "alarms": [],
        "handed_over": False,
        "next": _first(folder),
    }
    manifest.write(folder, begun)
    return begun


def _first(folder: Path) -> Next:
    """Return the beginning of a new chain; its files have other names than those that are there."""
    number = max(map(_number, _there(folder)), default=0) + 1
    return {"first": number, "number": number, "mark": None}


def _there(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir() if _FILE.fullmatch(file.name)]


def _number(name: str) -> int:
    return int(name.removesuffix(".db"))


def _chain(archive: Archive, before: Manifest, making: Making) -> Chain:
    """Return what the folder's chain is to the collector and to this archive."""
    there = _there(making.folder)
    if before["archive"] != archives.own_id(archive.db):
        if unacknowledged(before, there, making.collected):
            raise UsageError(
                "{folder} has snapshots of another archive, which nobody has said to have: merge and remove them, or"
                " name another folder.",
                folder=making.folder,
            )
        return Chain([], None)
    chain = chain_of(before, there, making.collected)
    begins_anew = making.full or is_too_long(chain.kept, archive.path.stat().st_size)
    return chain._replace(mark=None) if begins_anew else chain


def _write(archive: Archive, making: Making, name: str, base: Mark | None, now: datetime) -> tuple[Made, Snapshot]:
    file = making.folder / name
    with draft_of(file) as draft:
        for end in ("-wal", "-shm", "-journal"):  # what a killed making has left must not be taken for a part of it
            draft.with_name(f"{draft.name}{end}").unlink(missing_ok=True)
        made = snapshots.make(archive.db, draft, base, now)
        making.reached("made")
        with draft.open("rb") as opened:
            digest = file_digest(opened, "sha256").hexdigest()
        sync(draft)
        draft.replace(file)
    sync(making.folder)
    making.reached("renamed")
    base_mark, state = made.span
    snapshot: Snapshot = {
        "file": name,
        "bytes": file.stat().st_size,
        "sha256": digest,
        "base": None if base_mark is None else marks.digest(base_mark),
        "state": marks.digest(state),
        "made_at": dates.iso(now),
    }
    return made, snapshot


def _tell(archive: Archive, making: Making, now: datetime, chain: _ChainNow) -> None:
    """Write the manifest, with how the archive is doing."""
    own = (report for report in runs.reports(archive.db) if "archive_id" not in report)
    run = next(own, None)
    alarms = [] if run is None else archive.alarms(now, site=run["site"])
    told: Manifest = {
        "format": manifest.FORMAT,
        "archive": archives.own_id(archive.db),
        "site": "" if run is None else run["site"],
        "run": run,
        "alarms": [alarm["sentence"] for alarm in alarms[:_MOST_ALARMS]],
        "handed_over": making.handed_over,
        **chain,
    }
    manifest.write(making.folder, told)
    making.reached("told")


def _tidy(folder: Path, begin: Next, kept: Iterable[Snapshot]) -> None:
    """Delete the snapshots that are no longer kept."""
    names = {each["file"] for each in kept}
    for name in _there(folder):
        if begin["first"] <= _number(name) < begin["number"] and name not in names:
            (folder / name).unlink(missing_ok=True)


def _result(archive: Archive, making: Making, snapshot: Snapshot | None, posts: int) -> SnapshotResult:
    return {
        "archive": str(archive.path),
        "folder": str(making.folder),
        "file": None if snapshot is None else str(making.folder / snapshot["file"]),
        "bytes": 0 if snapshot is None else snapshot["bytes"],
        "sha256": None if snapshot is None else snapshot["sha256"],
        "base": None if snapshot is None else snapshot["base"],
        "state": marks.digest(marks.mark_of(archive.db)),
        "posts": posts,
    }
