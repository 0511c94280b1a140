"""Normalise: a `Post` becomes an `Article`. Not here: how (`crawler.recording.normalise`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crawler.addon import RunAddon
from crawler.items import Post
from crawler.recording.normalise import normalised

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler

    from crawler.sites.definition import Site


class Normalise:
    """The pipeline step that turns posts of `site` into articles."""

    def __init__(self, site: Site) -> None:
        """Use the definition of `site`, which says what parts of a body do not belong to the article."""
        self.site = site

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Use the run's site."""
        return cls(RunAddon.of(crawler).run.site)

    def process_item(self, item: Any) -> Any:
        """Turn a post into an article, or into a refusal if its body takes too long; pass on anything else."""
        return normalised(item, self.site) if isinstance(item, Post) else item
