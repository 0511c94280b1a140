"""Which post, sites, outlets, authors, categories and securities a person means by what they type; which are near.

A name that is unknown is returned as it was typed, so that it finds nothing, with a sentence that says so; a post or
site that must be there is an error. Not here: which posts a name can mean (`crawler.archive.ledger.lookup`), and what
is asked of them (`crawler.archive.asking`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from crawler.archive.ledger import address_history, links, runs
from crawler.archive.ledger import sites as definitions_of
from crawler.archive.ledger.lookup import find_posts
from crawler.archive.store import articles
from crawler.archive.store.filing import authors as bylines
from crawler.archive.store.filing import candidates
from crawler.errors import AmbiguousPost, NoSuchPost, SiteError
from crawler.language import Sentence
from crawler.nearby import did_you_mean, key, nearest, nearest_by_spelling
from crawler.sites.addresses import address_of, category_address
from crawler.sites.loading import load_site
from crawler.text.variants import unify

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from sqlite_utils import Database

    from crawler.archive.store.filing.candidates import Candidate
    from crawler.sites.definition import Site

_LISTED = 10  # known names in a sentence, if none of them is near


class KnownCategories(NamedTuple):
    """The categories of a site that are known, `by_slug` with their names, and whether these `are_all` there are."""

    by_slug: dict[str, list[str]]
    are_all: bool

    def slugs_of(self, typed: str) -> list[str]:
        """Return the slugs that `typed` means; none if it is unclear."""
        return slugs_of(typed, self.by_slug)

    def near(self, typed: str) -> str:
        """Return a sentence on those that are near what was `typed`, or else on all."""
        return near_categories(typed, self.by_slug)


class Known(Protocol):
    """The names that are known: those of an archive (`OfArchive`), or of several that are asked together."""

    def sites(self) -> list[str]:
        """Return the sites that have posts, that with the most first, and then those that have only runs."""

    def sources(self) -> list[str]:
        """Return the outlets that have posts."""

    def authors(self) -> list[str]:
        """Return the authors of posts."""

    def categories(self) -> dict[str, list[str]]:
        """Return the names of the categories that posts are filed under, by slug."""

    def candidates(self, typed: str) -> list[Candidate]:
        """Return the securities that may be meant, see `candidates.candidates`."""

    def spellings(self) -> dict[str, list[str]]:
        """Return how each security can be spelt, see `candidates.spellings`."""


@dataclass(frozen=True, slots=True)
class OfArchive:
    """The names that an archive knows; see `Known`."""

    db: Database

    def sites(self) -> list[str]:
        """See `Known`."""
        return list(dict.fromkeys([*articles.sites(self.db), *runs.counts(self.db)]))

    def sources(self) -> list[str]:
        """See `Known`."""
        return articles.sources(self.db)

    def authors(self) -> list[str]:
        """See `Known`."""
        return bylines.every(self.db)

    def categories(self) -> dict[str, list[str]]:
        """See `Known`."""
        return known_categories(self.db)

    def candidates(self, typed: str) -> list[Candidate]:
        """See `Known`."""
        return candidates.candidates(self.db, typed)

    def spellings(self) -> dict[str, list[str]]:
        """See `Known`."""
        return candidates.spellings(self.db)


class Understood(NamedTuple):
    """The names that are meant, and a sentence on each that is unknown or was taken for another."""

    names: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def sites(known: Known, typed: Sequence[str]) -> Understood:
    """Return the sites that are meant."""
    return _among(known.sites(), typed, Sentence("No site is called {typed}: {near}")) if typed else Understood()


def sites_there(known: Known, typed: Sequence[str], archive: Path | str) -> tuple[str, ...]:
    """Return the sites that are meant. Raises `SiteError` if the archive, whose path is given, has no such site."""
    for each in typed:
        if sites(known, [each]).remarks:
            there = known.sites()
            near = did_you_mean(nearest(each, there))
            near = near or Sentence("it has {names}.", names=_listed(there))
            raise SiteError(each, "", "is not a site in {archive}; {near}", archive=archive, near=near)
    return sites(known, typed).names


def the_post(db: Database, name: str, site: str | None, archive: Path) -> int:
    """Return the row of the post, of this site if one is given, that a person means by an id, an address or a file.

    Raises `NoSuchPost`, which names the path of the archive, and `AmbiguousPost`.
    """
    found = find_posts(db, name, site)
    if not found:
        raise NoSuchPost(name, archive, address_history.last_outcome(db, name))
    if len(found) > 1:
        raise AmbiguousPost(name, list(found))
    return next(iter(found.values()))


def definitions(db: Database, typed: str | None = None) -> list[Site]:
    """Return the definition of the site that is `typed`, by name or as a file; else those of the archive's sites.

    Of an archive without posts that is the site `finews`. Raises `SiteError`.
    """
    known = definitions_of.known(db)
    if typed is not None:
        return [known[typed] if typed in known else load_site(typed)]
    return [known[name] for name in articles.sites(db) if name in known] or [load_site("finews")]


def sources(known: Known, typed: Sequence[str]) -> Understood:
    """Return the outlets that are meant."""
    unknown = Sentence("No outlet is called {typed}: {near}")
    return _among(known.sources(), typed, unknown) if typed else Understood()


def authors(known: Known, typed: Sequence[str]) -> Understood:
    """Return the authors that are meant."""
    unknown = Sentence("No author is called {typed}: {near}")
    return _among(known.authors(), typed, unknown) if typed else Understood()


def categories(known: Known, typed: Sequence[str]) -> Understood:
    """Return the slugs of the categories that are meant, by slug, by name, or by a part that only one name has."""
    if not typed:
        return Understood()
    by_slug = known.categories()
    meant = [(each, slugs_of(each, by_slug)) for each in typed]
    remarks = [
        Sentence(
            "No category is called {each}: {near_categories}",
            each=each,
            near_categories=near_categories(each, by_slug),
        )
        if not slugs
        else Sentence(
            "{each} is taken for the category {listed}.",
            each=each,
            listed=_listed(_titled(slug, by_slug[slug]) for slug in slugs),
        )
        for each, slugs in meant
        if each not in slugs
    ]
    return Understood(tuple(slug for each, slugs in meant for slug in slugs or [each]), tuple(remarks))


def categories_of(db: Database, site: Site) -> KnownCategories:
    """Return the categories of a site that have a page: those of its posts, and those that its pages link to.

    Once a run has read the home page, from which all others are found, these are all.
    """
    slugs = {slug: called for slug, called in known_categories(db, site.name).items() if category_address(site, slug)}
    for page in links.categories(db, site.name):
        address = address_of(site, page.url)
        if address is not None and (page.found_on or page.state == "fetched"):
            slugs.setdefault(address.key, [page.title] if page.title else [])
    home = links.home(db, site.name)
    known = None if home is None else links.known(db, home)
    return KnownCategories(slugs, are_all=bool(slugs) and known is not None and known.state == "fetched")


def slugs_of(typed: str, known: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the slugs of the categories, `known` with their names, that `typed` means; none if it is unclear."""
    if typed in known:
        return [typed]
    wanted = key(typed)
    same = [slug for slug, called in known.items() if wanted in map(key, (slug, *called))]
    if same or not wanted:
        return same
    part = unify(typed).strip()
    parts = [slug for slug, called in known.items() if any(part in unify(name) for name in called)]
    return parts if len(parts) == 1 and len(part) > 1 else []


def near_categories(typed: str, known: Mapping[str, Sequence[str]]) -> str:
    """Return a sentence on the categories that are near what was `typed`, or else on all."""
    shown = {_titled(slug, called): (slug, *called) for slug, called in known.items()}
    near = did_you_mean(nearest_by_spelling(typed, shown))
    return near or (_known(shown) if shown else Sentence("none is known yet."))


def securities(known: Known, typed: Sequence[str]) -> Understood:
    """Return the codes of the securities that are meant. Raises `AmbiguousSecurity`."""
    codes: list[str] = []
    remarks: list[str] = []
    for each in typed:
        found = [candidate["code"] for candidate in known.candidates(each)]
        codes += found
        if not found:
            near = did_you_mean(near_securities(known, each))
            alone = Sentence("No post mentions a security {written}.", written=each)
            beside = Sentence("No post mentions a security {written}: {near}", written=each, near=near)
            remarks.append(beside if near else alone)
    return Understood(tuple(dict.fromkeys(codes)), tuple(remarks))


def near_securities(known: Known, typed: str) -> list[str]:
    """Return the securities whose name, code or pinyin is near what was `typed`: `平安银行 (000001.SZ)`."""
    return nearest_by_spelling(typed, known.spellings())


def _among(known: Iterable[str], typed: Sequence[str], unknown: Sentence) -> Understood:
    """Return the `known` names that are meant: each as it was typed, or else those that differ only in their form.

    `unknown` is what to say of another one, with its name (`typed`) and those `near` to it.
    """
    every = list(known)
    meant = [
        (each, [each] if each in every else [name for name in every if key(name) == key(each)]) for each in typed
    ]
    remarks = [
        Sentence(unknown, typed=each, near=did_you_mean(nearest(each, every)) or _known(every))
        for each, names in meant
        if not names
    ]
    return Understood(tuple(name for each, names in meant for name in names or [each]), tuple(remarks))


def known_categories(db: Database, site: str | None = None) -> dict[str, list[str]]:
    """Return the names of the categories that posts are filed under, of one site or of all, by slug."""
    found: dict[str, list[str]] = {}
    rows = db.execute(
        "SELECT slug, name FROM categories WHERE :site IS NULL OR site = :site ORDER BY slug", {"site": site}
    )
    for slug, name in rows:
        found.setdefault(slug, []).append(name)
    return found


def _titled(slug: str, called: Sequence[str]) -> str:
    """Return `dajiangwang (大江网新闻)`."""
    others = [name for name in called if name and name != slug]
    return f"{slug} ({', '.join(others)})" if others else slug


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    first = ", ".join(every[:_LISTED])
    if len(every) <= _LISTED:
        return first
    return Sentence("{first} and {count} more", first=first, count=len(every) - _LISTED)


def _known(names: Iterable[str]) -> str:
    listed = _listed(names)
    return Sentence("known are {names}.", names=listed) if listed else Sentence("the archive has none.")
