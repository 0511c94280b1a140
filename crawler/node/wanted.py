"""What the settings of a node want: where its snapshots go, and what their collector has. Not here: making them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from crawler.errors import UsageError
from crawler.snapshots.making import Making

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

_ITEMS = "{items}"  # what stands in the setting for the folder that scrapyd hands out
_ABOVE = 3  # levels from that folder to the feed of a job


def making_of(settings: BaseSettings) -> Making | None:
    """Return what is wanted of snapshots; `None` if none are. Raises `UsageError` for a wrong setting."""
    folder = str(settings["FINEWS_SNAPSHOTS"] or "")
    if not folder:
        return None
    if goes_to_items(settings):
        folder = folder.replace(_ITEMS, str(_items(settings)))
    making = Making(folder=Path(folder), collected=str(settings["FINEWS_COLLECTED"] or ""))
    making.check()
    return making


def goes_to_items(settings: BaseSettings) -> bool:
    """Tell whether snapshots go into the folder that scrapyd hands out."""
    return _ITEMS in str(settings["FINEWS_SNAPSHOTS"] or "")


def _items(settings: BaseSettings) -> Path:
    """Return the folder that scrapyd hands out: it has each job write file:///…/items/PROJECT/SPIDER/JOB.jl there."""
    for uri in settings.getdict("FEEDS"):
        parts = urlsplit(str(uri))
        file = Path(unquote(parts.path))
        if parts.scheme == "file" and file.is_absolute() and file.suffix == ".jl" and len(file.parents) > _ABOVE:
            return file.parents[_ABOVE - 1]
    raise UsageError(
        "FINEWS_SNAPSHOTS names {items}, the folder that scrapyd hands out, and it hands out none: set items_dir in"
        " scrapyd.conf, or name a folder.",
        items=_ITEMS,
    )
