"""Export: render what the archive holds of a post as a Markdown file, when the file is not that already.

Nothing flows back: the file is made from the archive's row. Not here: what a file looks like
(`crawler.markdown.post_file`), other formats (`crawler.ops.export`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import NotConfigured

from crawler.archive import Archive, posts
from crawler.errors import UsageError
from crawler.items import Archived
from crawler.markdown.post_file import file_name, render_post, write_if_changed

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler


class ExportMarkdown:
    """The step, for one archive and one folder; `trouble` says why a file could not be written, if one could not."""

    def __init__(self, archive: str, folder: str) -> None:
        """Read from `archive` and write into `folder`, which is made if need be."""
        self.archive = Archive(archive, create=True)
        self.folder = Path(folder)
        self.trouble: str | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Read paths from the settings; without a folder the step is off."""
        folder = crawler.settings["FINEWS_POSTS"]
        if not folder:
            raise NotConfigured
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{folder} cannot be made: {error.strerror}; name another with --posts.") from error
        return cls(crawler.settings["FINEWS_ARCHIVE"], folder)

    def open_spider(self) -> None:
        """Write what a run that was killed between the archive and the file has left unwritten."""
        for article_id in posts.of_cut_runs(self.archive.db):
            self._export(article_id)

    def process_item(self, item: Any) -> Any:
        """Write the file of a post that is stored; drop those of its revisions that bore another date."""
        if isinstance(item, Archived) and item.article_id is not None and item.outcome is not None:
            self._export(item.article_id)
        return item

    def close_spider(self) -> None:
        """Close the archive."""
        self.archive.close()

    def _export(self, article_id: int) -> None:
        try:
            self._write(posts.get(self.archive.db, article_id))
        except OSError as error:  # the archive has the post: the rest of the run is worth going on with
            self.trouble = f"{error.filename or self.folder} cannot be written to ({error.strerror})"

    def _write(self, row: dict[str, Any]) -> None:
        path = self.folder / file_name(row["published_at"], row["post_id"])
        owner = self._other_owner(path, row, row["published_at"])
        if owner is not None:
            self.trouble = (
                f"{path} is a post of the site {owner}: give {row['site']} a folder of its own with --posts"
            )
            return
        write_if_changed(path, render_post(row))
        for day in posts.days(self.archive.db, row["id"]) if row["revision"] > 1 else ():
            outdated = self.folder / file_name(day, row["post_id"])
            if outdated != path and self._other_owner(outdated, row, day) is None:
                outdated.unlink(missing_ok=True)

    def _other_owner(self, path: Path, row: dict[str, Any], published_at: str) -> str | None:
        """Return the site whose post the file is, if that is another's."""
        other = posts.namesake(self.archive.db, row, published_at)
        if other is None or not path.is_file():
            return None
        site, url = other
        return site if f"\nurl: {url}\n" in path.read_text(encoding="utf-8") else None
