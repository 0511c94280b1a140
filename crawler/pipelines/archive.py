"""Archive: write every record in one transaction with its row of the ledger, and keep the run's account.

The one writer. It holds the archive's lock from the first item to the last and ends the run with its report.
Not here: SQL (`crawler.archive`) and files.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_never

from scrapy import signals
from scrapy.exceptions import DropItem
from scrapy.utils.defer import deferred_from_coro

from crawler import dates
from crawler.archive import Archive, hosts, ledger, posts, runs
from crawler.archive.ledger import End
from crawler.archive.lock import run_lock
from crawler.archive.runs import RunOutcome, Traffic
from crawler.cadence import missed_a_run
from crawler.errors import ArchiveError
from crawler.extraction.listing import leading
from crawler.items import Archived, Article, Fetch, Link, Listing, Missed, Refused, Unchanged
from crawler.sites.addresses import address_of, category_address, start_addresses
from crawler.sites.loading import fingerprint, load_site

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from scrapy import Spider
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.statscollectors import StatsCollector
    from twisted.python.failure import Failure

    from crawler.items import Address
    from crawler.sites.definition import Site

Record = Article | Listing | Refused | Missed | Unchanged

_GONE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
# How Scrapy says why a run ended; anything else is a failure.
_OUTCOMES: dict[str, RunOutcome] = {
    "finished": "finished",
    "shutdown": "interrupted",
    "cancelled": "interrupted",
}


class StoreInArchive:
    """The step, and the run it belongs to.

    `report` is the run's report once it has ended; `trouble` what SQLite had to say when it could not go on.
    """

    def __init__(self, path: str, site: Site, *, stop: Callable[[], None] = lambda: None) -> None:
        """Take the lock of the archive at `path` and begin a run of `site`; `stop` is called to end it early."""
        self.site = site
        self.report: dict[str, Any] | None = None
        self.trouble: str | None = None
        self._stop = stop
        self._began = time.monotonic()
        with ExitStack() as opening:
            opening.enter_context(run_lock(Path(path)))
            self.archive = opening.enter_context(Archive(path, create=True))
            try:
                self.run_id = runs.begin(self.archive.db, site.name, dates.now())
            except sqlite3.OperationalError as error:
                raise ArchiveError(f"{path} cannot be written to ({error}): a run needs to.") from error
            self._open = opening.pop_all()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Read archive and site from the settings, and listen for errors and for the end."""

        def stop() -> None:
            deferred_from_coro(crawler.engine.close_spider_async(reason="archive"))

        step = cls(crawler.settings["FINEWS_ARCHIVE"], load_site(crawler.settings["FINEWS_SITE"]), stop=stop)

        def end(spider: Spider, reason: str) -> None:  # noqa: ARG001  # the signal's arguments
            step.end(_OUTCOMES.get(reason, "failed"), _traffic(crawler.stats))

        crawler.signals.connect(end, signals.spider_closed, weak=False)
        crawler.signals.connect(step.note_error, signals.spider_error)
        crawler.signals.connect(step.note_error, signals.item_error)
        return step

    def process_item(self, item: Any) -> Any:
        """Write a record and hand on what became of its address."""
        if not isinstance(item, Record):
            return item
        try:
            with self.archive.db.atomic():
                return self._write(item)
        except sqlite3.OperationalError as error:
            self._give_up(error)
            raise DropItem(f"not archived: {error}", log_level="DEBUG") from error

    def note_error(self, failure: Failure, response: Response | None) -> None:
        """Count a page the program itself stumbled over as failed; Scrapy has logged the traceback.

        A spider that could not write to the archive when it set out has no page to show, and its trouble is ours.
        """
        if isinstance(failure.value, sqlite3.OperationalError):
            self._give_up(failure.value)
        asked = response.request.cb_kwargs.get("asked") if response is not None and response.request else None
        if asked is not None:
            fetch = Fetch(address=asked.address, fetched_at=dates.now(), found_on=asked.found_on)
            name = type(failure.value).__name__
            self.process_item(Missed(fetch=fetch, state="failed", reason=f"error in the program: {name}"))

    def end(self, outcome: RunOutcome, traffic: Traffic) -> None:
        """End the run, keep its report, close the archive and let go of the lock.

        A run that gave up on the site itself has failed. Without room for the report there is none; the next run puts
        this one down as interrupted.
        """
        seconds = time.monotonic() - self._began
        with self._open:
            try:
                if outcome == "finished" and hosts.gave_up(self.archive.db, self.site.hosts[0], self.run_id):
                    outcome = "failed"
                self.report = runs.finish(
                    self.archive.db, self.run_id, outcome, now=dates.now(), seconds=seconds, traffic=traffic
                )
            except sqlite3.OperationalError as error:
                self.trouble = str(error)

    def _give_up(self, error: sqlite3.OperationalError) -> None:
        """End the run: after a full disk, or a file made read-only, nothing more can be kept."""
        if self.trouble is None:
            self._stop()
        self.trouble = str(error)

    def _write(self, record: Record) -> Archived:
        match record:
            case Article():
                return self._store(record)
            case Listing():
                return self._list(record)
            case Unchanged():
                return self._keep(record.fetch)
            case Refused():
                return self._refuse(record)
            case Missed():
                return self._miss(record)
            case _:
                assert_never(record)

    def _store(self, article: Article) -> Archived:
        post = article.post
        if posts.has_rival(self.archive.db, article, self.run_id):
            reason = "another address has a post of this id"
            return self._settle(post.fetch, End(state="refused", outcome="refused", reason=reason, rule="one id"))
        archived = posts.store(self.archive.db, article, self.run_id)
        address = category_address(self.site, post.category.slug) if post.category else None
        if address and post.category:
            named = [Link(address=address, text=post.category.name)]
            ledger.found(self.archive.db, self.site.name, named, by=post.fetch, run_id=self.run_id)
            before = ledger.known(self.archive.db, post.fetch.address.url)
            if before is not None and before.leads_on:
                ledger.due(self.archive.db, self.site.name, [address], post.fetch.fetched_at, run_id=self.run_id)
        end = End(state="stored", outcome=archived.outcome, article_id=archived.article_id)
        if post.came_from is not None:
            self._settle(post.came_from, end)
        settled = self._settle(post.fetch, end)
        if post.fetch.status in _GONE:
            posts.gone(self.archive.db, post.fetch.address.url, post.fetch.fetched_at)
        return settled

    def _list(self, listing: Listing) -> Archived:
        """Note what a listing names; a home page that has changed makes the feed due."""
        db, site, fetch = self.archive.db, self.site.name, listing.fetch
        leads_on: set[str] = set()
        if fetch.address.kind == "home":
            leads_on = leading(
                listing, self.site, ledger.unknown(db, listing.links), missed=self._has_missed_a_run(fetch)
            )
            ledger.due(db, site, self._feed(), fetch.fetched_at, run_id=self.run_id)
        ledger.found(db, site, listing.links, by=fetch, run_id=self.run_id, leading=leads_on)
        if fetch.address.kind == "category" and not listing.groups:
            return self._list_nothing(fetch)
        return self._settle(fetch, End(state="fetched"))

    def _list_nothing(self, fetch: Fetch) -> Archived:
        """Note a category that names no post: an outlet may be quiet, but not while its posts are there."""
        if posts.is_alive(self.archive.db, self.site.name, fetch.address.key, fetch.fetched_at):
            fetch = replace(fetch, etag=None, last_modified=None)
            return self._settle(fetch, End(state="failed", reason="names no post"))
        return self._settle(fetch, End(state="fetched", reason="names no post"))

    def _keep(self, fetch: Fetch) -> Archived:
        """Note a page that has not changed: a post was seen again, and what was refused is refused again."""
        before = ledger.known(self.archive.db, fetch.address.url)
        if before is not None and before.state == "refused":
            end = End(state="refused", outcome="refused", reason=before.reason, rule=before.rule)
            return self._settle(fetch, end)
        if fetch.address.kind not in {"post", "share"}:
            return self._settle(fetch, End(state="fetched", reason=before.reason if before else None))
        if before is None or before.article_id is None:
            # Some server or proxy's mistake: nobody asks conditionally for what is not stored.
            reason = "not modified, though nothing is stored"
            return self._settle(fetch, End(state="failed", outcome="failed", reason=reason))
        posts.seen_again(self.archive.db, before.article_id, fetch.fetched_at)
        return self._settle(fetch, End(state="stored", outcome="unchanged", article_id=before.article_id))

    def _refuse(self, refused: Refused) -> Archived:
        fetch = refused.fetch
        if fetch.address.kind not in {"post", "share"}:
            # What a wrong page is known by must not stand for the right one.
            fetch = replace(fetch, etag=None, last_modified=None)
            self._do_without_home(fetch)
        return self._settle(fetch, End(state="refused", outcome="refused", reason=refused.reason, rule=refused.rule))

    def _miss(self, missed: Missed) -> Archived:
        """Note a page that was not served: a post that is gone is marked, and stays."""
        if missed.state == "gone":
            posts.gone(self.archive.db, missed.fetch.address.url, missed.fetch.fetched_at)
        self._do_without_home(missed.fetch)
        return self._settle(missed.fetch, End(state=missed.state, outcome=missed.state, reason=missed.reason))

    def _do_without_home(self, fetch: Fetch) -> None:
        """Make every other listing due when home, which would say what is new, cannot be had."""
        if fetch.address.kind != "home":
            return
        known = (address_of(self.site, link.url) for link in ledger.categories(self.archive.db, self.site.name))
        listings = [*self._feed(), *filter(None, known)]
        ledger.due(self.archive.db, self.site.name, listings, fetch.fetched_at, run_id=self.run_id)

    def _feed(self) -> list[Address]:
        return [address for address in start_addresses(self.site) if address.kind == "feed"]

    def _has_missed_a_run(self, home: Fetch) -> bool:
        before = ledger.known(self.archive.db, home.address.url)
        if before is None or before.read_at is None:
            return False
        gap = home.fetched_at - datetime.fromisoformat(before.read_at)
        return missed_a_run(gap, runs.gaps(self.archive.db, self.run_id))

    def _settle(self, fetch: Fetch, end: End) -> Archived:
        """Write the ledger's row; only posts and share links, asked for as such, come to an outcome.

        A share link that was asked for besides does so when it changed what its post says.
        """
        if fetch.address.kind not in {"post", "share"} or (fetch.besides and end.outcome != "changed"):
            end = replace(end, outcome=None)
        if fetch.status == HTTPStatus.OK:
            end = replace(end, rules=fingerprint(self.site))
        noted = ledger.settled(self.archive.db, self.site.name, fetch, end, run_id=self.run_id)
        return Archived(
            address=fetch.address, outcome=end.outcome, article_id=end.article_id, noted=noted, reason=end.reason
        )


def _traffic(stats: StatsCollector) -> Traffic:
    """Read what Scrapy counted; robots.txt is among the requests."""
    return Traffic(
        requests=stats.get_value("downloader/request_count", 0),
        not_modified=stats.get_value("downloader/response_status_count/304", 0),
        retries=stats.get_value("retry/count", 0),
        bytes=stats.get_value("downloader/response_bytes", 0),
    )
