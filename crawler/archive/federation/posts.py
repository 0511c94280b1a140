"""One post, of the archive that speaks for it. Not here: what an archive says of a post (`Archive.post`)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from crawler.archive.federation import copies, speakers, stories
from crawler.archive.federation.members import Member, ask_each
from crawler.archive.federation.narrowing import sightings
from crawler.archive.federation.speakers import Copy
from crawler.archive.ledger import address_history, deletions
from crawler.archive.ledger.lookup import find_posts
from crawler.errors import AmbiguousPost, NoSuchPostAnywhere

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlite_utils import Database


class Found(NamedTuple):
    """A post, and the archive that speaks for it."""

    member: Member
    site: str
    post_id: str
    row: int


def find(members: Sequence[Member], name: str, site: str | None, as_of: str | None = None) -> Found:
    """Return the post that a person means by an id or an address, in the archive that speaks for it as of a time.

    Where no archive had seen it by then, as of now. Raises `NoSuchPostAnywhere` and `AmbiguousPost`.
    """
    keys = [key for member in members for key in member.ask(partial(_keys, name=name, site=site))]
    sites = list(dict.fromkeys(of_site for _post_id, of_site in keys))
    if len(sites) > 1:
        raise AmbiguousPost(name, sites)
    for post_id, of_site in keys:
        found = _copies(members, post_id, of_site)
        if found:
            seen = sightings(members, found, as_of)
            copy = speakers.speaker(found, seen) or speakers.speaker(found, sightings(members, found, None))
            assert copy is not None, "whatever is stored was seen"
            return Found(members[copy.archive], of_site, post_id, copy.row)
    outcomes = [member.ask(partial(address_history.last_outcome, name=name)) for member in members]
    raise NoSuchPostAnywhere(name, len(members), "; ".join(dict.fromkeys(filter(None, outcomes))) or None)


def read(
    members: Sequence[Member], found: Found, *, revision: int | None = None, as_of: str | None = None
) -> dict[str, Any]:
    """Return what the archive says of a post that was found, with the posts of all that tell the same story.

    Raises what `Archive.post` does.
    """
    archive = found.member.archive
    post = found.member.ask(lambda _: archive.post(found.post_id, revision=revision, as_of=as_of, site=found.site))
    told = stories.same_story_posts(members, found.member, found.row)
    return {**post, "same_story": told, "archive": found.member.name}


def _keys(db: Database, name: str, site: str | None) -> list[tuple[str, str]]:
    """Return the id and site of each post that an archive knows under a name, whoever speaks for it."""
    keys = [copies.key_of(db, row) for row in find_posts(db, name, site).values()]
    return [(key.post_id, key.site) for key in keys]


def _copies(members: Sequence[Member], post_id: str, site: str) -> list[Copy]:
    """Return where a post is; nowhere, if any of the archives has deleted it."""
    if any(ask_each(members, partial(deletions.find, site=site, post_id=post_id))):
        return []
    rows = ask_each(members, partial(copies.row_of, post_id=post_id, site=site))
    return [Copy(member.number, row) for member, row in zip(members, rows, strict=True) if row is not None]
