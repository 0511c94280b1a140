"""Which posts mention which securities, and under what names. Tables `securities` and `mentions`.

Not here: how codes are written (`crawler.securities`), which security a person means by what was typed
(`crawler.archive.store.filing.candidates`), and how mentions are found in a page (`crawler.extraction`).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from crawler.archive.store.articles import DRAFTS, OF_SITES
from crawler.securities import parse
from crawler.text.pinyin import spelling
from crawler.text.words import bare, fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sqlite_utils import Database

    from crawler.archive.search.results import Hit
    from crawler.items import Mention

_LATEST = 20  # mentions from which the current name is taken
_OFTEN = 3  # posts; a name printed in this many is not a misprint
# Prefixes and suffixes that exchanges add to a name: special treatment, ex-dividend, first day, weighted voting.
_MARK = re.compile(r"^(?:\*?s\*?t|xd|xr|dr|[nc](?=[\u4e00-\u9fff]))|-(?:w|s|sw|u|b)$")


def note_mentions(db: Database, article_id: int, mentions: tuple[Mention, ...], published_ts: int) -> None:
    """Replace the mentions of a post, and update the usual names of the securities concerned."""
    codes = {code for (code,) in db.execute("SELECT code FROM mentions WHERE article_id = ?", [article_id])}
    if codes:
        db.execute("DELETE FROM mentions WHERE article_id = ?", [article_id])
    for mention in mentions:
        _note_mention(db, article_id, mention, published_ts)
    for code in sorted(codes | {mention.code for mention in mentions}):
        name_anew(db, code)


def redate(db: Database, article_id: int, published_ts: int) -> None:
    """Write when a post was published that mentions what it did."""
    db.execute("UPDATE mentions SET published_ts = ? WHERE article_id = ?", [published_ts, article_id])


def _note_mention(db: Database, article_id: int, mention: Mention, published_ts: int) -> None:
    security = parse(mention.code)
    assert security is not None, "extraction keeps only codes it could parse"
    if not db.execute("SELECT 1 FROM securities WHERE code = ?", [security.code]).fetchone():
        db.execute(
            "INSERT INTO securities (code, symbol, market, name, pinyin) VALUES (?, ?, ?, ?, ?)",
            [security.code, security.symbol, security.market, mention.name, spelling(mention.name)],
        )
    db.execute(
        "INSERT INTO mentions (article_id, code, name, count, published_ts) VALUES (?, ?, ?, ?, ?)",
        [article_id, security.code, mention.name, mention.count, published_ts],
    )


def name_anew(db: Database, code: str) -> None:
    """Name a security as its latest mentions do."""
    name = usual_name(latest_names(db, code))
    if name is not None and db.execute("SELECT name FROM securities WHERE code = ?", [code]).fetchone() != (name,):
        _rename(db, code, name)


def latest_names(db: Database, code: str) -> list[tuple[int, str]]:
    """Return the latest mentions of a security: when each was published (epoch seconds), and the name it prints."""
    return db.execute(
        "SELECT published_ts, name FROM mentions WHERE code = ?"
        " ORDER BY published_ts DESC, article_id DESC, count DESC, name LIMIT ?",
        [code, _LATEST],
    ).fetchall()


def usual_name(latest: Iterable[tuple[int, str]]) -> str | None:
    """Return the name that most of the latest mentions print, of equally frequent ones the latest; `None` of none."""
    names = [name for _at, name in islice(latest, _LATEST)]
    return Counter(names).most_common(1)[0][0] if names else None


def name_all(db: Database) -> None:
    """Give every security its usual name, after mentions were deleted."""
    for (code,) in db.execute("SELECT code FROM securities").fetchall():
        name_anew(db, code)


def spell_all(db: Database) -> None:
    """Recompute the pinyin of every security's name."""
    for code, name in db.execute("SELECT code, name FROM securities").fetchall():
        _rename(db, code, name)


def _rename(db: Database, code: str, name: str) -> None:
    db.execute("UPDATE securities SET name = ?, pinyin = ? WHERE code = ?", [name, spelling(name), code])


def usual_names(db: Database, codes: Iterable[str]) -> dict[str, str]:
    """Return the usual names of securities by code."""
    rows = db.execute(
        "SELECT code, name FROM securities WHERE code IN (SELECT value FROM json_each(?))", [json.dumps([*codes])]
    )
    return dict(rows.fetchall())


class Name(TypedDict):
    """A name that a security was printed under: its first and last day, and the number of posts.

    It is `odd` if it agrees with none of the security's usual names: a misprint, or a code marked by mistake.
    """

    name: str
    first: str
    last: str
    posts: int
    odd: bool


class Day(TypedDict):
    """The number of posts that mention a security on a day of the site's calendar."""

    day: str
    posts: int


class Printed(NamedTuple):
    """A name that a security was printed under: by how many posts, and when by the first and the last (seconds)."""

    name: str
    posts: int
    first: int
    last: int


def names(db: Database, code: str, sites: Sequence[str] = (), *, drafts: bool = True) -> list[Name]:
    """Return every name the security was printed under, by posts of `sites` if any are named; latest first."""
    (usual,) = db.execute("SELECT name FROM securities WHERE code = ?", [code]).fetchone()
    between, on = partial(mentions_between, db, code), partial(day_of_mention, db, code)
    return judged(printed_names(db, code, sites, drafts=drafts), usual, between, lambda at: str(on(at)))


def printed_names(db: Database, code: str, sites: Sequence[str] = (), *, drafts: bool = True) -> list[Printed]:
    """Return every name the security was printed under, by posts of `sites` if any are named; latest first."""
    rows = db.execute(
        "SELECT name, count(*), min(published_ts), max(published_ts) FROM mentions"  # noqa: S608  # constants
        f" WHERE code = :code AND {_wanted(drafts)} GROUP BY name ORDER BY 4 DESC, 2 DESC, name",
        {"code": code, "sites": _listed(sites)},
    ).fetchall()
    return [Printed(*row) for row in rows]


def judged(
    names: Sequence[Printed], usual: str, between: Callable[[int, int], int], on: Callable[[int], str]
) -> list[Name]:
    """Return names with their days, and whether each is odd for a security whose `usual` name this is.

    `between` counts all its mentions from one second to another, and `on` says on which day a second was.
    """
    own = [usual, *(each.name for each in names if _was_usual(each, between))]
    return [
        {
            "name": each.name,
            "first": on(each.first),
            "last": on(each.last),
            "posts": each.posts,
            "odd": not any(names_agree(each.name, other) for other in own),
        }
        for each in names
    ]


def days(db: Database, code: str, since: int, sites: Sequence[str] = (), *, drafts: bool = True) -> list[Day]:
    """Return the number of posts that mention the security per day, from `since` (epoch seconds) on, latest first.

    If any `sites` are named, only their posts count.
    """
    rows = db.query(
        "SELECT substr(published_at, 1, 10) AS day, count(*) AS posts FROM articles WHERE id IN"  # noqa: S608  # constants
        f" (SELECT article_id FROM mentions WHERE code = :code AND published_ts >= :since AND {_wanted(drafts)})"
        " GROUP BY day ORDER BY day DESC",
        {"code": code, "since": since, "sites": _listed(sites)},
    )
    return list(rows)  # type: ignore[arg-type]  # the columns above


def mentioning(
    db: Database, code: str, since: int, sites: Sequence[str] = (), *, limit: int, offset: int, drafts: bool = True
) -> Iterator[tuple[Hit, str, list[str]]]:
    """Yield the posts that mention the security from `since` (epoch seconds) on, newest first.

    If any `sites` are named, only their posts. Each comes with its text and the names it prints.
    """
    rows = db.query(
        "SELECT post_id AS id, site, title, published_at, source, category, (SELECT json_group_array(category) FROM"  # noqa: S608  # constants
        " (SELECT category FROM article_categories WHERE article_id = articles.id ORDER BY position)) AS categories,"
        " authors, url, text, printed FROM articles JOIN"
        " (SELECT article_id, published_ts AS at, json_group_array(name) AS printed FROM mentions"
        f" WHERE code = :code AND published_ts >= :since AND {_wanted(drafts)} GROUP BY article_id"
        " ORDER BY at DESC, article_id DESC"
        " LIMIT :most OFFSET :first) AS mentioned ON mentioned.article_id = articles.id"
        " ORDER BY at DESC, article_id DESC",
        {"code": code, "since": since, "sites": _listed(sites), "most": limit, "first": offset},
    )
    for row in rows:
        text, printed = row.pop("text"), json.loads(row.pop("printed"))
        row |= {name: json.loads(row[name]) for name in ("categories", "authors")}
        yield row, text, printed  # type: ignore[misc]  # the columns above


def codes(db: Database, sites: Sequence[str] = ()) -> set[str]:
    """Return the codes of the securities that are known; if any `sites` are named, of those their posts mention."""
    of_sites = f"SELECT DISTINCT code FROM mentions WHERE {_wanted(True)}"  # noqa: S608  # constants
    rows = db.execute(of_sites if sites else "SELECT code FROM securities", {"sites": _listed(sites)})
    return {code for (code,) in rows}


def count_mentions(db: Database, sites: Sequence[str] = (), *, drafts: bool = True) -> int:
    """Return the number of mentions, one for each name a post prints; of `sites` if any are named."""
    sql = f"SELECT count(*) FROM mentions WHERE {_wanted(drafts)}"  # noqa: S608  # constants
    (count,) = db.execute(sql, {"sites": _listed(sites)}).fetchone()
    return int(count)


def _wanted(drafts: bool) -> str:
    """Return the condition on mentions, in SQL: of `:sites` unless that is null, and of drafts only if wanted."""
    of_sites = f"(:sites IS NULL OR article_id IN (SELECT id FROM articles WHERE {OF_SITES}))"  # noqa: S608  # a constant
    return of_sites if drafts else f"{of_sites} AND article_id NOT IN ({DRAFTS})"


def _listed(sites: Sequence[str]) -> str | None:
    return json.dumps(list(sites)) if sites else None


def _was_usual(printed: Printed, between: Callable[[int, int], int]) -> bool:
    """Return whether a name was the usual one in its time: printed often, and by most posts of that time."""
    return printed.posts >= _OFTEN and printed.posts * 2 >= between(printed.first, printed.last)


def mentions_between(db: Database, code: str, first: int, last: int) -> int:
    """Return how often a security was mentioned from one second to another, in epoch seconds, both included."""
    (mentions,) = db.execute(
        "SELECT count(*) FROM mentions WHERE code = ? AND published_ts BETWEEN ? AND ?", [code, first, last]
    ).fetchone()
    return int(mentions)


def day_of_mention(db: Database, code: str, published_ts: int) -> str | None:
    """Return the day, of its site's calendar, on which a post mentioned a security at a second; `None` of none."""
    row = db.execute(
        "SELECT substr(published_at, 1, 10) FROM mentions JOIN articles ON articles.id = article_id"
        " WHERE code = ? AND mentions.published_ts = ?",
        [code, published_ts],
    ).fetchone()
    return None if row is None else str(row[0])


def names_agree(name: str, other: str) -> bool:
    """Return whether two printed names probably mean the same security.

    They do if they share two adjacent characters, ignoring white space and marks such as `*ST` or `XD`: `ST康美` and
    `康美药业` agree, `贵州茅台` and `五粮液` do not. A name of one character is compared as a whole.
    """
    one, two = (_MARK.sub("", bare(fold(printed))) for printed in (name, other))
    if min(len(one), len(two)) <= 1:
        return one == two
    return any(one[at : at + 2] in two for at in range(len(one) - 1))
