"""Replacing files atomically: a draft is written next to the file, then renamed.

So readers never see half a file, even after a kill, and the old content stays until the new is complete. A draft is
locked by whoever writes it, so two programs that write the same file never share one. Not here: what is written.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a draft to be written in the block; if the block succeeds, the draft replaces the file at `path`.

    Otherwise the draft is deleted and the file stays as it was. Raises `OSError`, which always names a file.
    """
    try:
        with draft_of(path) as draft:
            yield draft
            draft.replace(path)
    except OSError as error:
        # For a full disk Python names no file, and for a failed rename first the draft, which means nothing to users.
        raise OSError(error.errno, error.strerror, error.filename2 or error.filename or str(path)) from error


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, outlast a power failure. Raises `OSError`."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def draft_of(path: Path) -> Iterator[Path]:
    """Yield an empty draft of the file at `path`; what is left of it when the block ends is deleted.

    Anything already at its path, such as a planted link or a leftover of a killed run, is deleted and never written
    to. If it cannot be deleted, or another program is writing it, the draft gets an unguessable name. Raises
    `OSError` if none can be created.
    """
    draft = path.with_name(f".{path.name}.tmp")
    try:
        made = _made_anew(draft)
    except (FileExistsError, PermissionError, BlockingIOError):
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
        made = _made(draft)
    try:
        yield draft
    finally:
        if _is_at(draft, made):  # once it is renamed, another program may have one of this name
            draft.unlink()
        os.close(made)


def _made_anew(draft: Path) -> int:
    """Make a draft in place of what an earlier program has left, and return it open and locked.

    Raises `BlockingIOError` if another program is writing it.
    """
    _take_away(draft)
    made = _made(draft)
    try:
        _lock(made, draft)
    except BlockingIOError:  # somebody was quicker, and took it for something left behind
        os.close(made)
        raise
    return made


def _take_away(draft: Path) -> None:
    try:
        left = os.open(draft, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return
    except OSError:  # a link, or what cannot be read: no program is at work on it
        draft.unlink(missing_ok=True)
        return
    try:
        _lock(left, draft)
        draft.unlink()
    finally:
        os.close(left)


def _made(draft: Path) -> int:
    """Make a file that is not there, with the mode that the umask leaves, and return it open."""
    return os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)


def _lock(file: int, draft: Path) -> None:
    """Lock an open file; raise `BlockingIOError` if another program has, or if it is no longer the one at `draft`."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:  # there are file systems without such locks, too
        raise BlockingIOError from error
    if not _is_at(draft, file):
        raise BlockingIOError


def _is_at(draft: Path, file: int) -> bool:
    try:
        return os.path.samestat(os.fstat(file), draft.lstat())
    except FileNotFoundError:
        return False
