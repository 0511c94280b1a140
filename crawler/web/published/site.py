"""Publishes an archive as a site of plain files: pages, feeds, a search, and a sitemap.

Everything is as the web app shows it, so a published site and a server do not differ. Not here: the parts, which are
the other modules of this folder.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from crawler.archive import Archive
from crawler.errors import UsageError
from crawler.ops.exporting.destination import destination
from crawler.web.addresses import LANGUAGES, Place, path_to
from crawler.web.app import application
from crawler.web.published.addresses import ShownAnywhere, Site, in_language
from crawler.web.published.folder import Folder
from crawler.web.published.pages import published
from crawler.web.published.places import place_of
from crawler.web.published.requests import SERVER, Pages
from crawler.web.published.searching.index import write_index
from crawler.web.published.sitemap import sitemaps
from crawler.web.published.walk import File, files_of
from crawler.web.showing.rendering import rendered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOT_FOUND = "404.html"
"""The file that static hosts answer with for what is not there; in both languages, since they know only one."""

_PATIENCE = 3600.0  # seconds for a page: nobody waits for one that becomes a file
_LATER = timedelta(days=1)


def publish(archive: Path, directory: Path, *, url: str = "", drafts: bool = False) -> dict[str, Any]:
    """Write the archive at a path into a folder, made if need be, that any web server can serve, or a browser open.

    `url` is the address that the folder is published under, if that is known. Only what has changed is written, and
    what is gone is removed. Returns `format`, `directory`, the number of `posts`, and how many files were `written`
    and `removed`. Raises `UsageError` for a folder with other people's files, and for one that cannot be written to.
    """
    site = Site(_base(url))
    with Archive(archive) as opened, destination(directory):
        folder, posts = Folder(directory), _posts(opened, drafts=drafts)
        app = application(archive, public_url=SERVER, seconds=_PATIENCE, published=_time(opened))
        with Pages(app, LANGUAGES[0]) as pages:
            for file in chain(_fixed_files(site), files_of(pages.get, posts, site)):
                folder.write(*file)
        write_index(opened, folder, lambda *names: place_of(path_to(*names)), drafts=drafts)
        for name, text in sitemaps(_in_the_sitemap(folder), site.base):
            folder.write(name, text.encode())
        folder.finish()
    return {
        "format": "site",
        "directory": str(directory),
        "posts": len(posts),
        "written": folder.written,
        "removed": folder.removed,
    }


def _base(url: str) -> str:
    """Return a public address with a slash at its end, "" for none. Raises `UsageError` for what is none."""
    parts = urlsplit(url)
    if not url:
        return ""
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
        raise UsageError(
            "{url!r} is not the address of a site: write it as https://news.example.org/archive/.", url=url
        )
    return quote(url.rstrip("/") + "/", safe="/:@%[]~!$&'()*+,;=")


def _posts(archive: Archive, *, drafts: bool) -> list[str]:
    rows = archive.db.execute("SELECT post_id FROM articles WHERE NOT draft OR ? ORDER BY id", [drafts])
    return [post for (post,) in rows]


def _time(archive: Archive) -> datetime:
    """Return the time that the pages speak of as now: a day after the last run, so that nothing was hours ago.

    The same archive is published with the same time.
    """
    (last,) = archive.db.execute("SELECT max(coalesce(finished_at, started_at)) FROM runs").fetchone()
    return (datetime.fromisoformat(last) if last else datetime.fromtimestamp(0, UTC)) + _LATER


def _fixed_files(site: Site) -> Iterator[File]:
    """Yield the files that do not depend on the archive: the pages that search, and that of what is not there."""
    for language in LANGUAGES:
        address = in_language("/search", language)
        where = Place("/search", {}, language if language != LANGUAGES[0] else "", SERVER)
        html = bytes(rendered(where, language, "search_published.html").body).decode()
        here = site.place(address)
        yield File(here, published(html, here, site).html.encode())
    html = bytes(rendered(Place("/", {}, "", SERVER), LANGUAGES[0], "missing_published.html").body).decode()
    yield File(NOT_FOUND, published(html, NOT_FOUND, ShownAnywhere(site.base)).html.encode())
    yield File(".nojekyll", b"")  # GitHub Pages would build the folder with Jekyll


def _in_the_sitemap(folder: Folder) -> list[str]:
    unlisted = {NOT_FOUND, *(place_of(in_language("/search", language)) for language in LANGUAGES)}
    return [path for path in folder.paths() if path.endswith(".html") and path not in unlisted]
