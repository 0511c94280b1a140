"""The folder of Markdown posts: each post's file as the archive has the post, and no other file of it.

An import writes files as a crawl does. Not here: what a file looks like
(`crawler.markdown.post_file`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crawler.archive.store import articles, versions
from crawler.markdown.post_file import file_name, render_post, write_if_changed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sqlite_utils import Database


class MarkdownFolder:
    """A folder, for an archive open as `db`; `trouble` says why a file could not be written, if one could not."""

    def __init__(self, db: Database, folder: Path) -> None:
        """Write into `folder`, which is there."""
        self.db, self.folder = db, folder
        self.trouble: str | None = None

    def catch_up(self) -> None:
        """Write what a run that was cut off between the archive and the file has left unwritten."""
        for article_id in versions.of_cut_runs(self.db):
            self.write(article_id)

    def write(self, article_id: int) -> None:
        """Write the file of a post; drop those of its revisions that bore another date."""
        try:
            self._write(articles.get(self.db, article_id))
        except OSError as error:  # the archive has the post: the rest of the run is worth going on with
            self._note(error)

    def write_new(self, row: Mapping[str, Any], text: str) -> None:
        """Write the file of a post that is new, whose `text` was rendered already."""
        try:
            if self._is_free(self._path(row), row, row["published_at"]):
                write_if_changed(self._path(row), text)
        except OSError as error:
            self._note(error)

    def _write(self, row: Mapping[str, Any]) -> None:
        path = self._path(row)
        if not self._is_free(path, row, row["published_at"]):
            return
        write_if_changed(path, render_post(row))
        for day in versions.publication_times(self.db, row["id"]) if row["revision"] > 1 else ():
            outdated = self.folder / file_name(day, row["post_id"])
            if outdated != path and self._other_owner(outdated, row, day) is None:
                outdated.unlink(missing_ok=True)

    def _path(self, row: Mapping[str, Any]) -> Path:
        return self.folder / file_name(row["published_at"], row["post_id"])

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
        return site if f"\nurl: {url}\n" in path.read_text(encoding="utf-8", errors="replace") else None

    def _note(self, error: OSError) -> None:
        self.trouble = f"{error.filename or self.folder} cannot be written to ({error.strerror})"
