"""What several archives count and did, as one. Pure. Not here: counting and running in one archive."""

from __future__ import annotations

from heapq import merge
from itertools import count, islice
from typing import TYPE_CHECKING, TypeVar

from crawler.archive.watch.baseline import JudgedReport

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from crawler.archive.care.top import Ranked

_Value = TypeVar("_Value")


class NumberedReport(JudgedReport):
    """The report of a run of several archives: `run` is its number among those of all, by when they began.

    Its `archive` knows it as number `own`.
    """

    archive: str
    own: int


def in_one_row(
    runs: Sequence[tuple[str, Iterator[JudgedReport]]], total: int, most: int, before: int | None
) -> list[NumberedReport]:
    """Return so many reports of archives' runs, latest first: those with lower numbers than `before`, or of all.

    `runs` are those of each archive with its name, latest first, and `total` is how many there are.
    """
    each = merge(
        *(_named(name, reports) for name, reports in runs), key=lambda run: run[1]["started_at"], reverse=True
    )
    numbered = ((number, *run) for number, run in zip(count(total, -1), each, strict=False))
    earlier = (run for run in numbered if before is None or run[0] < before)
    return [
        {**report, "run": number, "archive": name, "own": report["run"]}
        for number, name, report in islice(earlier, most)
    ]


def _named(name: str, reports: Iterator[JudgedReport]) -> Iterator[tuple[str, JudgedReport]]:
    return ((name, report) for report in reports)


def ranked(each: Iterable[Iterable[Ranked]]) -> list[Ranked]:
    """Return what archives have most of as one, most first; of names that differ, the first."""
    found: dict[str, Ranked] = {}
    for ranked_here in each:
        for one in ranked_here:
            known = found.get(one["key"])
            posts = one["posts"] + (known["posts"] if known else 0)
            found[one["key"]] = {**(known or one), "posts": posts}
    return sorted(found.values(), key=lambda one: (-one["posts"], one["key"]))


def first_of(each: Sequence[Mapping[str, _Value]]) -> dict[str, _Value]:
    """Return what archives say by name; where they differ, the first has its say."""
    return {name: value for known in reversed(each) for name, value in known.items()}
