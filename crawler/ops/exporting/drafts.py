"""Drafts of exported files: each export has its own, so that two at once into one folder do not write to the same.

A draft is locked as long as somebody writes to it. So the next export can tell what a killed one has left from what
another is at work on. Not here: the drafts of everything else (`crawler.drafts`).
"""

from __future__ import annotations

import fcntl
import os
import secrets
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NAME = ".export-{}.tmp"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield the draft of the file at `path`, to be written; it takes the file's place once the block has ended well.

    Otherwise it is dropped, and the file is as it was. Raises `OSError`, which names the file.
    """
    draft, descriptor = _new_draft(path.parent)
    try:
        yield draft
        draft.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        draft.unlink(missing_ok=True)
        os.close(descriptor)


def write_if_changed(path: Path, content: bytes) -> bool:
    """Write `content` to `path` unless it stands there already; tell whether it was written. Raises `OSError`."""
    if path.is_file() and path.read_bytes() == content:
        return False
    with replacing(path) as draft:
        draft.write_bytes(content)
    return True


def clear_up(folder: Path) -> None:
    """Remove the drafts in `folder` that nobody writes to any more."""
    for draft in folder.glob(_NAME.format("*")):
        # Another export may remove it at the same time; and what is not a file of ours is left alone.
        with suppress(OSError):
            descriptor = os.open(draft, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                draft.unlink()
            finally:
                os.close(descriptor)


def _new_draft(folder: Path) -> tuple[Path, int]:
    """Make an empty draft that is locked, and return it with its descriptor; closing that ends the lock."""
    while True:
        draft = folder / _NAME.format(secrets.token_hex(8))
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if draft.exists():  # nobody has cleared it up before it was locked
            return draft, descriptor
        os.close(descriptor)
