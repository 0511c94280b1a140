"""The folder of a published site: writes what has changed, and takes away what is gone.

A file in it, `.finews-site`, lists every file that is the site's own. Nothing else is ever replaced or removed, and a
folder with files but without that list is refused. Not here: what is published.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.drafts import replacing
from crawler.errors import UsageError
from crawler.ops.exporting.drafts import clear_up, write_if_changed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LIST = ".finews-site"


class Folder:
    """A folder that a site is published to. Raises `UsageError` for one with files that are not a site's own."""

    def __init__(self, directory: Path) -> None:
        """Open a folder, made if need be, and read what the last publication wrote there."""
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._list = directory / _LIST
        if not self._list.exists() and any(directory.iterdir()):
            raise UsageError(
                "{directory} holds files that are not of a published site; name a new folder, or an empty one.",
                directory=directory,
            )
        self._old = _read_list(self._list)
        self._new: set[str] = set()
        self._folders: set[Path] = set()
        self.written = self.removed = 0

    def write(self, path: str, content: bytes) -> None:
        """Write a file, given by its path in the folder, unless it is as it should be.

        Raises `UsageError` if somebody else has put another file there, and `OSError`.
        """
        file = self._directory / path
        self._prepare(file.parent)
        if path not in self._old and path not in self._new:
            self._claim(path, file, content)
        self.written += write_if_changed(file, content)
        self._new.add(path)

    def keep(self, path: str) -> None:
        """Leave a file as the last publication wrote it; of a path that ends in a slash, every file below."""
        if path.endswith("/"):
            self._new |= {each for each in self._old if each.startswith(path)}
        else:
            self._new.add(path)

    def read(self, path: str) -> bytes:
        """Return what a file of the last publication holds; nothing if there is none."""
        file = self._directory / path
        return file.read_bytes() if path in self._old and file.is_file() else b""

    def paths(self) -> list[str]:
        """Return the paths of this publication's files so far, in order."""
        return sorted(self._new)

    def finish(self) -> None:
        """Remove the files of the last publication that are not of this one, and write the list of those that are."""
        for path in sorted(self._old - self._new):
            self.removed += self._remove(path)
        with replacing(self._list) as draft, draft.open("w", encoding="utf-8", newline="\n") as lines:
            lines.writelines(f"{path}\n" for path in sorted(self._new))

    def _prepare(self, folder: Path) -> None:
        if folder not in self._folders:
            folder.mkdir(parents=True, exist_ok=True)
            clear_up(folder)
            self._folders.add(folder)

    def _claim(self, path: str, file: Path, content: bytes) -> None:
        """Enter a new file in the list before it is written, so that it is known for the site's even after a kill."""
        if file.exists() and file.read_bytes() != content:
            raise UsageError(
                "{file} is not of the published site and would be replaced; move it away and try again.", file=file
            )
        with self._list.open("a", encoding="utf-8", newline="\n") as lines:
            lines.write(f"{path}\n")

    def _remove(self, path: str) -> int:
        """Remove a file, and the folders that are empty then; return how many files were removed."""
        file = self._directory / path
        root = self._directory.resolve()
        if not file.is_file() or not file.parent.resolve().is_relative_to(root):
            return 0
        file.unlink()
        for folder in _upwards(file.parent, self._directory):
            if any(folder.iterdir()):
                break
            folder.rmdir()
        return 1


def _upwards(folder: Path, top: Path) -> Iterator[Path]:
    """Yield a folder and those above it, below `top`."""
    while folder != top:
        yield folder
        folder = folder.parent


def _read_list(file: Path) -> set[str]:
    """Return the paths of a list; none if there is no list."""
    return set(file.read_text(encoding="utf-8").split("\n")) - {""} if file.exists() else set()
