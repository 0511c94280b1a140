"""Rehearsing: read every captured page by today's rules or others, and count what would be otherwise. Stores nothing.

Pages are read by several processes, a batch at a time, so that memory does not grow with their number. Not here:
which pages (`pages`), and applying what was read (`applying`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from heapq import nlargest
from typing import TYPE_CHECKING, Any

from crawler.captures.files import folder_of, read_at
from crawler.captures.records import NoRecord
from crawler.ops.processes import in_order
from crawler.ops.rehearsing.comparing import FIELDS, Verdict, values_read, verdict
from crawler.ops.rehearsing.examples import Example, examples_of
from crawler.ops.rehearsing.pages import pages
from crawler.ops.rehearsing.reading import read_page

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from crawler.archive import Archive
    from crawler.ops.rehearsing.pages import CapturedPage, Choice
    from crawler.sites.definition import Site

_BATCH = 32  # pages that a process reads at a time
_EXAMPLES = 20
_CHANGES = ("unchanged", "filled", "emptied", "changed")


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a page; `verdict` is `None` if its record cannot be read."""

    verdict: Verdict | None
    link: int = 0
    outlet: str = ""
    examples: tuple[Example, ...] = ()


@dataclass(slots=True)
class _Tally:
    """The counts of pages: of all, of a layout, or of an outlet."""

    pages: int = 0
    refused_now: int = 0
    stored_now: int = 0
    fields: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in FIELDS})

    def add(self, found: Verdict) -> None:
        self.pages += 1
        self.refused_now += found.was_stored and found.reason is not None
        self.stored_now += not found.was_stored and found.reason is None
        for name, change in found.changes.items():
            self.fields[name][change] += 1

    def as_dict(self) -> dict[str, Any]:
        fields = {name: {change: counts[change] for change in _CHANGES} for name, counts in self.fields.items()}
        return {
            "pages": self.pages,
            "fields": fields,
            "refused_now": self.refused_now,
            "stored_now": self.stored_now,
        }

    @property
    def is_worse(self) -> bool:
        return bool(self.refused_now or any(counts["emptied"] for counts in self.fields.values()))

    @property
    def is_as_before(self) -> bool:
        others = sum(counts[change] for counts in self.fields.values() for change in _CHANGES[1:])
        return not (others or self.refused_now or self.stored_now)


@dataclass(slots=True)
class _Report:
    """What is counted of all pages."""

    all: _Tally = field(default_factory=_Tally)
    layouts: dict[str, _Tally] = field(default_factory=dict)
    outlets: dict[str, _Tally] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    links: set[int] = field(default_factory=set)
    unreadable: int = 0
    examples: list[Example] = field(default_factory=list)

    def add(self, result: Result) -> None:
        """Count what came of one page, and keep its examples if they are among the worst."""
        found = result.verdict
        if found is None:
            self.unreadable += 1
            return
        self.all.add(found)
        self.links.add(result.link)
        self.layouts.setdefault(found.layout, _Tally()).add(found)
        self.outlets.setdefault(result.outlet, _Tally()).add(found)
        if found.was_stored and found.reason is not None:
            self.reasons[found.reason] += 1
        if result.examples:
            self.examples = nlargest(_EXAMPLES, [*self.examples, *result.examples], key=lambda each: each.weight)

    def as_dict(self) -> dict[str, Any]:
        """Return what `finews rehearse --json` prints."""
        told = self.all.as_dict()
        return {
            "pages": told.pop("pages"),
            "posts": len(self.links),
            **told,
            "is_worse": self.all.is_worse,
            "unreadable": self.unreadable,
            "reasons": dict(self.reasons.most_common()),
            "layouts": {name: tally.as_dict() for name, tally in sorted(self.layouts.items())},
            # There may be thousands of outlets: those of which nothing is otherwise say nothing.
            "outlets": {
                name: tally.as_dict() for name, tally in sorted(self.outlets.items()) if not tally.is_as_before
            },
            "examples": [example.as_dict() for example in self.examples],
        }


def rehearse(
    archive: Archive,
    sites: Mapping[str, Site],
    choice: Choice,
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> dict[str, Any]:
    """Read the pages of a choice by the definitions `sites`, and return what would be otherwise.

    `fields` says of each how many are unchanged, filled, emptied and changed; likewise by `layouts` and `outlets`.
    `refused_now` are pages of stored posts that would be refused, for these `reasons`, `stored_now` others that would
    no longer be; `unreadable` are records that cannot be read, `examples` the worst changes. `is_worse`: fields are
    emptied, or posts refused. `progress` is told how many pages were read so far.
    """
    report, count = _Report(), 0
    read = partial(results_of, folder=folder_of(archive.path), sites=dict(sites))
    for results in in_order(read, pages(archive.db, sites, choice), _BATCH):
        for result in results:
            report.add(result)
        count += len(results)
        progress(count)
    return report.as_dict()


def results_of(batch: Sequence[CapturedPage], folder: Path, sites: Mapping[str, Site]) -> list[Result]:
    """Read some pages and hold each against what is stored, in any process."""
    return [_result_of(page, folder, sites[page.site]) for page in batch]


def _result_of(page: CapturedPage, folder: Path, site: Site) -> Result:
    try:
        record = read_at(folder, page.kept)
    except NoRecord:
        return Result(None)
    reading = read_page(record, page.address, page.at, site, found_on=page.found_on)
    found = verdict(page.stored, reading)
    now = values_read(reading.article) if reading.article else {}
    outlet = (page.stored or now).get("source", "")
    return Result(found, page.link, outlet, tuple(examples_of(page.address, page.stored, now, found)))
