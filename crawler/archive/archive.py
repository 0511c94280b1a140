"""The archive as its readers see it: open it, ask it, close it.

For Python programs; the command line asks through it too. Not here: writing, which a run does through
`crawler.archive.posts`, `ledger` and `runs`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.archive import posts, runs, search, summary
from crawler.archive.connection import open_database
from crawler.errors import NoSuchPost

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike
    from types import TracebackType
    from typing import Self


class Archive:
    """An open archive. `db` is the `sqlite_utils.Database` behind it, for SQL of one's own."""

    def __init__(self, path: str | PathLike[str], *, create: bool = False) -> None:
        """Open the archive at `path`; with `create`, make one if there is none.

        Raises `NoArchive`, `NotAnArchive`, `NewerArchive` or `ArchiveError`, see `crawler.errors`.
        """
        self.path = Path(path)
        self.db = open_database(self.path, create=create)

    def __enter__(self) -> Self:
        """Return the archive itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the archive."""
        self.close()

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    def post(self, name: str) -> dict[str, Any]:
        """Return the post whose id or address `name` is: the columns of `articles`, `tags` and `mentions`.

        Raises `NoSuchPost`.
        """
        article_id = posts.find(self.db, name)
        if article_id is None:
            raise NoSuchPost(name, self.path)
        return posts.get(self.db, article_id)

    def posts(self) -> Iterator[dict[str, Any]]:
        """Yield every post, oldest first, as `post` returns it."""
        return posts.every(self.db)

    def search(self, query: str, *, limit: int = 20, offset: int = 0) -> dict[str, Any]:
        """Return `{"query", "total", "results"}` for a full-text query, newest first; any string is a query."""
        return search.search(self.db, query, limit=limit, offset=offset)

    def runs(self) -> Iterator[dict[str, Any]]:
        """Yield the report of every run, the latest first."""
        return runs.reports(self.db)

    def stats(self) -> dict[str, Any]:
        """Return what the archive holds, in numbers."""
        return summary.summary(self.db, self.path)
