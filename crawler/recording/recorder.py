"""The recorder: writes a run's records, several in one transaction, and then the Markdown of what was stored.

Every record is written together with its row of the ledger, so that a killed run only loses what it had not yet
written. Not here: SQL (`crawler.archive`), and where records come from.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, assert_never

from crawler.archive.ledger import deletions, links, runs, unwritten
from crawler.archive.ledger.links import End
from crawler.archive.search import index
from crawler.archive.store import articles, posts
from crawler.archive.store.derived import DerivedArticle
from crawler.archive.store.lock import writing
from crawler.errors import ArchiveReplaced
from crawler.extraction.listing import posts_needing_category
from crawler.items import NAMES_NO_POST, PAGES, Fetch, Link, Listing, Missed, Recorded, Refused, Unchanged
from crawler.markdown.post_file import render_post
from crawler.recording.deleted import deletion_of
from crawler.recording.identity import page_under_its_id
from crawler.recording.markdown_folder import MarkdownFolder
from crawler.recording.taking_in import take_in
from crawler.revisits import missed_a_run
from crawler.sites.addresses import address_of, category_address, feed_addresses
from crawler.sites.loading import rules_version
from crawler.text.outside import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from crawler.archive import Archive
    from crawler.archive.ledger.links import KnownAddress
    from crawler.recording.taking_in import ReadFile
    from crawler.sites.definition import Site


Record = DerivedArticle | Listing | Refused | Missed | Unchanged

_GONE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}


class Recorder:
    """Writes the records of run `run_id` of `site`. `folder` is where Markdown goes, `None` for nowhere."""

    def __init__(self, archive: Archive, site: Site, run_id: int, posts_folder: Path | None) -> None:
        """Write to an open `archive` and, unless it is `None`, an existing folder."""
        self.archive, self.site, self.run_id = archive, site, run_id
        self.folder = MarkdownFolder(archive.db, posts_folder) if posts_folder else None
        self._met: set[int] = set()  # rows of the posts that were taken in from files

    @property
    def trouble(self) -> str | None:
        """Why a Markdown file could not be written; `None` if all could."""
        return self.folder.trouble if self.folder else None

    @property
    def unwritten(self) -> dict[str, int]:
        """The number of Markdown files still missing, by reason; a run without Markdown passes on the last run's."""
        if self.folder is None:
            return unwritten.left_by_earlier_runs(self.archive.db, self.site.name)
        return Counter(self.folder.unwritten.values())

    def catch_up(self) -> None:
        """Write the Markdown files that earlier runs of the site could not."""
        if self.folder is not None:
            self.folder.catch_up(self.site.name)

    def write(self, records: Sequence[Record]) -> list[Recorded | Exception]:
        """Write records and then their Markdown; return for each what became of its address, or the error.

        All records are written in one transaction; if one fails, each in its own, so that the others are kept. All
        errors are returned and none is raised, not even that the archive's file has been replaced.
        """
        if not self.archive.is_in_place():
            return [ArchiveReplaced(self.archive.path) for _ in records]
        try:
            with writing(self.archive.db), index.put_off(self.archive.db):
                recorded = [self._write(record) for record in records]
        except Exception as error:  # noqa: BLE001  # raised where the result is awaited
            return [error] if len(records) == 1 else [end for record in records for end in self.write([record])]
        return [self._with_file(*written) for written in recorded]

    def take_in(self, read: Sequence[ReadFile]) -> None:
        """Store imported files in one transaction, then write their Markdown; if one fails, none is stored.

        Raises `ArchiveReplaced` if the archive's file has been replaced.
        """
        if not self.archive.is_in_place():
            raise ArchiveReplaced(self.archive.path)
        with writing(self.archive.db), index.put_off(self.archive.db):
            stored = [take_in(self.archive.db, self.site, self.run_id, file, self._met) for file in read]
        for end in filter(None, stored):
            self._write_file(*end)
        if self.folder is not None:
            for file in read:
                if file.article_id is not None:
                    self.folder.restore(file.article_id)

    def _with_file(self, recorded: Recorded, derived: DerivedArticle | None) -> Recorded | Exception:
        """Write a post's Markdown and return `recorded`, or the error if it is not one of the folder's."""
        try:
            self._write_file(recorded, derived)
        except Exception as error:  # noqa: BLE001  # raised where the result is awaited
            return error
        return recorded

    def _write_file(self, recorded: Recorded, derived: DerivedArticle | None, rendered: str = "") -> None:
        """Write a post's Markdown: for a new post, `rendered` or else from `derived`; otherwise from the archive."""
        if self.folder is None or recorded.outcome is None or recorded.article_id is None:
            return
        if recorded.outcome == "new" and derived is not None:
            self.folder.write_new(derived.row, rendered or render_post(derived.row))
        else:
            self.folder.write(recorded.article_id)

    def _write(self, record: Record) -> tuple[Recorded, DerivedArticle | None]:
        """Write a record; return what became of its address, and of a post what was stored."""
        match record:
            case DerivedArticle():
                return self._write_post(record)
            case Listing():
                return self._list(record), None
            case Unchanged():
                return self._keep(record.fetch), None
            case Refused():
                return self._refuse(record), None
            case Missed():
                return self._miss(record), None
            case _:
                assert_never(record)

    def _write_post(self, derived: DerivedArticle) -> tuple[Recorded, DerivedArticle | None]:
        if (own := self._at_its_own_address(derived)) is not None:
            return own, None
        elsewhere = articles.elsewhere(self.archive.db, derived.article.post)
        if elsewhere is None:
            return self._store_unless_deleted(derived), derived
        derived = page_under_its_id(self.archive.db, self.site, derived, elsewhere)
        return self._store_unless_rival(derived), derived

    def _at_its_own_address(self, derived: DerivedArticle) -> Recorded | None:
        """Record that a page says the same as another, which it names as the post's own and which was read already.

        Its text may differ, as on a page for telephones, so it is no version of the post. `None` for any other page.
        """
        post = derived.article.post
        if post.via != "page" or post.url in {None, post.fetch.address.url}:
            return None
        own = links.known(self.archive.db, post.url or "")
        if own is None or own.state != "stored" or own.article_id is None:
            return None
        posts.mark_seen(self.archive.db, own.article_id, post.fetch.fetched_at)
        return self._settle(post.fetch, End(state="stored", outcome="unchanged", article_id=own.article_id))

    def _store_unless_deleted(self, derived: DerivedArticle) -> Recorded:
        """Store a post unless it was deleted, perhaps while this run was requesting it."""
        post = derived.article.post
        deletion = deletion_of(self.archive.db, self.site, post.post_id, post.url or "")
        if deletion is None:
            return self._store(derived)
        fetch = replace(post.fetch, etag=None, last_modified=None)
        end = End(state="refused", outcome="refused", reason=deletion.reason, rule=deletions.RULE)
        recorded = self._settle(fetch, end)
        deletions.mark_met(self.archive.db, deletion, fetch.address.url, self.run_id)
        return recorded

    def _store_unless_rival(self, derived: DerivedArticle) -> Recorded:
        if not posts.has_rival(self.archive.db, derived.article, self.run_id):
            return self._store(derived)
        reason = "another address has a post of this id"
        end = End(state="refused", outcome="refused", reason=reason, rule="one id")
        return self._settle(derived.article.post.fetch, end)

    def _store(self, derived: DerivedArticle) -> Recorded:
        article, post = derived.article, derived.article.post
        recorded, before = posts.store(self.archive.db, article, self.run_id, derived), self._known(post.fetch)
        address = category_address(self.site, post.category.slug) if post.category else None
        if address and post.category:
            link = Link(address=address, text=post.category.name)
            links.record_links(self.archive.db, self.site.name, [link], by=post.fetch, run_id=self.run_id)
            if before is not None and before.needs_category_visit:
                links.mark_due(self.archive.db, self.site.name, [address], post.fetch.fetched_at, run_id=self.run_id)
        end = End(state="stored", outcome=recorded.outcome, article_id=recorded.article_id, reason=recorded.reason)
        if post.actual_fetch is not None:
            self._settle(post.actual_fetch, end)
        settled = self._settle(post.fetch, end, before)
        if post.fetch.status in _GONE:
            posts.mark_gone(self.archive.db, post.fetch.address.url, post.fetch.fetched_at)
        return settled

    def _list(self, listing: Listing) -> Recorded:
        """Record the links of a listing; a changed home page makes the feeds due, an index those of its sitemaps."""
        db, site, fetch = self.archive.db, self.site.name, listing.fetch
        before, need_visit = self._known(fetch), set[str]()
        if fetch.address.kind == "home":
            missed = self._has_missed_a_run(fetch, before)
            need_visit = posts_needing_category(listing, self.site, links.unknown(db, listing.links), missed=missed)
            links.mark_due(db, site, feed_addresses(self.site), fetch.fetched_at, run_id=self.run_id)
        links.record_links(db, site, listing.links, by=fetch, run_id=self.run_id, need_visit=need_visit)
        links.mark_changed(db, site, listing.sitemaps, fetch.fetched_at, run_id=self.run_id)
        # An outlet may be quiet; crawler.archive.watch judges whether that is unusual.
        is_empty = fetch.address.kind != "home" and not (listing.groups or listing.sitemaps)
        return self._settle(fetch, End(state="fetched", reason=NAMES_NO_POST if is_empty else None), before)

    def _keep(self, fetch: Fetch) -> Recorded:
        """Record a page that has not changed: a stored post was seen again, and a refused page is refused again.

        Whether that is the page of the last good answer or a refused one, its validators tell, see `_refuse`.
        """
        before = self._known(fetch)
        if before is not None and before.state == "refused" and self._keeps_validators(fetch, before):
            end = End(state="refused", outcome="refused", reason=before.reason, rule=before.rule)
            return self._settle(fetch, end, before)
        if fetch.address.kind not in {"post", "share"}:
            reason = before.reason if before is not None and before.state == "fetched" else None
            return self._settle(fetch, End(state="fetched", reason=reason), before)
        if before is None or before.article_id is None:
            # A mistake of a server or proxy: a post that is not stored is never requested conditionally.
            reason = "not modified, though nothing is stored"
            return self._settle(fetch, End(state="failed", outcome="failed", reason=reason), before)
        posts.mark_seen(self.archive.db, before.article_id, fetch.fetched_at)
        # A page that had gone back to an earlier version still says that.
        reason = before.reason if before.state == "stored" else None
        end = End(state="stored", outcome="unchanged", article_id=before.article_id, reason=reason)
        return self._settle(fetch, end, before)

    def _refuse(self, refused: Refused) -> Recorded:
        fetch = refused.fetch
        if not self._keeps_validators(fetch, self._known(fetch)):
            # The validators of a wrong page must not replace those of the right one.
            fetch = replace(fetch, etag=None, last_modified=None)
            self._do_without_home(fetch)
        return self._settle(fetch, End(state="refused", outcome="refused", reason=refused.reason, rule=refused.rule))

    def _keeps_validators(self, fetch: Fetch, before: KnownAddress | None) -> bool:
        """Return whether the validators kept of an address may be of a refused page: nothing good was ever there."""
        return fetch.address.kind in {"post", "share"} and (before is None or before.article_id is None)

    def _miss(self, missed: Missed) -> Recorded:
        """Record a page that was not served; a post that is gone is marked as gone but kept."""
        # What was served instead says nothing about the right page, so its validators are dropped.
        missed = replace(missed, fetch=replace(missed.fetch, etag=None, last_modified=None))
        if missed.state == "gone":
            posts.mark_gone(self.archive.db, missed.fetch.address.url, missed.fetch.fetched_at)
        self._do_without_home(missed.fetch)
        return self._settle(missed.fetch, End(state=missed.state, outcome=missed.state, reason=missed.reason))

    def _do_without_home(self, fetch: Fetch) -> None:
        """Make every other listing due if the home page, which would show what is new, is not available."""
        if fetch.address.kind != "home":
            return
        known = (address_of(self.site, link.url) for link in links.categories(self.archive.db, self.site.name))
        listings = [*feed_addresses(self.site), *filter(None, known)]
        links.mark_due(self.archive.db, self.site.name, listings, fetch.fetched_at, run_id=self.run_id)

    def _has_missed_a_run(self, home: Fetch, before: KnownAddress | None) -> bool:
        if before is None or before.read_at is None:
            return False
        gap = home.fetched_at - datetime.fromisoformat(before.read_at)
        return missed_a_run(gap, runs.gaps(self.archive.db, self.run_id))

    def _known(self, fetch: Fetch) -> KnownAddress | None:
        """Return what the ledger knows of the requested address."""
        return links.known(self.archive.db, fetch.address.url)

    def _settle(self, fetch: Fetch, end: End, before: KnownAddress | None = None) -> Recorded:
        """Record in the ledger how a request ended. Only posts and share links have an outcome, listings never do.

        An auxiliary request has none either, unless it changed the post, because the outcome belongs to the request
        for the post itself. `before` is the ledger's row, if it has already been read.
        """
        if end.reason is not None:
            end = replace(end, reason=one_line(end.reason))
        if fetch.address.kind not in {"post", "share"} or (fetch.auxiliary and end.outcome != "changed"):
            end = replace(end, outcome=None)
        if fetch.status in PAGES:
            end = replace(end, rules=rules_version(self.site))
        fetch_outcome = links.record_outcome(
            self.archive.db, self.site.name, fetch, end, run_id=self.run_id, before=before
        )
        return Recorded(
            address=fetch.address,
            outcome=end.outcome,
            article_id=end.article_id,
            fetch_outcome=fetch_outcome,
            reason=end.reason,
        )
