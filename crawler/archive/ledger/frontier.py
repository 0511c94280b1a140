"""The frontier: which addresses of the ledger a run asks for next.

It is a query on the table `links`, repeated throughout a run, rather than a queue in memory. So addresses found by
any run, even one that was killed, are picked up. Not here: recording outcomes (`crawler.archive.ledger.links`), and
requesting addresses.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from crawler.archive.ledger import hosts, links
from crawler.archive.ledger.links import KnownAddress, known_where
from crawler.archive.store.lock import writing
from crawler.dates import iso
from crawler.revisits import LONGEST
from crawler.text.outside import looks_garbled

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from sqlite_utils import Database

    from crawler.items import Address, Scope

_PLANNED = "url IN (SELECT value FROM json_each(:planned)) AND asked_run_id IS NOT :run ORDER BY id"
_FOUND = (
    "site = :site AND kind IN ('post', 'share') AND state = 'found' AND asked_run_id IS NOT :run"
    " ORDER BY attempts, id LIMIT :most"
)
_DUE = (
    "site = :site AND next_try_at IS NOT NULL AND (next_try_at <= :now OR next_try_at > :never)"
    " AND (state = 'failed' OR :again) AND kind IN ('post', 'share', 'category', 'feed') AND asked_run_id IS NOT :run"
    " ORDER BY next_try_at LIMIT :most"
)
_LISTINGS = (
    "site = :site AND kind IN ('category', 'feed') AND state = 'found' AND asked_run_id IS NOT :run"
    " ORDER BY id LIMIT :most"
)
_NAMED = (
    "met_run_id = :run AND kind = 'post' AND (state = 'found' OR next_try_at <= :now OR next_try_at > :never)"
    " AND asked_run_id IS NOT :run ORDER BY id LIMIT :most"
)
_HOME_HAS_CHANGED = (
    "SELECT EXISTS (SELECT 1 FROM links WHERE site = :site AND kind = 'home' AND state = 'fetched'"
    " AND status <> 304 AND run_id = :run)"  # answered in this run, not merely asked for
)


_NOT_REQUESTED = (
    "SELECT count(*), coalesce(min(next_try_at), '') FROM links WHERE site = ? AND kind = 'post'"
    " AND next_try_at IS NOT NULL AND asked_run_id IS NOT ?"
)


def not_requested(db: Database, site: str, run_id: int) -> tuple[int, str]:
    """Count the known posts of `site` that are still checked but that run `run_id` did not request.

    Also returns when the first of them is due (UTC), "" if there is none.
    """
    count, due = db.execute(_NOT_REQUESTED, [site, run_id]).fetchone()
    return int(count), str(due)


class Frontier:
    """What run `run_id` of `site` still has to request, beginning with the addresses it starts from.

    A `usual` run requests what was found and what failed. It revisits other due addresses only if the home page has
    changed, because then the site has been rebuilt. A `full` run starts by making everything due, so that later runs
    can finish it if it is cut short. A run of scope `part` requests only the posts that its own pages name.
    """

    def __init__(
        self,
        db: Database,
        site: str,
        run_id: int,
        *,
        scope: Scope,
        limit: int | None = None,
        patience: timedelta = hosts.PATIENCE,
    ) -> None:
        """Use the ledger in `db`; give out at most `limit` posts, and none while the host asks for a longer wait.

        `patience` is the longest wait this run accepts.
        """
        self.db, self.site, self.run_id, self.scope, self.limit = db, site, run_id, scope, limit
        self.patience = patience
        self._planned = "[]"
        self._posts = 0
        self._taken: set[int] = set()
        self._left_out = 0  # posts beyond the limit, which the ledger does not know as requested

    def begin(self, addresses: Iterable[Address], now: datetime, *, rules: str | None = None) -> None:
        """Start with `addresses`; in a full run, make every known address of the site due.

        Otherwise make due what another version of the rules than `rules` refused or garbled: it may have been mended.
        """
        addresses = list(addresses)
        self._planned = json.dumps([address.url for address in addresses])
        with writing(self.db):
            links.plan(self.db, self.site, addresses, now, run_id=self.run_id)
            if self.scope == "full":
                self._make_everything_due(now)
            elif self.scope == "usual" and rules is not None:
                self._make_mended_due(rules)

    def take(self, count: int, now: datetime, *, host: str) -> list[KnownAddress]:
        """Return up to `count` addresses to request now, each once per run; none if the site's `host` is closed."""
        if hosts.closed(self.db, host, self.run_id, now, self.patience):
            return []
        values = {
            "site": self.site,
            "run": self.run_id,
            "now": iso(now),
            "never": iso(now + LONGEST),
            "again": self.scope == "full" or self._home_has_changed(),
            "most": count + self._left_out,
            "planned": self._planned,
        }
        chosen: dict[int, KnownAddress] = {}
        for where in (_PLANNED, _NAMED) if self.scope == "part" else (_PLANNED, _FOUND, _DUE, _LISTINGS):
            if len(chosen) < count:
                found = known_where(self.db, where, values)
                chosen |= {link.id: link for link in found if link.id not in self._taken}
        taken = self._within_limit(list(chosen.values())[:count])
        self._count_attempts(taken)
        return taken

    def _within_limit(self, chosen: list[KnownAddress]) -> list[KnownAddress]:
        """Remember the chosen addresses as taken, and return them without the posts beyond the limit."""
        self._taken.update(link.id for link in chosen)
        if self.limit is None:
            return chosen
        posts = [link for link in chosen if link.kind == "post"]
        left_out = posts[max(0, self.limit - self._posts) :]
        self._posts += len(posts)
        self._left_out += len(left_out)
        return [link for link in chosen if link not in left_out]

    def _count_attempts(self, taken: list[KnownAddress]) -> None:
        """Record the attempts before anything is read, so that an address that crashes the program comes last."""
        if taken:
            with writing(self.db):
                self.db.execute(
                    "UPDATE links SET attempts = attempts + 1, asked_run_id = :run"
                    " WHERE id IN (SELECT value FROM json_each(:ids))",
                    {"run": self.run_id, "ids": json.dumps([link.id for link in taken])},
                )

    def _make_everything_due(self, now: datetime) -> None:
        self.db.execute(
            "UPDATE links SET next_try_at = ? WHERE site = ? AND kind = 'post' AND state <> 'found'"
            " AND deleted_at IS NULL",
            [iso(now), self.site],
        )
        self.db.execute(
            # A page that only a person has named, and that was not there, was a slip of the pen.
            "UPDATE links SET state = 'found' WHERE site = ? AND kind IN ('category', 'feed')"
            " AND NOT (kind = 'category' AND state = 'gone' AND found_on IS NULL)",
            [self.site],
        )

    def _make_mended_due(self, rules: str) -> None:
        """Make due what other rules refused, and, when these are new, the posts whose text was read wrongly."""
        self.db.execute(
            "UPDATE links SET state = 'found' WHERE site = ? AND kind IN ('post', 'share')"
            " AND state = 'refused' AND rules <> ?",
            [self.site, rules],
        )
        if self.db.execute("SELECT 1 FROM links WHERE site = ? AND rules = ?", [self.site, rules]).fetchone():
            return
        texts = self.db.execute("SELECT id, title, text FROM articles WHERE site = ?", [self.site])
        garbled = [article_id for article_id, *text in texts if any(map(looks_garbled, text))]
        self.db.execute(
            "UPDATE links SET state = 'found' WHERE kind = 'post' AND state = 'stored'"
            " AND article_id IN (SELECT value FROM json_each(?))",
            [json.dumps(garbled)],
        )

    def _home_has_changed(self) -> bool:
        (changed,) = self.db.execute(_HOME_HAS_CHANGED, {"site": self.site, "run": self.run_id}).fetchone()
        return bool(changed)
