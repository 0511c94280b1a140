"""What several archives have on a security. Not here: what one has (`crawler.archive.stock`)."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from functools import partial
from heapq import merge
from itertools import chain, islice
from typing import TYPE_CHECKING

from crawler.archive import asking, stock
from crawler.archive.federation.members import ask_each
from crawler.archive.store import securities
from crawler.archive.store.securities import Printed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TypeAlias

    from crawler.archive.asking import Asked
    from crawler.archive.federation.hits import LocatedHit
    from crawler.archive.federation.members import Member
    from crawler.archive.federation.whole import SeveralArchives
    from crawler.archive.search.results import Hit
    from crawler.archive.stock import EveryMention
    from crawler.archive.store.securities import Day, Name

    _Mention: TypeAlias = tuple[Hit, str, list[str]]  # a post, its text, and the names it prints


def about(
    members: Sequence[Member], whole: SeveralArchives, written: str, asked: Asked, *, limit: int, offset: int
) -> EveryMention | None:
    """Return the posts that mention the security `written`, as `crawler.archive.stock.about` does."""
    candidates = whole.candidates(written)
    if not candidates:
        return None
    meant = asking.meant(whole, {"since": asked.get("since"), "site": asked.get("site")})
    of, since, drafts = meant.filters.sites, meant.filters.since or 0, asked.get("drafts", False)
    security, *others = candidates
    code = security["code"]
    names = _names(members, code, security["name"], of, drafts=drafts)
    days = one_a_day(ask_each(members, partial(securities.days, code=code, since=since, sites=of, drafts=drafts)))
    most = -1 if limit < 0 else offset + limit
    ask = partial(securities.mentioning, code=code, since=since, sites=of, limit=most, offset=0, drafts=drafts)
    found: EveryMention = {
        "code": code,
        "symbol": security["symbol"],
        "market": security["market"],
        "name": security["name"],
        "names": names,
        "total": sum(day["posts"] for day in days),
        "days": days,
        "others": [other["code"] for other in others],
        "results": stock.shown(
            islice(_newest_first(members, ask), offset, None if limit < 0 else most),
            {name["name"] for name in names if name["odd"]},
        ),
    }
    return asking.explained(whole, None, meant, found)


def _newest_first(members: Sequence[Member], ask: partial[Iterator[_Mention]]) -> Iterator[_Mention]:
    """Yield what archives have, newest first; of one second, those of the first archive come first."""
    each = (_located(member, member.read(member.ask(ask))) for member in members)
    return (mention for _at, _number, mention in merge(*each, key=lambda located: located[:2], reverse=True))


def _located(member: Member, mentions: Iterator[_Mention]) -> Iterator[tuple[float, int, _Mention]]:
    for hit, text, printed in mentions:
        published = datetime.fromisoformat(hit["published_at"]).timestamp()
        located: LocatedHit = {**hit, "archive": member.name}
        yield published, -member.number, (located, text, printed)


def _names(members: Sequence[Member], code: str, usual: str, sites: Sequence[str], *, drafts: bool) -> list[Name]:
    """Return every name the security was printed under by any archive's posts, latest first."""
    printed = one_a_name(
        chain(*ask_each(members, partial(securities.printed_names, code=code, sites=sites, drafts=drafts)))
    )

    def between(first: int, last: int) -> int:
        return sum(ask_each(members, partial(securities.mentions_between, code=code, first=first, last=last)))

    def on(at: int) -> str:
        return str(
            next(filter(None, ask_each(members, partial(securities.day_of_mention, code=code, published_ts=at))))
        )

    return securities.judged(printed, usual, between, on)


def one_a_name(printed: Iterable[Printed]) -> list[Printed]:
    """Return what archives say of a name as one, latest first."""
    found: dict[str, Printed] = {}
    for each in printed:
        known = found.get(each.name, each._replace(posts=0))
        posts, first, last = known.posts + each.posts, min(known.first, each.first), max(known.last, each.last)
        found[each.name] = Printed(each.name, posts, first, last)
    return sorted(found.values(), key=lambda each: (-each.last, -each.posts, each.name))


def one_a_day(days: Iterable[Iterable[Day]]) -> list[Day]:
    """Return the sum of what archives count on each day, latest first."""
    total = Counter[str]()
    for day in chain(*days):
        total[day["day"]] += day["posts"]
    return [{"day": day, "posts": posts} for day, posts in sorted(total.items(), reverse=True)]
