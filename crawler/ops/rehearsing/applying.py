"""Rereading: read captured pages by today's rules, and store what these find as corrections, in a run of its own.

A correction is a version that came by `rules`, seen now: what was known before stays known as of then. A field that
the rules no longer find keeps its value, and a post that they refuse stays as it is. Each address is marked as read
by these rules, so that the next run goes on where one was cut short. Not here: a mere report (`rehearsal`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from crawler import dates
from crawler.archive.ledger import sites as definitions
from crawler.archive.search import index
from crawler.archive.store import articles, posts
from crawler.archive.store.derived import DerivedArticle
from crawler.archive.store.lock import writing
from crawler.captures.files import folder_of, read_at
from crawler.captures.records import NoRecord
from crawler.errors import MarkdownNotWritten
from crawler.ops.processes import in_order
from crawler.ops.rehearsing.comparing import verdict
from crawler.ops.rehearsing.pages import pages
from crawler.ops.rehearsing.reading import read_page
from crawler.recording.deleted import deletion_of
from crawler.run import Run
from crawler.sites.loading import rules_version

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from sqlite_utils import Database

    from crawler.archive.ledger.runs import Report, RunOutcome
    from crawler.items import Outcome
    from crawler.ops.rehearsing.pages import CapturedPage, Choice
    from crawler.sites.definition import Site

_BATCH = 32  # pages that are read, and stored in one transaction
_ADDING = {"filled", "changed"}


@dataclass(frozen=True, slots=True)
class Reread:
    """A page that was read: what to store of it, `None` if nothing; it is left as it is if it `is_refused`."""

    page: CapturedPage
    derived: DerivedArticle | None
    is_refused: bool = False


def reread(
    path: Path,
    site: Site,
    choice: Choice,
    posts_folder: Path | None,
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """Store what the rules of `site` make of the captured pages that were last read by others; return the report.

    Markdown goes to `posts_folder`, `None` for nowhere; `progress` is told how many pages were read. Raises what
    opening an archive raises, `ArchiveLocked` during another run, and `MarkdownNotWritten`.
    """
    with Run(path, site, "reread", posts_folder) as run, run.archive:
        outcome: RunOutcome = "failed"
        run.recorder.catch_up()
        count, now = 0, dates.now()
        try:
            read = partial(_read_batch, folder=folder_of(path), site=site, now=now)
            found = list(pages(run.archive.db, {site.name: site}, replace(choice, outdated=True)))
            for batch in in_order(read, found, _BATCH):
                _store(run, batch)
                count += len(batch)
                progress(count)
            outcome = "finished"
        except KeyboardInterrupt:
            outcome = "interrupted"
        finally:
            report = run.end(outcome)
        if run.recorder.trouble is not None:
            raise MarkdownNotWritten(run.recorder.trouble)
        return report


def _read_batch(batch: Sequence[CapturedPage], folder: Path, site: Site, now: datetime) -> list[Reread]:
    """Read some pages, in any process."""
    return [_read(page, folder, site, now) for page in batch]


def _read(page: CapturedPage, folder: Path, site: Site, now: datetime) -> Reread:
    try:
        record = read_at(folder, page.kept)
    except NoRecord:
        return Reread(page, None, is_refused=True)
    reading = read_page(record, page.address, page.at, site, found_on=page.found_on)
    if reading.article is None or reading.reason is not None:
        return Reread(page, None, is_refused=True)
    changes = verdict(page.stored, reading).changes
    is_new = page.article is None
    if not (is_new or _ADDING & set(changes.values())):
        return Reread(page, None)
    article = reading.article
    return Reread(page, DerivedArticle(replace(article, post=replace(article.post, seen_at=now))).complete())


def _store(run: Run, batch: Sequence[Reread]) -> None:
    """Store what was read in one transaction, then the Markdown of what is otherwise."""
    db, changed = run.archive.db, list[int]()
    with writing(db), index.put_off(db):
        for read in batch:
            if read.is_refused:
                continue
            outcome, article = _stored(db, run, read)
            if outcome is not None:
                definitions.note_reading(db, read.page.link, rules_version(run.site), outcome, article, run_id=run.id)
                changed += [article] if article is not None and outcome != "unchanged" else []
    if run.recorder.folder is not None:
        for article in changed:
            run.recorder.folder.write(article)


def _stored(db: Database, run: Run, read: Reread) -> tuple[Outcome | None, int | None]:
    """Store a correction, or a post that was refused before; return its outcome, `None` if it must not be stored."""
    if read.derived is None:
        return "unchanged", read.page.article
    post = read.derived.article.post
    if read.page.article is None and (
        articles.elsewhere(db, post) is not None or deletion_of(db, run.site, post.post_id, post.url or "")
    ):
        return None, None
    recorded = posts.store(db, read.derived.article, run.id, read.derived)
    return recorded.outcome, recorded.article_id
