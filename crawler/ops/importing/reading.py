"""Read post files into articles that are ready to be stored, several files at a time, in any process.

Pure but for what it is given. Not here: where files come from, and storing.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING

from crawler.archive.store.derived import DerivedArticle
from crawler.dates import iso
from crawler.extraction.budget import TooCostlyError, budget
from crawler.items import PostFile, UnreadFile
from crawler.jekyll.decoding import NoTextError, decode, to_the_letter
from crawler.jekyll.source import SourceError, read_source
from crawler.jekyll.structured import FrontMatterError
from crawler.markdown.post_file import render_post
from crawler.recording.normalise import normalise
from crawler.recording.recorder import ReadFile
from crawler.recording.validate import fault
from crawler.text.words import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from crawler.items import WrittenFile
    from crawler.sites.definition import Site

_DRAFTS = re.compile("[/ ]_drafts/")  # where Jekyll and Hexo keep what is not to be published


def read_files(files: Sequence[PostFile | UnreadFile], site: Site, at: datetime) -> list[ReadFile]:
    """Read files of `site` that were taken in `at` that time."""
    return [read_file(file, site, at) for file in files]


def read_file(file: PostFile | UnreadFile, site: Site, at: datetime) -> ReadFile:
    """Read one file; whatever is wrong with it is a reason."""
    path = printable(file.path)  # SQLite takes no name that is no UTF-8, and a terminal no control characters
    if isinstance(file, UnreadFile):
        return ReadFile(path, file.commit, reason=file.reason)
    try:
        with budget():
            return _read(path, file, site, at)
    except (NoTextError, FrontMatterError, SourceError, TooCostlyError) as error:
        return ReadFile(path, file.commit, reason=str(error))


def _read(path: str, file: PostFile, site: Site, at: datetime) -> ReadFile:
    is_draft = _DRAFTS.search(os.path.abspath(file.path)) is not None  # noqa: PTH100  # a history's is no path
    post = read_source(file.name, decode(file.content), site, via="import", at=at, is_draft=is_draft)
    written = None if post.written is None else _to_the_letter(post.written, file)
    article = normalise(replace(post, seen_at=file.seen_at, written=written), site)
    lacking = fault(article)
    if lacking is not None:
        return ReadFile(path, file.commit, reason=lacking[0])
    derived = DerivedArticle(article).complete()
    return ReadFile(path, file.commit, derived, render_post(derived.row))


def _to_the_letter(written: WrittenFile, file: PostFile) -> WrittenFile:
    """Return what was read with the line ends and the byte order mark that the file has, and its commit's time."""
    written_at = "" if file.seen_at is None else iso(file.seen_at.astimezone(UTC))
    return replace(written, text=to_the_letter(file.content) or written.text, written_at=written_at)
