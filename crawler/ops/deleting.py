"""Deleting posts on request: what would go, and then everything of them, their Markdown files included.

Not here: what deleting means in the archive (`crawler.archive.care.deleting`), and asking a person (`crawler.cli`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from crawler.archive import Archive
from crawler.archive.care import deleting
from crawler.archive.ledger import links, lookup, names, sites
from crawler.archive.store import articles
from crawler.archive.store.lock import run_lock, writing
from crawler.captures.files import folder_of
from crawler.errors import UsageError
from crawler.ops.served import addresses_of
from crawler.recording.deleted import tells_its_day
from crawler.recording.markdown_folder import MarkdownFolder, remove_files
from crawler.sites.addresses import address_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from sqlite_utils import Database


class Doomed(TypedDict):
    """A post that is to be deleted, with what goes with it: `versions` and `mentions` by number, `files` by path."""

    id: str
    site: str
    title: str
    published_at: str
    url: str | None
    versions: int
    mentions: int
    addresses: list[str]
    files: list[str]


class DeleteResult(TypedDict):
    """What was deleted. `kept_files` stand where a post's file would, but were written by somebody else.

    `captures` are the files in which pages of these posts stay as they were served.
    """

    archive: str
    deleted: list[Doomed]
    kept_files: list[str]
    captures: list[str]


def doomed_posts(path: Path, names: Sequence[str], folder: Path | None, site: str | None = None) -> list[Doomed]:
    """Return the posts called `names` (ids, addresses or files) in the archive at `path`, of `site` if that is given.

    `folder` is the one with their Markdown, `None` for none. Raises `NoSuchPost`, and `UsageError` if a name may mean
    posts of several sites.
    """
    with Archive(path) as archive:
        return [_doomed(archive.db, row, folder) for row in _rows(archive, names, site)]


def delete_posts(
    path: Path,
    names: Sequence[str],
    folder: Path | None,
    at: datetime,
    *,
    site: str | None = None,
    keep_history: bool = False,
) -> DeleteResult:
    """Delete the posts that `doomed_posts` returns, all or none, `at` a time in UTC; return what was deleted.

    No run requests their addresses by itself; with `keep_history`, it stays known how these were fetched. Raises
    `ArchiveLocked` during a run, and `UsageError` if a Markdown file cannot be removed.
    """
    with run_lock(path) as lock, Archive(path, lock=lock) as archive:
        with writing(archive.db):
            rows = _rows(archive, names, site)
            deleted = [_doomed(archive.db, row, folder) for row in rows]
            files = {row: _files(archive.db, row, folder) for row in rows}
            captured = {file for row in rows for file in _captured(archive.db, row)}
            for row, post in zip(rows, deleted, strict=True):
                deleting.delete(archive.db, row, post["addresses"], at, keep_history=keep_history)
        kept: list[str] = []
        for row, post in zip(rows, deleted, strict=True):
            try:
                own, others = remove_files(files[row], post["id"], post["url"])
            except OSError as error:
                raise UsageError(
                    "{filename} cannot be removed ({reason}): the post is deleted; remove the file yourself, or with"
                    " `finews check --repair`.",
                    filename=error.filename,
                    reason=error.strerror,
                ) from error
            post["files"] = [str(file) for file in own]
            kept += [str(file) for file in others]
    captures = [str(folder_of(path) / file) for file in sorted(captured)]
    return {"archive": str(path), "deleted": deleted, "kept_files": kept, "captures": captures}


def _rows(archive: Archive, typed: Sequence[str], site: str | None) -> list[int]:
    """Return the rows of the posts that a person means, each once."""
    rows: dict[int, None] = {}
    for name in typed:
        rows[names.the_post(archive.db, name, site, archive.path)] = None
    return list(rows)


def _doomed(db: Database, row: int, folder: Path | None) -> Doomed:
    post = articles.get(db, row)
    return {
        "id": post["post_id"],
        "site": post["site"],
        "title": post["title"],
        "published_at": post["published_at"],
        "url": post["url"],
        "versions": post["revision"],
        "mentions": sum(mention["count"] for mention in post["mentions"]),
        "addresses": _addresses(db, row, post["site"], post["post_id"]),
        "files": [str(file) for file in _files(db, row, folder) if file.is_file()],
    }


def _addresses(db: Database, row: int, site_name: str, post_id: str) -> list[str]:
    """Return a post's addresses in the ledger, those included that were found and never fetched."""
    addresses, site = links.addresses_of(db, row), sites.known(db).get(site_name)
    for url in links.without_post(db, site_name, post_id) if site is not None else ():
        assert site is not None, "or there are none"
        address = address_of(site, url)
        # Of a page at another address, an id that does not tell its day may be the name of another post.
        is_same = address is not None and (address.kind != "post" or tells_its_day(site, post_id))
        if address is not None and address.key == post_id and is_same:
            addresses.append(url)
    return addresses


def _captured(db: Database, row: int) -> set[str]:
    """Return the names of the files in which pages of a post are kept as they were served."""
    return {capture.file for capture in lookup.captures_of(db, row, addresses_of(db, articles.get(db, row)))}


def _files(db: Database, row: int, folder: Path | None) -> list[Path]:
    return [] if folder is None else MarkdownFolder(db, folder).files_of(row)
