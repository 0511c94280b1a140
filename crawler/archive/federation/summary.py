"""What several archives hold together, in numbers. Pure, but for asking each.

Posts, revisions and mentions are those of the archive that speaks for a post, so each is counted once. Runs, and
addresses by state, are added up: two archives that know one address count it twice. Not here: counting what one
archive holds (`crawler.archive.care.summary`).
"""

from __future__ import annotations

import os
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from crawler.archive.care import summary, top
from crawler.archive.federation import copies
from crawler.archive.federation.members import ask_each
from crawler.archive.federation.whole import added_up
from crawler.archive.store import securities

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crawler.archive.care.archives import MergedArchive
    from crawler.archive.care.summary import AskedArchive, Summary
    from crawler.archive.federation.members import Member


def of_all(members: Sequence[Member], sites: Sequence[str], *, drafts: bool) -> Summary:
    """Return what the archives hold together; see `crawler.archive.care.summary.summary`."""
    each = [_summary(member, sites, drafts=drafts) for member in members]
    codes = set[str]().union(*ask_each(members, partial(securities.codes, sites=sites)))
    left_out = ask_each(members, copies.count_left_out)
    return {
        **joined(each),
        "securities": len(codes),
        "days": _days(members, sites, drafts=drafts),
        "asked": [_line(one, superseded) for one, superseded in zip(each, left_out, strict=True)],
    }


def _summary(member: Member, sites: Sequence[str], *, drafts: bool) -> Summary:
    found = member.ask(lambda db: summary.summary(db, member.archive.path, sites, drafts=drafts))
    return {**found, "archive": member.name}


def _days(members: Sequence[Member], sites: Sequence[str], *, drafts: bool) -> dict[str, int]:
    """Return the number of posts of each of the latest sixty days, up to the last on which any archive has one."""
    ends = [end for end in ask_each(members, partial(top.latest, sites=sites, drafts=drafts)) if end is not None]
    if not ends:
        return {}
    counted = ask_each(members, partial(top.days_up_to, last=max(ends), sites=sites, drafts=drafts))
    return {day: sum(each[day] for each in counted) for day in counted[0]}


def _line(one: Summary, superseded: int) -> AskedArchive:
    return {
        "archive": one["archive"],
        "bytes": one["bytes"],
        "posts": one["posts"],
        "superseded": superseded,
        "revisions": one["revisions"],
        "runs": one["runs"],
    }


def joined(each: Sequence[Summary]) -> Summary:
    """Return the sum of what archives hold. Of `days` and `securities`, which cannot be added, it has the first's."""
    merged = _merged(archive for one in each for archive in one.get("archives", ()))
    total: Summary = {
        **each[0],
        "archive": os.pathsep.join(one["archive"] for one in each),
        "bytes": sum(one["bytes"] for one in each),
        "posts": sum(one["posts"] for one in each),
        "gone": sum(one["gone"] for one in each),
        "drafts": sum(one["drafts"] for one in each),
        "revisions": sum(one["revisions"] for one in each),
        "mentions": sum(one["mentions"] for one in each),
        "runs": sum(one["runs"] for one in each),
        "first_published_at": min(_times(one["first_published_at"] for one in each), key=_moment, default=None),
        "last_published_at": max(_times(one["last_published_at"] for one in each), key=_moment, default=None),
        "sites": added_up(one["sites"] for one in each),
        "categories": added_up(one["categories"] for one in each),
        "sources": added_up(one["sources"] for one in each),
        "authors": added_up(one["authors"] for one in each),
        "links": added_up(one["links"] for one in each),
    }
    return {**total, "archives": merged} if merged else total


_moment = datetime.fromisoformat


def _times(times: Iterable[str | None]) -> list[str]:
    return [time for time in times if time is not None]


def _merged(archives: Iterable[MergedArchive]) -> list[MergedArchive]:
    """Return the archives that were merged into any, each once: as the one has it that took the most of its runs."""
    found: dict[str, MergedArchive] = {}
    for archive in archives:
        known = found.get(archive["id"])
        if known is None or archive["runs"] > known["runs"]:
            found[archive["id"]] = archive
    return sorted(found.values(), key=lambda archive: (archive["path"] or "", archive["id"]))
