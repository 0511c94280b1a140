"""Making a last snapshot of an archive whose site moves elsewhere. Makes no request, and is no run.

Not here: what is in a snapshot (`crawler.snapshots`).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy import Spider

from crawler.errors import FinewsError, UsageError
from crawler.node.addon import NodeAddon
from crawler.snapshots.making import make
from crawler.spiders import arguments
from crawler.spiders.sentences import log_as_sentences

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler


class SnapshotSpider(Spider):
    """Makes the last snapshot in the folder of the setting FINEWS_SNAPSHOTS, and marks it as handed over."""

    name = "snapshot"

    @classmethod
    def from_crawler(cls, crawler: Crawler, **others: Any) -> Self:
        """Read the settings; there are no arguments. Raises `UsageError` if no folder is given."""
        log_as_sentences()
        arguments.refuse(others)
        if not crawler.settings["FINEWS_SNAPSHOTS"]:
            raise UsageError("No folder for snapshots is given: set FINEWS_SNAPSHOTS.")
        spider = cls()
        spider._set_crawler(crawler)  # as Spider.from_crawler does
        return spider

    def closed(self, reason: str) -> None:  # noqa: ARG002  # Scrapy calls this by name
        """Make the snapshot, once it is known that there is nothing to request; if it cannot be made, log why."""
        node = self.crawler.get_addon(NodeAddon)
        assert node is not None, "its setting is there"
        assert node.making is not None, "likewise"
        try:
            made = make(Path(self.settings["FINEWS_ARCHIVE"]), replace(node.making, handed_over=True))
        except FinewsError as error:
            self.logger.error("%s", error)  # noqa: TRY400  # the sentence is enough
        else:
            self.logger.info("handed over, with %s", made["file"] or "nothing new")
