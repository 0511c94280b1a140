"""Errors about what a command was asked for and cannot give. Not here: an unusable archive (`archive`)."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from crawler import reasons
from crawler.errors.base import FinewsError, UsageError
from crawler.language import Sentence

if TYPE_CHECKING:
    from pathlib import Path


class SiteError(UsageError):
    """A site definition is wrong: `file`, the `key` in it (dotted, `post.title[0].css`), and what is allowed."""

    def __init__(self, file: str, key: str, problem: str, /, **values: object) -> None:
        """Join the three into the sentence `FILE: KEY: PROBLEM`; the problem names `values` in braces."""
        self.file, self.key = file, key
        place = f"{file}: {key}" if key else file
        super().__init__("{place}: {problem}", place=place, problem=Sentence(problem, **values))


class FleetError(UsageError):
    """The file of a fleet is wrong: `file`, the `key` in it (dotted, `nodes[0].address`), and what is allowed."""

    def __init__(self, file: Path, key: str, problem: str, /, **values: object) -> None:
        """Join the three into the sentence `FILE: KEY: PROBLEM`; the problem names `values` in braces."""
        self.file, self.key = file, key
        place = f"{file}: {key}" if key else str(file)
        super().__init__("{place}: {problem}", place=place, problem=Sentence(problem, **values))


class NoArchive(UsageError):
    """There is no archive at `path`."""

    def __init__(self, path: Path) -> None:
        """Say how to make an archive."""
        self.path = path
        super().__init__(
            "There is no archive at {path}: make one with `finews crawl`, or name another with --archive.", path=path
        )


class NoSuchTime(UsageError):
    """A time is written in a way that cannot be read."""

    def __init__(self, written: str) -> None:
        """Quote what the user has `written`."""
        self.written = written
        super().__init__(
            "{written!r} is not a time: write 2022, 2022-04, 2022-04-20 or '2022-04-20 09:30'.", written=written
        )


class NotInstalled(UsageError):
    """A command needs packages that come with an `extra` of the program."""

    def __init__(self, command: str, extra: str) -> None:
        """Say how to install them."""
        self.extra = extra
        super().__init__(
            "`{command}` needs packages that are not installed: pip install 'finews-archive[{extra}]'.",
            command=command,
            extra=extra,
        )


class NoOutput(FinewsError):
    """The output of a command cannot be written; what the command did stays done."""

    def __init__(self, why: str) -> None:
        """Quote the operating system's reason."""
        super().__init__(
            "Standard output cannot be written ({why}): the command did its work, but could not print the result.",
            why=why,
        )


class NoSuchPost(FinewsError):
    """The archive holds no post under `name`."""

    def __init__(self, name: str, path: Path, outcome: str | None = None) -> None:
        """Quote the `name` that the user gave, and the `path` of the archive that was searched.

        If its addresses were seen, `outcome` says what became of them.
        """
        self.name, self.outcome = name, outcome
        if outcome is None:
            super().__init__(
                "{path} holds no post {name}: give its id, or the address of its page or share link.",
                path=path,
                name=name,
            )
        else:
            super().__init__(
                "{path} holds no post {name}: its address was seen ({outcome}), `{command}` tells what happened to"
                " it.",
                path=path,
                name=name,
                outcome=reasons.sentence(outcome),
                command=f"finews why {shlex.quote(name)}",
            )


class NoSuchPostAnywhere(NoSuchPost):
    """None of several archives holds a post under `name`."""

    def __init__(self, name: str, count: int, outcome: str | None = None) -> None:
        """Say how many archives were asked. See `NoSuchPost`."""
        self.name, self.outcome = name, outcome
        if outcome is None:
            super(NoSuchPost, self).__init__(
                "None of the {count} archives holds a post {name}: give its id, or the address of its page or share"
                " link.",
                count=count,
                name=name,
            )
        else:
            super(NoSuchPost, self).__init__(
                "None of the {count} archives holds a post {name}: its address was seen ({outcome}).",
                count=count,
                name=name,
                outcome=reasons.sentence(outcome),
            )


class AmbiguousPost(UsageError):
    """Several sites have a post of this id."""

    def __init__(self, name: str, sites: list[str]) -> None:
        """Quote the `name` that the user gave, and the `sites` that have one."""
        self.name, self.sites = name, sites
        super().__init__(
            "{name} is a post of {sites}: say which with --site.", name=name, sites=" and of ".join(sites)
        )


class NoSuchRun(FinewsError):
    """The archive knows no run of that number."""

    def __init__(self, run_id: int, path: Path) -> None:
        """Quote the number, and the `path` of the archive."""
        super().__init__("{path} has no run {run_id}: `finews runs` lists them.", path=path, run_id=run_id)


class NoSuchRevision(FinewsError):
    """A post does not have that many versions."""

    def __init__(self, revision: int, count: int) -> None:
        """Quote the `revision` that the user asked for, and the `count` of versions."""
        self.revision, self.count = revision, count
        there_are = Sentence("one revision") if count == 1 else Sentence("{count} revisions", count=count)
        super().__init__(
            "There is no revision {revision}: the post has {there_are}, see `finews history`.",
            revision=revision,
            there_are=there_are,
        )


class NoSuchSecurity(FinewsError):
    """No post mentions a security of that code or name."""

    def __init__(self, written: str, path: Path | str, near: list[str] | None = None) -> None:
        """Quote what the user has `written`, the `path` of the archive, and the securities that are `near`."""
        self.written = written
        advice = Sentence("give its code, as 600160, 600160.SH or 00700.HK.")
        if near:
            advice = Sentence("did you mean {names}?", names=" or ".join(near))
        super().__init__(
            "No post in {path} mentions a security {written}: {advice}", path=path, written=written, advice=advice
        )


class AmbiguousSecurity(FinewsError):
    """The pinyin fits several securities; `meant` names them."""

    _SHOWN = 8

    def __init__(self, written: str, meant: list[str]) -> None:
        """List the securities `meant`, as names with codes, the one that most posts mention first."""
        self.written, self.meant = written, meant
        more = Sentence(" and {count} more", count=len(meant) - self._SHOWN) if len(meant) > self._SHOWN else ""
        super().__init__(
            "{written} may be {meant}{more}: give the code.",
            written=written,
            meant=", ".join(meant[: self._SHOWN]),
            more=more,
        )
