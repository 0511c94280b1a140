"""Validate: turn an article that lacks something essential into a refusal with the reason.

Not here: what is essential (`crawler.recording.validate`), and counting refusals, which are records like any other
and go on to the archive.
"""

from __future__ import annotations

from typing import Any

from crawler.items import Article, Refused
from crawler.recording.validate import fault


class Validate:
    """The step."""

    def process_item(self, item: Any) -> Any:
        """Pass on a complete article, refuse any other."""
        if not isinstance(item, Article):
            return item
        found = fault(item)
        if found is None:
            return item
        reason, rule = found
        return Refused(fetch=item.post.fetch, reason=reason, rule=rule)
