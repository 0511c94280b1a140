"""The folder of Markdown posts: each post's file as the archive has the post, and no other file of it.

An import writes files as a crawl does. What could not be written is kept by name, so that the run can say so and the
next one makes up for it. Not here: what a file looks like (`crawler.markdown.post_file`).
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from crawler.archive.ledger import unwritten
from crawler.archive.store import articles, versions
from crawler.markdown.post_file import is_of, render_post, write_if_changed
from crawler.recording.file_names import FileNames

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from sqlite_utils import Database


class MarkdownFolder:
    """A folder, for an archive open as `db`.

    `trouble` says why a file could not be written, if one could not. `unwritten` has the names of those that a run
    can make up for later, and why: what another site's post stands in the way of is none of them.
    """

    def __init__(self, db: Database, folder: Path) -> None:
        """Write into `folder`, which is there."""
        self.db, self.folder, self._names = db, folder, FileNames(db)
        self.trouble: str | None = None
        self.unwritten: dict[str, str] = {}

    def catch_up(self, site: str) -> None:
        """Write what the latest runs of `site` have left unwritten: cut off, or without room for it."""
        for article_id in unwritten.posts_without(self.db, site):
            self.write(article_id)

    def write(self, article_id: int) -> None:
        """Write the file of a post; drop those of its revisions that bore another date."""
        row = articles.get(self.db, article_id)
        with self._noting(row) as path:
            self._write(row, path)

    def restore(self, article_id: int) -> None:
        """Write the file of a post that has not changed, if the file is missing."""
        published_at, post_id = articles.naming(self.db, article_id)
        if not os.path.exists(self.folder / self._names.of(published_at, post_id)):  # noqa: PTH110  # raises nothing
            self.write(article_id)

    def write_new(self, row: Mapping[str, Any], text: str) -> None:
        """Write the file of a post that is new, whose `text` was rendered already."""
        with self._noting(row) as path:
            if self._is_free(path, row, row["published_at"]):
                write_if_changed(path, text)

    def files_of(self, article_id: int) -> list[Path]:
        """Return the files there may be of a post: one for each day that a version of it says it is of."""
        _, post_id = articles.naming(self.db, article_id)
        days = versions.publication_times(self.db, article_id)
        return [self.folder / self._names.of(day, post_id) for day in sorted(days)]

    def _write(self, row: Mapping[str, Any], path: Path) -> None:
        if not self._is_free(path, row, row["published_at"]):
            return
        write_if_changed(path, render_post(row))
        for day in versions.publication_times(self.db, row["id"]) if row["revision"] > 1 else ():
            outdated = self.folder / self._names.of(day, row["post_id"])
            if outdated != path and self._other_owner(outdated, row, day) is None:
                outdated.unlink(missing_ok=True)

    def _is_free(self, path: Path, row: Mapping[str, Any], published_at: str) -> bool:
        """Tell whether a file is not another site's post's; it would be that one's trouble too."""
        owner = self._other_owner(path, row, published_at)
        if owner is not None:
            self.trouble = (
                f"{path} is a post of the site {owner}: give {row['site']} a folder of its own with --posts"
            )
        return owner is None

    def _other_owner(self, path: Path, row: Mapping[str, Any], published_at: str) -> str | None:
        """Return the site whose post the file is, if that is another's."""
        other = articles.namesake(self.db, row, published_at)
        if other is None or not path.is_file():
            return None
        site, url = other
        return site if f"\nurl: {url or 'null'}\n" in path.read_text(encoding="utf-8", errors="replace") else None

    @contextmanager
    def _noting(self, row: Mapping[str, Any]) -> Iterator[Path]:
        """Give a post's file and note whether it is written; the archive has the post, so the run can go on."""
        path = self.folder / self._names.of(row["published_at"], row["post_id"])
        try:
            yield path
        except OSError as error:
            self.trouble = f"{error.filename or self.folder} cannot be written to ({error.strerror})"
            self.unwritten[path.name] = error.strerror or str(error)
        else:
            self.unwritten.pop(path.name, None)


def remove_files(files: Iterable[Path], post_id: str, url: str | None) -> tuple[list[Path], list[Path]]:
    """Remove those of `files` that were written for a post; return them, and the others that there are.

    Raises `OSError` if one cannot be removed.
    """
    there = [file for file in files if file.is_file()]
    own = [file for file in there if is_of(file.read_text(encoding="utf-8", errors="replace"), post_id, url)]
    for file in own:
        file.unlink(missing_ok=True)
    return own, [file for file in there if file not in own]
