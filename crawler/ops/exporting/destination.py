"""The folder that an export writes into. Not here: what is written."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from crawler.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def destination(directory: Path) -> Iterator[None]:
    """Make a folder, if need be, for the block to write into. Raises `UsageError` where that cannot be done."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise UsageError(
            "{filename} cannot be written: {reason}; name another folder.",
            filename=error.filename or directory,
            reason=error.strerror,
        ) from error
