"""Archives made at random, in memory, and what an archive says regardless of rows and numbers of runs.

Not here: single records (`made`), and the properties (`test_merge_properties`).
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

import made
from hypothesis import strategies as st
from sqlite_utils import Database

from crawler.archive.care import deleting
from crawler.archive.ledger import deletions, hosts, links, runs, sites
from crawler.archive.ledger.links import End
from crawler.archive.merging import captures
from crawler.archive.merging.links import Ledger, read
from crawler.archive.merging.merge import Follow, Merge
from crawler.archive.merging.posts import PostReader
from crawler.archive.merging.runs import keys
from crawler.archive.merging.snapshots import mark_after
from crawler.archive.search import functions
from crawler.archive.search.index import is_complete
from crawler.archive.store import files, posts
from crawler.archive.store.articles import FOLDED
from crawler.archive.store.connection import open_database
from crawler.archive.store.lock import writing
from crawler.dates import iso
from crawler.items import Capture
from crawler.sites.addresses import share_text_url
from crawler.text.file_names import folded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

FILE = "finews-20220421010000-1.warc.gz"
POSTS = ("NW1", "NW2", "NW3")
TEXTS = (
    "江西将实现5G与VR融合，建成十万个基站，覆盖全部乡镇。" * 3,
    "贵州茅台上涨，白酒板块走强，北向资金连续五日净流入。" * 3,
    "江西将实现5G与VR融合，建成二十万个基站，覆盖全部乡镇。" * 3,
)
FOLLOW = Follow(
    written=lambda _: None, unchanged=lambda _: None, doomed=lambda _: None, progress=lambda _done, _of: None
)


@dataclass(frozen=True)
class Step:
    """Something that a run of an archive does, at an hour: `what`, to which post, with which of the texts."""

    what: str
    hour: float
    post: int
    text: int
    variant: int


STEPS = st.builds(
    Step,
    what=st.sampled_from(("page", "page", "page", "share", "import", "gone", "failed", "delete", "host")),
    hour=st.integers(0, 30),
    post=st.integers(0, len(POSTS) - 1),
    text=st.integers(0, len(TEXTS) - 1),
    variant=st.integers(0, 2),
)
HISTORIES = st.lists(st.lists(STEPS, min_size=1, max_size=4), max_size=3)
"""What the runs of an archive do."""


@cache
def _empty() -> Database:
    db = open_database(":memory:", create=True)
    assert is_complete(db)
    return db


def copy_of(db: Database) -> Database:
    """Copy an archive, identity and all."""
    copy = Database(sqlite3.connect(":memory:", isolation_level=None))
    db.conn.backup(copy.conn)
    copy.execute("PRAGMA foreign_keys = ON")
    functions.register(copy.conn)
    copy.conn.create_function(FOLDED, 1, folded, deterministic=True)
    return copy


def archive(
    number: int, history: Sequence[Sequence[Step]], before: Database | None = None, second: int = 0
) -> Database:
    """Make an archive, whose UUID is a number; or let a copy of one that was `before` go on, at another second."""
    db = copy_of(before or _empty())
    if before is None:
        with writing(db):
            db.execute("UPDATE archives SET id = ? WHERE own", [str(UUID(int=number))])
    for steps in history:
        ordered = sorted(steps, key=lambda step: step.hour)
        ordered = [replace(step, hour=step.hour + minute / 60 + second / 3600) for minute, step in enumerate(ordered)]
        began = _at(ordered[0].hour)
        with writing(db):
            run = runs.begin(db, "finews", began)
            sites.note(db, made.SITE, run)
            for step in ordered:
                if step.what in {"page", "share", "import"}:
                    _let_come_back(db, POSTS[step.post])
                _DOES[step.what](db, step, run)
            now = _at(ordered[-1].hour) + timedelta(minutes=number)
            runs.finish(db, run, "finished", now=now, seconds=number, traffic=made.NO_TRAFFIC)
    return db


def merged(*archives: Database, number: int = 99) -> Database:
    """Merge copies of archives in this order into an empty one."""
    target = archive(number, [])
    for source in archives:
        into(target, source)
    return target


def into(target: Database, source: Database) -> Database:
    """Merge a copy of `source` into `target`, and return that."""
    copy = copy_of(source)
    Merge(copy, target, None, FOLLOW).run("there.db", made.LATER, mark_after(copy, target))
    _take_captures(target, copy)
    copy.close()
    return target


def _take_captures(target: Database, source: Database) -> None:
    """Take the captures, as if the records were copied into a file."""
    kept = captures.after(source, 0, 1_000)
    lacked = captures.lacking(target, kept, captures.addresses_of_deleted_posts(target))
    end = _end_of_captures(target)
    copied = [replace(each, file=FILE, offset=end + number) for number, each in enumerate(lacked)]
    with writing(target):
        captures.record(target, copied, kept)


def said_by(db: Database) -> dict[str, Any]:
    """Return everything that an archive says, regardless of rows and of numbers of runs here."""
    numbers = keys(db)
    reader = PostReader(db, numbers)
    rows = [row for (row,) in db.execute("SELECT id FROM posts")]
    read_posts = {post.post_id: post for post in map(reader.read, rows)}
    articles = {row.pop("post_id"): row for row in db.query("SELECT * FROM articles")}
    names = {row.pop("id"): name for name, row in articles.items()}
    for row, name, position in db.execute(
        "SELECT article_id, name, position FROM article_tags JOIN tags ON id = tag_id"
    ):
        articles[names[row]].setdefault("tags", set()).add((name, position))
    urls = [url for (url,) in db.execute("SELECT url FROM links")]
    told: dict[str, set[str]] = {}
    for row, story in db.execute("SELECT article_id, story_id FROM stories"):
        told.setdefault(story, set()).add(names[row])
    return {
        "posts": read_posts,
        "articles": articles,
        "revisions": sorted(
            (names[row], *rest, numbers[run])
            for row, run, *rest in db.execute(
                "SELECT article_id, run_id, revision, seen_at, via, title, html, text FROM revisions"
            )
        ),
        "links": {url: _undated(link) for url, link in read(Ledger(db, numbers), urls).items()},
        "deletions": deletions.every(db),
        "runs": sorted((numbers[row.pop("id")], _report(row)) for row in db.query("SELECT * FROM runs")),
        "hosts": [
            {**row, "given_up_run_id": numbers.get(row["given_up_run_id"])}
            for row in db.query("SELECT * FROM hosts ORDER BY host")
        ],
        "sites": [
            (name, rules, numbers[run]) for name, rules, run in db.execute("SELECT name, rules, run_id FROM sites")
        ],
        "categories": db.execute("SELECT * FROM categories ORDER BY site, slug").fetchall(),
        "files": sorted(
            (path, commit, outcome, at, numbers[run], names.get(row))
            for path, commit, outcome, at, run, row in db.execute(
                'SELECT path, "commit", outcome, imported_at, run_id, article_id FROM files'
            )
        ),
        "stories": sorted(sorted(each) for each in told.values()),
        "captures": _captures_of(db),
    }


def _captures_of(db: Database) -> dict[Any, set[str]]:
    """Return the captures by what is the same in every archive, with the addresses that they are known to be of.

    Those of deleted posts are left out: they stay where they were, and are not taken elsewhere.
    """
    deleted = captures.addresses_of_deleted_posts(db)
    rows = db.execute(
        "SELECT captures.url, captured_at, captures.status, record, digest, links.url FROM captures"
        " LEFT JOIN fetches ON fetches.id = fetch_id LEFT JOIN links ON links.id = link_id"
    )
    found: dict[Any, set[str]] = {}
    for *same, url in rows:
        if not deleted & {same[0], url}:
            found.setdefault(tuple(same), set()).update({url} - {None})
    return found


def _report(row: dict[str, Any]) -> str:
    return json.dumps({name: value for name, value in row.items() if name not in {"archive_id", "number"}})


def _undated(link: Any) -> Any:
    """Return of the address of a deleted post what it is kept for: that it is not to be requested again."""
    if link.columns["deleted_at"] is None:
        return link
    return [link.columns[name] for name in ("url", "site", "kind", "state", "found_at", "found_on", "article_id")]


def _at(hour: float) -> datetime:
    return made.SEEN + timedelta(hours=hour)


def _article(step: Step, **changes: Any) -> Any:
    extra = {
        0: {},
        1: {
            "source": "江西日报",
            "tags": ("另一个",),
            "mentions": (),
            "authors": ("张三", "李四"),
            "image": "https://x.test/1.jpg",
        },
        2: {"source": None, "category": None, "tags": (), "share_url": None},
    }[step.variant]
    html = f'<p class="{step.variant}">{TEXTS[step.text]}</p>'
    return made.article(POSTS[step.post], seen_at=_at(step.hour), **{"html": html, **extra, **changes})


def _let_come_back(db: Database, post_id: str) -> None:
    addresses = made.post_address(post_id), made.share_address(post_id)
    deletions.lift(db, "finews", post_id, [address.url for address in addresses])


def _captured(db: Database, step: Step, url: str, status: int = 200) -> tuple[Capture, ...]:
    """Return where the answer of a step is kept, if it is: twice in three times."""
    if not step.variant:
        return ()
    place = {"file": FILE, "offset": _end_of_captures(db), "length": 1, "request_length": 0}
    digest = f"sha1:{step.text}"
    return (Capture(url=url, captured_at=_at(step.hour), status=status, record="response", digest=digest, **place),)


def _end_of_captures(db: Database) -> int:
    (end,) = db.execute('SELECT coalesce(max("offset") + 1, 0) FROM captures').fetchone()
    return int(end)


def _page(db: Database, step: Step, run: int) -> None:
    address = made.post_address(POSTS[step.post])
    kept = _captured(db, step, address.url)
    article = _article(step, fetch=made.fetch(address, fetched_at=_at(step.hour), captures=kept))
    recorded = posts.store(db, article, run)
    end = End(state="stored", outcome=recorded.outcome, article_id=recorded.article_id, rules=made.RULES)
    links.record_outcome(db, "finews", article.post.fetch, end, run_id=run)


def _share(db: Database, step: Step, run: int) -> None:
    address = made.share_address(POSTS[step.post])
    kept = _captured(db, step, share_text_url(made.SITE, POSTS[step.post]) or "")
    fetch = made.fetch(address, fetched_at=_at(step.hour), captures=kept)
    article = _article(step, fetch=fetch, via="share", mentions=())
    recorded = posts.store(db, article, run)
    end = End(state="stored", outcome=recorded.outcome, article_id=recorded.article_id)
    links.record_outcome(db, "finews", article.post.fetch, end, run_id=run)


def _import(db: Database, step: Step, run: int) -> None:
    article = _article(step, via="import")
    if step.variant == 1:
        article = replace(article, post=replace(article.post, seen_at=_at(step.hour) - timedelta(days=2)))
    recorded = posts.store(db, article, run)
    entry = files.Import(
        f"{step.post}.md", "", "finews", recorded.outcome, None, recorded.article_id, str(step.variant)
    )
    files.note(db, entry, _at(step.hour), run_id=run)


def _gone(db: Database, step: Step, run: int) -> None:
    address = made.post_address(POSTS[step.post])
    fetch = made.fetch(
        address, status=404, fetched_at=_at(step.hour), captures=_captured(db, step, address.url, status=404)
    )
    posts.mark_gone(db, address.url, _at(step.hour))
    end = End(state="gone", outcome="gone", reason="HTTP 404")
    links.record_outcome(db, "finews", fetch, end, run_id=run)


def _failed(db: Database, step: Step, run: int) -> None:
    fetch = made.fetch(made.post_address(POSTS[step.post]), status=None, fetched_at=_at(step.hour))
    links.record_outcome(db, "finews", fetch, End(state="failed", outcome="failed", reason="timeout"), run_id=run)


def _delete(db: Database, step: Step, _run: int) -> None:
    row = posts.row_of(db, "finews", POSTS[step.post])
    if row is not None:
        deleting.delete(db, row, (), _at(step.hour))


def _host(db: Database, step: Step, run: int) -> None:
    known: hosts.Host = hosts.known(db, "finews.withounder.com")
    db.execute("INSERT INTO hosts (host) VALUES (?) ON CONFLICT DO NOTHING", [known.host])
    db.execute(
        "UPDATE hosts SET robots = ?, robots_at = ?, failures = ?, given_up_run_id = ?, day = ?, requests = ?",
        [str(step.text), iso(_at(step.hour)), step.variant, run, iso(_at(step.hour))[:10], step.text],
    )


_DOES: dict[str, Callable[[Database, Step, int], None]] = {
    "page": _page,
    "share": _share,
    "import": _import,
    "gone": _gone,
    "failed": _failed,
    "delete": _delete,
    "host": _host,
}
