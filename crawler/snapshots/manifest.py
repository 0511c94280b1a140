"""The manifest of a folder of snapshots, `manifest.json`: what is there, and how the archive is doing.

A collector gets it over the network, from a machine that may be broken or hostile. So nothing in it is believed:
`parse` holds every value to its type and bounds, and a manifest that passes names no file outside its folder and has
no text that could control a terminal. Not here: making snapshots (`crawler.snapshots.making`), and whether a file is
what its digest says.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict, cast

from crawler.archive.merging import marks
from crawler.drafts import replacing, sync
from crawler.errors import FinewsError
from crawler.snapshots import values
from crawler.snapshots.values import WrongValueError
from crawler.text.outside import one_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crawler.archive.ledger.runs import Report

NAME = "manifest.json"
FORMAT = 1
LARGEST = 4 * 1024 * 1024
"""The most bytes that a manifest may have."""

_MOST_SNAPSHOTS, _MOST_ALARMS = 10_000, 1_000


class Snapshot(TypedDict):
    """A snapshot: its file, that file's size and SHA-256, and what it brings.

    Whoever has the state `base` of the archive, or anybody if that is `None`, has the state `state` once it is
    merged. Both are digests, see `crawler.archive.merging.marks.digest`. `made_at` is in UTC.
    """

    file: str
    bytes: int
    sha256: str
    base: str | None
    state: str
    made_at: str


class Next(TypedDict):
    """What the next snapshot begins with: the number in its name, and the mark of the state it begins at.

    Files with numbers from `first` on are this folder's own.
    """

    first: int
    number: int
    mark: marks.Mark | None


class Manifest(TypedDict):
    """What a folder of snapshots says.

    `archive` is the UUID of the archive, `site` the site that was crawled last ("" if none was), `state` the digest
    of how far the snapshots go, those included that are no longer there. `run` is the report of the last run;
    `alarms` are sentences in English. `handed_over`: no run follows here, as the site moves elsewhere. `next` is for
    the folder's own node; a collector has no use for it.
    """

    format: int
    archive: str
    site: str
    state: str | None
    snapshots: list[Snapshot]
    run: Report | None
    alarms: list[str]
    handed_over: bool
    next: NotRequired[Next]


def read(folder: Path) -> Manifest | None:
    """Return the manifest of a folder; `None` if it has none. Raises `FinewsError` for one that is wrong."""
    file = folder / NAME
    try:
        with file.open("rb") as opened:
            written = opened.read(LARGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FinewsError(
            "{file} cannot be read: {reason}; see that it is a file of yours.", file=file, reason=error.strerror
        ) from error
    return parse(written, str(file))


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of a folder in place of the one before, so that it lasts. Raises `OSError`."""
    with replacing(folder / NAME) as draft:
        draft.write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        sync(draft)
    sync(folder)


def parse(written: bytes, name: str) -> Manifest:
    """Read a manifest; `name` is where it came from, for people.

    Keys that this version does not know are left out. Raises `FinewsError` if any other is missing or wrong.
    """
    try:
        return _manifest(_loaded(written))
    except (WrongValueError, RecursionError) as error:
        raise FinewsError(
            "{name} is not a manifest of snapshots that this version can use ({fault}): see what serves it, and which"
            " version made it.",
            name=one_line(name),
            fault=str(error),
        ) from error


def _loaded(written: bytes) -> Any:
    if len(written) > LARGEST:
        raise WrongValueError(f"it has more than {LARGEST} bytes")
    try:
        return json.loads(written.decode("utf-8"), parse_constant=_refused)
    except ValueError as error:
        raise WrongValueError("it is not JSON") from error


def _refused(constant: str) -> float:
    raise ValueError(constant)  # NaN and Infinity are not JSON


def _manifest(value: Any) -> Manifest:
    keys = values.mapping("it", value)
    if values.number("format", keys.get("format")) != FORMAT:
        raise WrongValueError(f"its format is {keys['format']}, not {FORMAT}")
    alarms = values.array("alarms", keys.get("alarms"), _MOST_ALARMS)
    manifest: Manifest = {
        "format": FORMAT,
        "archive": values.uuid("archive", keys.get("archive")),
        "site": values.site("site", keys.get("site")),
        "state": values.digest_or_none("state", keys.get("state")),
        "snapshots": _snapshots(keys.get("snapshots")),
        "run": None if keys.get("run") is None else _report(keys["run"]),
        "alarms": [values.sentence("an alarm", each) for each in alarms],
        "handed_over": values.flag("handed_over", keys.get("handed_over")),
    }
    if "next" in keys:
        manifest["next"] = _next(keys["next"], manifest["state"])
    return manifest


def _snapshots(value: Any) -> list[Snapshot]:
    snapshots = [_snapshot(each) for each in values.array("snapshots", value, _MOST_SNAPSHOTS)]
    if len({snapshot["file"] for snapshot in snapshots}) < len(snapshots):
        raise WrongValueError("two snapshots have one file")
    return snapshots


def _snapshot(value: Any) -> Snapshot:
    keys = values.mapping("a snapshot", value)
    return {
        "file": values.file("file", keys.get("file")),
        "bytes": values.number("bytes", keys.get("bytes")),
        "sha256": values.digest("sha256", keys.get("sha256")),
        "base": values.digest_or_none("base", keys.get("base")),
        "state": values.digest("state", keys.get("state")),
        "made_at": values.time("made_at", keys.get("made_at")),
    }


def _next(value: Any, state: str | None) -> Next:
    """Read what the next snapshot begins with; a mark that is not that of the state is none."""
    keys = values.mapping("next", value)
    mark = None if keys.get("mark") is None else values.mapping("mark", keys["mark"])
    is_of_state = mark is not None and marks.digest(mark) == state
    return {
        "first": values.number("first", keys.get("first")),
        "number": values.number("number", keys.get("number")),
        "mark": dict(mark) if mark is not None and is_of_state else None,
    }


def _report(value: Any) -> Report:
    """Read a run's report: each key as its type has it."""
    keys = values.mapping("run", value)
    report = {name: check(name, keys.get(name)) for name, check in _REPORT.items()}
    if keys.get("archive_id") is not None:  # the run was made by another archive
        report["archive_id"] = values.uuid("archive_id", keys["archive_id"])
        report["number"] = values.number("number", keys.get("number"))
    return cast("Report", report)


_REPORT: dict[str, Callable[[str, Any], Any]] = {
    "run": values.number,
    "site": values.site,
    "outcome": values.outcome,
    "started_at": values.time,
    "finished_at": values.time_or_none,
    "seconds": values.seconds,
    "requests": values.number,
    "not_modified": values.number,
    "retries": values.number,
    "bytes": values.number,
    "listings": values.number,
    "listings_failed": values.number,
    "pending": values.number,
    "scope": values.scope,
    "posts": values.posts,
    "reasons": values.counts,
    "listing_reasons": values.counts,
    "elsewhere": values.counts,
    "hosts": values.sentences,
}
