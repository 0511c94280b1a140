"""Read post files into articles that are ready to be stored, several files at a time, in any process.

Pure but for what it is given. Not here: where files come from, and storing.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from crawler.archive.store.derived import DerivedArticle
from crawler.extraction.budget import TooCostlyError, budget
from crawler.items import PostFile, UnreadFile
from crawler.jekyll.decoding import NoTextError, decode
from crawler.jekyll.front_matter import FrontMatterError
from crawler.jekyll.source import SourceError, read_source
from crawler.markdown.post_file import render_post
from crawler.recording.normalise import normalise
from crawler.recording.recorder import ReadFile
from crawler.recording.validate import fault
from crawler.text.words import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from crawler.sites.definition import Site

_DRAFTS = re.compile("[/ ]_drafts/")  # where Jekyll and Hexo keep what is not to be published


def read_files(files: Sequence[PostFile | UnreadFile], site: Site, at: datetime) -> list[ReadFile]:
    """Read files of `site` that were taken in `at` that time."""
    return [read_file(file, site, at) for file in files]


def read_file(file: PostFile | UnreadFile, site: Site, at: datetime) -> ReadFile:
    """Read one file; whatever is wrong with it is a reason."""
    path = _written(file.path)
    if isinstance(file, UnreadFile):
        return ReadFile(path, file.commit, reason=file.reason)
    try:
        with budget():
            return _read(path, file, site, at)
    except (NoTextError, FrontMatterError, SourceError, TooCostlyError) as error:
        return ReadFile(path, file.commit, reason=str(error))


def _read(path: str, file: PostFile, site: Site, at: datetime) -> ReadFile:
    is_draft = _DRAFTS.search(os.path.abspath(file.path)) is not None  # noqa: PTH100  # a history's is no path
    text, since = decode(file.content), file.since
    post = read_source(file.name, text, site, via="import", at=at, is_draft=is_draft, since=since)
    article = normalise(replace(post, seen_at=file.seen_at), site)
    lacking = fault(article)
    if lacking is not None:
        return ReadFile(path, file.commit, reason=lacking[0])
    derived = DerivedArticle(article).complete()
    return ReadFile(path, file.commit, derived, render_post(derived.row), aliases=tuple(map(_written, file.aliases)))


def _written(path: str) -> str:
    """Return a path as it is noted: SQLite takes no text that is no UTF-8, and a terminal no control characters.

    They are escaped rather than dropped, so that two files keep two paths.
    """
    if printable(path) == path:
        return path
    return "".join(sign if printable(sign) else sign.encode("unicode_escape").decode("ascii") for sign in path)
