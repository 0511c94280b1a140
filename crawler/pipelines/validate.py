"""Validate: an article that lacks what makes a post becomes a refusal, with the reason.

Not here: what that is (`crawler.recording.validate`), and counting refusals; they are records like any other and go
on to the archive.
"""

from __future__ import annotations

from typing import Any

from crawler.items import Article, Refused
from crawler.recording.validate import fault


class Validate:
    """The step."""

    def process_item(self, item: Any) -> Any:
        """Hand on an article that is whole, refuse one that is not."""
        if not isinstance(item, Article):
            return item
        found = fault(item)
        if found is None:
            return item
        reason, rule = found
        return Refused(fetch=item.post.fetch, reason=reason, rule=rule)
