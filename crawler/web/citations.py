"""A post as others cite it: in the Harvard style, and by the Chinese standard GB/T 7714-2015.

    大江网 (2022) ‘江西出台5G行动计划’, 20 April. Available at: https://… (Accessed: 27 November 2026).
    大江网. 江西出台5G行动计划[EB/OL]. (2022-04-20)[2026-11-27]. https://….

Where no authors are named the outlet stands in their place, as both allow for the body responsible for a text;
without an outlet, the title comes first. Pure. Not here: which address a post is cited by.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from crawler.text.words import squeeze

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

_MONTHS = "January February March April May June July August September October November December".split()
_SEVERAL = 3  # authors; of more, the Harvard style names the first only, GB/T 7714 three
# Titles that end so need no full stop.
_ENDS = tuple("。！？!?….")


def harvard(post: Mapping[str, Any], address: str | None, today: date) -> str:
    """Return the reference in the Harvard style of “Cite them right”, on one line.

    `post` has `title`, `source` (the outlet, or `None`), `authors` and `published_at` (ISO 8601); it is dated by the
    day in that offset. `address` is where it can be read, `None` if that is nowhere, and `today` the day on which it
    was.
    """
    title, outlet, day = _parts(post)
    published = f"{day.day} {_MONTHS[day.month - 1]}"
    accessed = f"{today.day} {_MONTHS[today.month - 1]} {today.year}"
    authors = _listed_in_english(_authors(post))
    responsible = authors or outlet
    begin = f"{responsible} ({day.year}) ‘{title}’" if responsible else f"‘{title}’ ({day.year})"
    place = f", {outlet}" if authors and outlet else ""
    read = f" Available at: {squeeze(address)} (Accessed: {accessed})." if address else ""
    return f"{begin}{place}, {published}.{read}"


def gb7714(post: Mapping[str, Any], address: str | None, today: date) -> str:
    """Return the reference by GB/T 7714-2015, 4.6 (electronic resources), on one line; see `harvard`.

    `[EB/OL]` marks a bulletin that is read online, `[Z]` what is not and is of no other kind. The day of publication
    is in round brackets, that of reading in square ones. Where nobody is named as responsible, the title comes first,
    which the standard allows in lists that are numbered. Where authors are named, the outlet is the publisher.
    """
    title, outlet, day = _parts(post)
    names = _authors(post)
    authors = ", ".join([*names[:_SEVERAL], *(["等"] if len(names) > _SEVERAL else [])])
    responsible = f"{_closed(authors or outlet)} " if authors or outlet else ""
    publisher = outlet if authors else ""
    if not address:
        return f"{responsible}{title}[Z]. {publisher}{', ' if publisher else ''}{day.isoformat()}."
    published = f"{publisher}, {day.year}" if publisher else ""
    return f"{responsible}{title}[EB/OL]. {published}({day.isoformat()})[{today.isoformat()}]. {squeeze(address)}."


def _parts(post: Mapping[str, Any]) -> tuple[str, str, date]:
    """Return title, outlet and day of a post, each on one line and without control characters."""
    return squeeze(post["title"]), squeeze(post["source"] or ""), datetime.fromisoformat(post["published_at"]).date()


def _authors(post: Mapping[str, Any]) -> list[str]:
    return [name for name in map(squeeze, post.get("authors") or ()) if name]


def _listed_in_english(names: list[str]) -> str:
    """Return `A`, `A and B`, `A, B and C`; of more names `A et al.`, with a full stop of its own."""
    if len(names) > _SEVERAL:
        return f"{names[0]} et al."
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _closed(words: str) -> str:
    return words if words.endswith(_ENDS) else f"{words}."
