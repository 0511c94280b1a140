"""What to run, how often, and as whom. Not here: how it is installed."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.errors import UsageError
from crawler.ops.schedule.interval import offset

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path

_UNWRITABLE = {"Cc", "Cs"}  # control characters such as line breaks, and bytes that are not UTF-8


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A crawl to be scheduled; every path is absolute.

    `program` are the words that start it. Its options are `archive`, `posts` (`None`: no Markdown) and `site` (a
    bundled one, or the path of a definition), whose name is `name`. `every` is the interval, `user` the user to run
    as, and `folder` the current folder when the plan was requested.
    """

    program: tuple[str, ...]
    archive: Path
    posts: Path | None
    site: str
    name: str
    every: timedelta
    user: str
    folder: Path

    def __post_init__(self) -> None:
        """Raise `UsageError` for words that a crontab or a unit cannot contain."""
        for word in (*self.program, *self.crawl):
            if any(unicodedata.category(sign) in _UNWRITABLE for sign in word):
                raise UsageError(
                    "{word!r} holds a line break or the like, which no crontab and no unit can: rename it.", word=word
                )

    @property
    def arguments(self) -> tuple[str, ...]:
        """The options for archive, Markdown and site, for any command that takes them."""
        posts = ("--posts", str(self.posts)) if self.posts else ("--no-posts",)
        return ("--archive", str(self.archive), *posts, "--site", self.site)

    @property
    def crawl(self) -> tuple[str, ...]:
        """The words of the command that crawls."""
        return (*self.program, "crawl", *self.arguments)

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders that a crawl writes to, which must exist before it runs."""
        return tuple(dict.fromkeys([self.archive.parent, *([self.posts] if self.posts else [])]))

    @property
    def begin(self) -> timedelta:
        """The offset into each interval at which a run begins."""
        return offset(str(self.archive), self.every)
