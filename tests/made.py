"""Makes the records the tests pass in: whole ones, of which a test names only what it is about.

Everything made is of the site `finews` and always the same: no clock, no chance. Not here: fixtures and checks.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from crawler import run
from crawler.archive.ledger.runs import Traffic
from crawler.archive.store.derived import DerivedArticle
from crawler.items import (
    Address,
    Article,
    Category,
    Fetch,
    Link,
    Listing,
    Mention,
    Missed,
    Post,
    Refused,
    Unchanged,
)
from crawler.recording.normalise import normalise
from crawler.sites.loading import load_site, rules_version

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Database

    from crawler.archive.ledger.runs import RunOutcome
    from crawler.items import Recorded, Scope
    from crawler.recording.recorder import Record
    from crawler.sites.definition import Site

SITE = load_site("finews")
RULES = rules_version(SITE)
NO_TRAFFIC = Traffic()
BEIJING = timezone(timedelta(hours=8))

ID = "NW202204202350104915"
SEEN = datetime(2022, 4, 21, 1, 0, tzinfo=UTC)
LATER = datetime(2022, 4, 21, 2, 30, tzinfo=UTC)
PUBLISHED = datetime(2022, 4, 20, 16, 44, 59, tzinfo=BEIJING)
SHARE = f"http://finews.zning.xyz/html_News/NewsShare.html?infoCode={ID}"
DAJIANGWANG = Category(
    slug="dajiangwang",
    name="大江网新闻",
    url="https://finews.withounder.com/category/dajiangwang.html",
)

HOME = Address(url="https://finews.withounder.com/", kind="home")
FEED = Address(url="https://finews.withounder.com/feed.xml", kind="feed")
CATEGORY = Address(url=DAJIANGWANG.url, kind="category", key="dajiangwang")


def post_address(post_id: str = ID) -> Address:
    return Address(
        url=f"https://finews.withounder.com/dajiangwang/2022/04/20/{post_id}.html", kind="post", key=post_id
    )


def share_address(post_id: str = ID) -> Address:
    return Address(
        url=f"http://finews.zning.xyz/html_News/NewsShare.html?infoCode={post_id}", kind="share", key=post_id
    )


def fetch(address: Address | None = None, **changes: Any) -> Fetch:
    """Make a fetch of `address` (a post) that was answered with its page."""
    made = Fetch(address=address or post_address(), fetched_at=SEEN, status=200, found_on=HOME.url)
    return replace(made, **changes)


def post(post_id: str = ID, *, seen_at: datetime = SEEN, **changes: Any) -> Post:
    """Make a post that has everything."""
    address = post_address(post_id)
    made = Post(
        fetch=fetch(address, fetched_at=seen_at),
        site="finews",
        post_id=post_id,
        url=address.url,
        via="page",
        title="江西出台5G行动计划",
        html="<p>江西将实现5G+VR融合。</p><p>贵州茅台上涨。</p>",
        published_at=PUBLISHED,
        share_url=share_address(post_id).url,
        source="大江网",
        category=DAJIANGWANG,
        tags=("大江网新闻", "5G"),
        mentions=(
            Mention(code="1.600519", name="贵州茅台", count=2),
            Mention(code="116.00700", name="腾讯控股", count=1),
        ),
        layout="page",
    )
    return replace(made, **changes)


def article(post_id: str = ID, *, seen_at: datetime = SEEN, **changes: Any) -> Article:
    """Make a post and normalise it, as the first step of the pipelines does."""
    return normalise(post(post_id, seen_at=seen_at, **changes), SITE)


def shared(post_id: str = ID, **changes: Any) -> Article:
    """Make the article that stands behind the share link of a post."""
    return article(post_id, fetch=fetch(share_address(post_id), fetched_at=LATER), via="share", **changes)


def link(address: Address, text: str = "") -> Link:
    return Link(address=address, text=text)


def listing(*addresses: Address, by: Address = HOME, at: datetime = SEEN) -> Listing:
    """Make the listing at `by`, which names `addresses` by their keys; its posts stand together."""
    links = tuple(link(address, address.key) for address in addresses)
    posts = tuple(address.url for address in addresses if address.kind == "post")
    return Listing(fetch=fetch(by, fetched_at=at, found_on=None), links=links, groups=(posts,) if posts else ())


def refused(address: Address | None = None, reason: str = "no title", rule: str | None = None) -> Refused:
    return Refused(fetch=fetch(address), reason=reason, rule=rule)


def gone(address: Address | None = None, at: datetime = SEEN) -> Missed:
    return Missed(fetch=fetch(address, status=404, fetched_at=at), state="gone", reason="HTTP 404")


def failed(address: Address | None = None) -> Missed:
    return Missed(fetch=fetch(address, status=None), state="failed", reason="timeout")


def unchanged(address: Address | None = None, at: datetime = SEEN) -> Unchanged:
    return Unchanged(fetch=fetch(address, status=304, fetched_at=at))


def prepared(record: Any) -> Record:
    """Make of an article what is written, as the last step of the pipelines does; other records are."""
    return DerivedArticle(record) if isinstance(record, Article) else record


def latest_run(db: Database) -> int:
    """Return the number of the latest run, 0 before the first."""
    return db.execute("SELECT coalesce(max(id), 0) FROM runs").fetchone()[0]


class Run(run.Run):
    """A run that writes records one by one, as a crawl's first ones are."""

    def __init__(self, path: Path, site: Site = SITE, folder: Path | None = None, scope: Scope = "usual") -> None:
        super().__init__(path, site, scope, folder)

    def write(self, record: Record | Article) -> Recorded:
        (end,) = self.recorder.write([prepared(record)])
        if isinstance(end, Exception):
            raise end
        return end

    def end(self, outcome: RunOutcome = "finished", traffic: Traffic = NO_TRAFFIC) -> dict[str, Any]:
        return super().end(outcome, traffic)
