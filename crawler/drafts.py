"""Replacing files atomically: a draft is written next to the file, then renamed.

So readers never see half a file, even after a kill, and the old content stays until the new is complete. Not here:
what is written; and the archive, which SQLite protects, and backups, which are renamed under a lock.
"""

from __future__ import annotations

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
    draft = path.with_name(f".{path.name}.tmp")
    try:
        draft = new_draft(path)
        yield draft
        draft.replace(path)
    except OSError as error:
        # For a full disk Python names no file, and for a failed rename first the draft, which means nothing to users.
        raise OSError(error.errno, error.strerror, error.filename2 or error.filename or str(path)) from error
    finally:
        draft.unlink(missing_ok=True)


def new_draft(path: Path) -> Path:
    """Create an empty draft of the file at `path` and return its path. Raises `OSError` if that is impossible.

    Anything already at its path, such as a planted link or a leftover of a killed run, is deleted and never written
    to; if it cannot be deleted, the draft gets an unguessable name.
    """
    draft = path.with_name(f".{path.name}.tmp")
    try:
        draft.unlink(missing_ok=True)
        _make(draft)
    except (FileExistsError, PermissionError):  # another user's file, in a folder where only owners may delete
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
        _make(draft)
    return draft


def _make(file: Path) -> None:
    """Create a file that does not exist yet, with the mode that the umask allows."""
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666))
