"""Validate: turn an article that lacks something essential into a refusal.

Not here: what is essential (`crawler.recording.validate`), and recording refusals, which go on to the archive like
any other record.
"""

from __future__ import annotations

from typing import Any

from crawler.items import Article
from crawler.recording.validate import judged


class Validate:
    """The pipeline step that refuses incomplete articles."""

    def process_item(self, item: Any) -> Any:
        """Refuse an incomplete article; pass on anything else."""
        return judged(item) if isinstance(item, Article) else item
