"""Read post files into articles that are ready to be stored, several files at a time, in any process.

Pure but for what it is given. Not here: where files come from, and storing.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import UTC
from hashlib import blake2b
from typing import TYPE_CHECKING

from crawler.archive.store.derived import DerivedArticle
from crawler.dates import iso
from crawler.extraction.budget import TooCostlyError, budget
from crawler.items import PostFile, UnreadFile
from crawler.jekyll.decoding import NoTextError, decode, to_the_letter
from crawler.jekyll.source import SourceError, read_source
from crawler.jekyll.structured import FrontMatterError
from crawler.markdown.post_file import render_post
from crawler.ops.importing.warc import ServedPage, read_served
from crawler.recording.normalise import normalise
from crawler.recording.taking_in import ReadFile
from crawler.recording.validate import fault
from crawler.sites.loading import rules_version
from crawler.text.words import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from crawler.items import WrittenFile
    from crawler.sites.definition import Site

_DRAFTS = re.compile("[/ ]_drafts/")  # where Jekyll and Hexo keep what is not to be published


def read_files(
    files: Sequence[PostFile | UnreadFile | ReadFile | ServedPage], site: Site, at: datetime, *, is_named: bool = True
) -> list[ReadFile]:
    """Read files of `site` that were taken in `at` that time; those that were read already stay as they are.

    Unless a person has named the site (`is_named`), files that do not say that they are of it are refused.
    """
    return [file if isinstance(file, ReadFile) else read_file(file, site, at, is_named=is_named) for file in files]


def read_file(
    file: PostFile | UnreadFile | ServedPage, site: Site, at: datetime, *, is_named: bool = True
) -> ReadFile:
    """Read one file, see `read_files`; whatever is wrong with it is a reason."""
    if isinstance(file, ServedPage):
        return read_served(file, site)
    path = as_noted(file.path)
    if isinstance(file, UnreadFile):
        return ReadFile(path, file.commit, reason=file.reason)
    try:
        with budget():
            return _read(path, file, site, at, is_named=is_named)
    except (NoTextError, FrontMatterError, SourceError, TooCostlyError) as error:
        return ReadFile(path, file.commit, reason=str(error))


def _read(path: str, file: PostFile, site: Site, at: datetime, *, is_named: bool) -> ReadFile:
    # A false date is worse than none, but for notes, which nobody publishes.
    since = file.since or (None if site.has_addresses else file.modified_at)
    post = read_source(
        file.name,
        decode(file.content),
        site,
        via="import",
        at=at,
        is_draft=_is_draft(file),
        since=since,
        is_named=is_named,
    )
    written = None if post.written is None else _to_the_letter(post.written, file)
    article = normalise(replace(post, seen_at=file.seen_at, written=written), site)
    lacking = fault(article)
    if lacking is not None:
        return ReadFile(path, file.commit, reason=lacking[0])
    derived = DerivedArticle(article).complete()
    return ReadFile(
        path,
        file.commit,
        derived,
        render_post(derived.row),
        aliases=tuple(map(as_noted, file.aliases)),
        content_hash=content_hash(file, site),
        named=file.named,
    )


def content_hash(file: PostFile, site: Site) -> str:
    """Return a hash of all that reading a file goes by: the same hash, the same post."""
    matter = f"{rules_version(site)} {file.name} {file.since} {_is_draft(file)}".encode("utf-8", "surrogateescape")
    return blake2b(matter + b"\0" + file.content, digest_size=16).hexdigest()


def _is_draft(file: PostFile) -> bool:
    """Tell whether a file stands where drafts do; of a history it is no path, and stays what it is."""
    return _DRAFTS.search(os.path.abspath(file.path)) is not None  # noqa: PTH100  # not resolved


def as_noted(path: str) -> str:
    """Return a path as it is noted: SQLite takes no text that is no UTF-8, and a terminal no control characters.

    They are escaped rather than dropped, so that two files keep two paths.
    """
    if printable(path) == path:
        return path
    return "".join(sign if printable(sign) else sign.encode("unicode_escape").decode("ascii") for sign in path)


def _to_the_letter(written: WrittenFile, file: PostFile) -> WrittenFile:
    """Return what was read with the line ends and the byte order mark that the file has, and its commit's time."""
    written_at = "" if file.seen_at is None else iso(file.seen_at.astimezone(UTC))
    return replace(written, text=to_the_letter(file.content) or written.text, written_at=written_at)
