"""Pages of a site in WARC files, whoever has made these, become posts: each with the time at which it was served.

Not here: the form of such files (`crawler.captures.foreign`), and storing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crawler.archive.store.derived import DerivedArticle
from crawler.captures.foreign import is_warc, records, without_chunks
from crawler.captures.records import NoRecord, Record
from crawler.items import PAGES, UnreadFile
from crawler.markdown.post_file import render_post
from crawler.ops.rehearsing.reading import read_page
from crawler.recording.taking_in import ReadFile
from crawler.sites.addresses import address_of
from crawler.text.words import printable
from crawler.urls import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from crawler.items import Address
    from crawler.sites.definition import Site


@dataclass(frozen=True, slots=True)
class ServedPage:
    """The page of a post in a WARC file at `path`: its address, when it was served, and its record."""

    path: str
    address: Address
    at: datetime
    record: Record

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return len(self.record.payload)


def warc_files(paths: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """Return the WARC files among `paths` and in the folders among them, and the paths other than these files."""
    found: list[Path] = []
    others: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(file for file in path.iterdir() if is_warc(file) and file.is_file())
        if is_warc(path) and path.is_file():
            found.append(path)
        else:
            others.append(path)
    return found, others


def served_pages(files: Iterable[Path], site: Site) -> Iterator[ServedPage | UnreadFile]:
    """Yield the pages of posts of a site; a file that is broken ends where it is, with the reason."""
    for file in files:
        try:
            for record in records(file):
                page = _page(str(file), record, site)
                if page is not None:
                    yield page
        except NoRecord as error:
            yield UnreadFile(path=str(file), reason=f"broken: {error}")
        except OSError as error:
            yield UnreadFile(path=str(file), reason=error.strerror or str(error))


def read_served(page: ServedPage, site: Site) -> ReadFile:
    """Read a page into what is stored of it; whatever is wrong with it is a reason."""
    path = f"{printable(page.path)}: {page.address.url} {page.at:%Y-%m-%dT%H:%M:%SZ}"
    reading = read_page(without_chunks(page.record), page.address, page.at, site, via="capture")
    if reading.article is None or reading.reason is not None:
        return ReadFile(path, "", reason=reading.reason)
    article = replace(reading.article, post=replace(reading.article.post, seen_at=page.at))
    derived = DerivedArticle(article).complete()
    return ReadFile(path, "", derived, render_post(derived.row))


def _page(path: str, record: Record, site: Site) -> ServedPage | None:
    """Return the page of a post in a record; `None` for everything else."""
    if record.kind != "response" or record.status not in PAGES:
        return None
    url, at = canonical(record.url), record.at
    address = address_of(site, url) if url else None
    if at is None or address is None or address.kind != "post":
        return None
    return ServedPage(path, address, at, record)
