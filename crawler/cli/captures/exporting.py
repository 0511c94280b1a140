"""What `export --format wacz` does. Not here: the command (`crawler.cli.keeping`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from crawler.archive.asking import Asked


def export_served(archive: Path, directory: Path, query: str | None, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Write pages as they were served, of the posts that are asked for, or all; return what was written."""
    from crawler import dates  # noqa: PLC0415  # --help needs no database
    from crawler.archive import Archive, asking  # noqa: PLC0415  # likewise
    from crawler.ops.exporting.served_pages import export_pages  # noqa: PLC0415  # likewise

    every = query is None and not any({**asked, "drafts": False}.values())
    with Archive(archive) as opened:
        found = opened.posts(query, **cast("Asked", {**asked, "drafts": asked["drafts"] or every}))
        result = export_pages(opened, found, directory, dates.now(), every=every)
        told = asking.told(opened.whole, query, asking.meant(opened.whole, cast("Asked", asked)), result["posts"])
    return {**result, **told}
