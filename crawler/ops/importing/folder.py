"""Files and folders of Markdown become post files, one after the other, none of them trusted.

Folders are read in the order of names. Only plain files are opened: no device, no pipe, no link that leads out of the
folder it stands in, and never the archive that is imported to, whose locks would be gone when it is closed (see
`crawler.archive.store.connection`). Not here: what the files say, and former versions of them (`history`).
"""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crawler.errors import UsageError
from crawler.items import PostFile, UnreadFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path, PurePath

LARGEST = 512 * 1024
"""Bytes of a file that is read: posts have some ten thousand."""

TOO_LARGE = f"larger than {LARGEST // 1024} kB"
"""What is said of a larger one."""

_ENDINGS = (".md", ".markdown", ".mkd", ".mkdn", ".mdown", ".html", ".htm")
_NUMBER = re.compile(r"(\d+)")


def post_files(paths: Iterable[Path], archive: Path) -> Iterator[PostFile | UnreadFile]:
    """Yield the files `paths` and those in the folders among them, whatever can be wrong with one.

    A file that is named is read whatever its ending, but for those of `archive`. Raises `UsageError` when there is
    nothing at a path.
    """
    for path in paths:
        if is_folder(path):
            yield from _in_folder(path, path.resolve(), archive)
        elif os.path.lexists(path):
            yield _read(path, archive, named=True)
        else:
            raise UsageError(
                "{path} does not exist: give files, or folders such as a Jekyll site's _posts.", path=path
            )


def is_folder(path: Path) -> bool:
    """Tell whether a path leads to a folder; one that cannot be followed, as with too long a name, does not."""
    try:
        return path.is_dir()
    except OSError:
        return False


def is_post(name: str) -> bool:
    """Tell by its name whether a file in a folder may be a post."""
    return name.lower().endswith(_ENDINGS) and not name.startswith((".", "_", "#"))


def name_of(path: PurePath) -> str:
    """Return a file's name; of `my-post/index.md`, as Hugo has it, `my-post.md`, of `index.zh.md` `my-post.zh.md`."""
    stem, _, endings = path.name.partition(".")
    return f"{path.parent.name}.{endings}" if stem.lower() == "index" and path.parent.name else path.name


def _in_folder(folder: Path, root: Path, archive: Path) -> Iterator[PostFile | UnreadFile]:
    """Yield the posts in a folder and those below it, however deep."""
    waiting: list[tuple[Path, os.DirEntry[str] | None]] = [(folder, None)]  # the next one last
    while waiting:
        path, entry = waiting.pop()
        if entry is None or entry.is_dir(follow_symlinks=False):
            try:
                waiting += reversed(_entries(path))
            except OSError as error:
                yield UnreadFile(path=str(path), reason=_words(error))
        elif entry.is_symlink() and not _leads_inside(path, root):
            yield UnreadFile(path=str(path), reason="a symbolic link to a folder or out of this one")
        elif is_post(entry.name):
            yield _read(path, archive)


def _entries(folder: Path) -> list[tuple[Path, os.DirEntry[str]]]:
    """Return what stands in a folder in the order of names; what begins with a dot is programs' own."""
    with os.scandir(folder) as opened:
        entries = [entry for entry in opened if not entry.name.startswith(".")]
    entries.sort(key=lambda entry: (_by_number(entry.name), entry.name))
    return [(folder / entry.name, entry) for entry in entries]


def _leads_inside(link: Path, root: Path) -> bool:
    """Tell whether a link leads to a file below `root`; one that leads nowhere is left to reading, which says so."""
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):  # RuntimeError: a loop, before Python 3.13
        return True
    return target.is_relative_to(root) and not target.is_dir()


def _read(path: Path, archive: Path, *, named: bool = False) -> PostFile | UnreadFile:
    try:
        reason = _why_not(path.stat(), archive)  # opening a device can be felt
        if reason is not None:
            return UnreadFile(path=str(path), reason=reason)
        # Without O_NONBLOCK, a pipe would be waited at until somebody writes.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return UnreadFile(path=str(path), reason=_words(error))
    with open(descriptor, "rb") as file:  # noqa: PTH123  # opened already
        found = os.fstat(descriptor)
        reason = _why_not(found, archive)
        if reason is not None:
            return UnreadFile(path=str(path), reason=reason)
        try:
            content = file.read(LARGEST + 1)
        except OSError as error:
            return UnreadFile(path=str(path), reason=_words(error))
    if len(content) > LARGEST:
        return UnreadFile(path=str(path), reason=TOO_LARGE)
    return PostFile(
        path=str(path), name=name_of(path), content=content, named=named, modified_at=_time(found.st_mtime)
    )


def _time(seconds: float) -> datetime | None:
    """Return a time of the file system, which may be one that no calendar has."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _why_not(found: os.stat_result, archive: Path) -> str | None:
    """Return why a file is not to be read, `None` if it is."""
    if not stat.S_ISREG(found.st_mode):
        return "not a plain file"
    return "the archive itself" if _is_of(archive, found) else None


def _is_of(archive: Path, found: os.stat_result) -> bool:
    """Tell whether a file is the archive's, by whichever name it was found."""
    for ending in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            if os.path.samestat(found, archive.with_name(archive.name + ending).stat()):
                return True
    return False


def _by_number(name: str) -> list[tuple[int, str]]:
    """Sort by numbers where there are any: a tenth version comes after a second."""
    return [(int(part), "") if odd % 2 else (0, part) for odd, part in enumerate(_NUMBER.split(name))]


def _words(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
