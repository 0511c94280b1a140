"""A file of captures that this process appends to. Not here: what a record is (`crawler.captures.records`)."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class OpenFile:
    """A file that is written to, locked for this process."""

    def __init__(self, path: Path, info_id: str, *, new: bool) -> None:
        """Open the file, which must not exist if it is `new`. Raises `OSError`."""
        self.path, self.info_id = path, info_id
        flags = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | (os.O_CREAT | os.O_EXCL if new else 0)
        self._descriptor = os.open(path, flags, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.size = os.fstat(self._descriptor).st_size
        except OSError:
            os.close(self._descriptor)
            raise

    def append(self, data: bytes) -> int:
        """Append `data`, all or none of it, and return where it begins. Raises `OSError`."""
        begin, left = self.size, memoryview(data)
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._descriptor, begin)
            raise
        self.size += len(data)
        return begin

    def sync(self) -> None:
        """Have all of it on the disk, so that a power failure takes nothing away. Raises `OSError`."""
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Close the file, which unlocks it."""
        os.close(self._descriptor)
