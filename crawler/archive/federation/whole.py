"""What several archives are as a whole: their zone, and the names that any of them knows.

Not here: how names are taken (`crawler.archive.ledger.names`).
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from functools import partial
from itertools import chain
from operator import attrgetter, methodcaller
from typing import TYPE_CHECKING, TypeVar

from crawler.archive.asking import Extent, OneArchive
from crawler.archive.care import top
from crawler.archive.federation.members import ask_each
from crawler.archive.ledger import zones
from crawler.archive.store import articles, securities
from crawler.archive.store.filing import candidates
from crawler.language import Sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import tzinfo

    from sqlite_utils import Database

    from crawler.archive.federation.members import Member
    from crawler.archive.store.filing.candidates import Candidate, Way

_Answer = TypeVar("_Answer")


class SeveralArchives:
    """Several archives that are asked as a whole; see `crawler.archive.asking.Whole`."""

    def __init__(self, members: Sequence[Member]) -> None:
        """Take the archives before any posts are left out of them, since their zones go by their first posts."""
        self._members, self.count = members, len(members)
        self.zones = {member.name: zone for member in members if (zone := member.ask(_zone_of)) is not None}

    def zone(self) -> tzinfo:
        """Return the zone of the first archive that has posts, or else of the first."""
        return next(iter(self.zones.values()), None) or self._members[0].ask(zones.of_archive)

    def on_zones(self) -> Sentence | None:
        """Return a sentence on which zone counts if archives have different ones; otherwise `None`."""
        others = [name for name, zone in self.zones.items() if zone != self.zone()]
        if not others:
            return None
        return Sentence(
            "Times are in the zone of {archive} ({zone}); {others} would show them in another.",
            archive=next(iter(self.zones)),
            zone=self.zone(),
            others=", ".join(others),
        )

    def has_drafts(self) -> bool:
        """See `Whole`."""
        return any(ask_each(self._members, articles.has_drafts))

    def has_several_sites(self) -> bool:
        """See `Whole`."""
        return any(ask_each(self._members, articles.are_of_several_sites)) or len(self._sites_with_posts()) > 1

    def extent(self) -> Extent:
        """See `Whole`."""
        each = self._each(methodcaller("extent"))

        def ends(name: str) -> list[str]:
            return [end for end in map(attrgetter(name), each) if end is not None]

        return Extent(
            min(ends("seen"), default=None),
            min(ends("earliest"), key=datetime.fromisoformat, default=None),
            max(ends("latest"), key=datetime.fromisoformat, default=None),
        )

    def sites(self) -> list[str]:
        """See `Known`."""
        return list(dict.fromkeys([*self._sites_with_posts(), *chain(*self._each(OneArchive.sites))]))

    def sources(self) -> list[str]:
        """See `Known`."""
        return sorted(set(chain(*self._each(OneArchive.sources))))

    def authors(self) -> list[str]:
        """See `Known`."""
        return sorted(set(chain(*self._each(OneArchive.authors))))

    def categories(self) -> dict[str, list[str]]:
        """See `Known`."""
        named = [each.items() for each in self._each(OneArchive.categories)]
        found: dict[str, list[str]] = {}
        for slug, names in sorted(chain(*named)):
            found[slug] = list(dict.fromkeys([*found.get(slug, ()), *names]))
        return found

    def candidates(self, typed: str) -> list[Candidate]:
        """See `Known`."""
        return candidates.first_found(typed, self._candidates)

    def spellings(self) -> dict[str, list[str]]:
        """See `Known`."""
        return dict(chain(*(each.items() for each in self._each(OneArchive.spellings))))

    def _candidates(self, way: Way, plain: str) -> list[Candidate]:
        return most_mentioned(ask_each(self._members, lambda db: way(db, plain)), self._usual_name)

    def _usual_name(self, code: str) -> str | None:
        latest = ask_each(self._members, partial(securities.latest_names, code=code))
        return securities.usual_name(sorted(chain(*latest), key=lambda each: -each[0]))

    def _sites_with_posts(self) -> list[str]:
        return list(added_up(ask_each(self._members, lambda db: top.counts(db, "sites", drafts=True))))

    def _each(self, question: Callable[[OneArchive], _Answer]) -> list[_Answer]:
        return ask_each(self._members, lambda db: question(OneArchive(db)))


def most_mentioned(found: Iterable[Sequence[Candidate]], name_of: Callable[[str], str | None]) -> list[Candidate]:
    """Return the securities that archives have found as one each, with all their posts, most mentioned first."""
    by_code: dict[str, Candidate] = {}
    for each in chain(*found):
        known = by_code.get(each["code"])
        by_code[each["code"]] = {**each, "posts": each["posts"] + (known["posts"] if known else 0)}
    named: list[Candidate] = [{**each, "name": name_of(code) or each["name"]} for code, each in by_code.items()]
    return sorted(named, key=lambda each: (-each["posts"], each["code"]))


def added_up(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    """Return the sum of counts by name, most first."""
    total = Counter[str]()
    for each in counts:
        total.update(each)
    return dict(sorted(total.items(), key=lambda each: (-each[1], each[0])))


def _zone_of(db: Database) -> tzinfo | None:
    """Return the zone of an archive; `None` if it has no posts to go by."""
    return None if articles.newest(db) is None else zones.of_archive(db)
