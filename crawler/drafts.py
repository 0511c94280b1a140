"""Files that are replaced as a whole: written beside where they belong, then renamed.

So neither a reader nor a kill ever sees half of one, and what stood there before stays until the new one is complete.
Not here: what is written. Nor an archive, which SQLite guards, and a backup, which takes a lock as it is renamed.
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
    """Yield the draft of the file at `path`, to be written; it takes the file's place once the block has ended well.

    Otherwise it is dropped, and the file is as it was. Raises `OSError`, which names a file in any case.
    """
    draft = path.with_name(f".{path.name}.tmp")
    try:
        draft = new_draft(path)
        yield draft
        draft.replace(path)
    except OSError as error:
        # Of a full disk Python names no file, and of what cannot be renamed first the draft, which nobody knows.
        raise OSError(error.errno, error.strerror, error.filename2 or error.filename or str(path)) from error
    finally:
        draft.unlink(missing_ok=True)


def new_draft(path: Path) -> Path:
    """Make an empty draft of the file at `path`, and return it. Raises `OSError` where none can be made.

    What lies there, a link that somebody planted or what a kill has left, is taken away and never written through;
    where it cannot be taken away the draft gets a name that nobody guesses.
    """
    draft = path.with_name(f".{path.name}.tmp")
    try:
        draft.unlink(missing_ok=True)
        _make(draft)
    except (FileExistsError, PermissionError):  # somebody's, in a folder where only owners take things away
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
        _make(draft)
    return draft


def _make(file: Path) -> None:
    """Make a file that is not there, with the mode that the umask leaves."""
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666))
