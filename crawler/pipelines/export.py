"""Export: render what the archive holds of a post as a Markdown file, when the file is not that already.

Nothing flows back: the file is made from the archive's row. Not here: what a file looks like
(`crawler.markdown.post_file`), other formats (`crawler.ops.export`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import NotConfigured

from crawler.archive import Archive
from crawler.errors import UsageError
from crawler.items import Archived
from crawler.pipelines.markdown_folder import MarkdownFolder

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler


class ExportMarkdown:
    """The step, for one archive and one folder."""

    def __init__(self, archive: str, folder: str) -> None:
        """Read from `archive` and write into `folder`, which is made if need be."""
        self.archive = Archive(archive, create=True)
        self.folder = MarkdownFolder(self.archive.db, Path(folder))

    @property
    def trouble(self) -> str | None:
        """Why a file could not be written, if one could not."""
        return self.folder.trouble

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
        """Write what a run that was killed has left unwritten."""
        self.folder.catch_up()

    def process_item(self, item: Any) -> Any:
        """Write the file of a post that is stored; drop those of its revisions that bore another date."""
        if isinstance(item, Archived) and item.article_id is not None and item.outcome is not None:
            self.folder.write(item.article_id)
        return item

    def close_spider(self) -> None:
        """Close the archive."""
        self.archive.close()
