"""Lists of posts that have something in common, each as a page, as JSON and as a feed.

A list is described by a `Subject`; what shows it is the same for all. Not here: finding the posts
(`crawler.archive.browsing`), and turning pages (`crawler.web.pages.paging`).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.responses import JSONResponse, Response

from crawler import dates
from crawler.archive.browsing.archive import days_up_to
from crawler.archive.browsing.listings import Place
from crawler.errors import AmbiguousSecurity, NoSuchPost, NoSuchSecurity, NoSuchTime
from crawler.web import feeds
from crawler.web.addresses import security_name
from crawler.web.pages.drawing import chart_of
from crawler.web.pages.front import ranked
from crawler.web.pages.missing import Missing, Near, like, posts_near
from crawler.web.pages.paging import page_of, places, written
from crawler.web.showing.rendering import _, moments_of, page, says

if TYPE_CHECKING:
    from collections.abc import Callable

    from markupsafe import Markup

    from crawler.archive.browsing.listings import By, ListedPost
    from crawler.web.asked import Asked

_DAYS = 42  # in a chart
_MONTHS = 12
_MOST_NEAR = 5
_DAY, _MONTH = 10, 7  # characters
_IN_A_FEED = 50
_LAST = 10**18  # behind every row
_NAME_OF_A_DAY = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?", re.ASCII)


class Subject(NamedTuple):
    """What the posts of a list have in common: `by` and `value`, or the `day`; and where the list is.

    `part` and `name` make its address; `title` is its heading. `facts` is what its page says besides.
    """

    part: str
    name: str
    title: str
    by: By | None = None
    value: str | int | None = None
    day: str | None = None
    facts: dict[str, Any] = {}  # noqa: RUF012  # never changed

    def listing(self, asked: Asked) -> Callable[..., list[ListedPost]]:
        """Return the method of the archive that reads the list."""
        return partial(asked.archive.listing, self.by, self.value, day=self.day)


def latest(asked: Asked) -> Subject:
    """Return all posts."""
    return Subject("latest", "", says(asked.language, _("Latest")))


def outlet(asked: Asked) -> Subject:
    """Return the posts of an outlet."""
    name = asked["name"]
    known = asked.recall(asked.archive.outlets)
    if name not in known:
        raise Missing(name, [Near(other, asked.place.to("outlet", other)) for other in like(name, known)])
    return Subject("outlet", name, name, "source", name)


def author(asked: Asked) -> Subject:
    """Return the posts by an author."""
    name = asked["name"]
    known = asked.recall(asked.archive.authors)
    if name not in known:
        raise Missing(name, [Near(other, asked.place.to("author", other)) for other in like(name, known)])
    return Subject("author", name, name, "author", name)


def category(asked: Asked) -> Subject:
    """Return the posts of a category, which has a slug and mostly a name."""
    slug = asked["name"]
    name = asked.archive.category_names([slug]).get(slug)
    if name is None and not asked.archive.listing("category", slug, limit=1):
        raise Missing(slug, _categories_near(asked))
    return Subject("category", slug, name or slug, "category", slug)


def _categories_near(asked: Asked) -> list[Near]:
    known = ranked(asked, "categories", limit=None)
    names = like(asked["name"], [part for each in known for part in (each["key"], each["name"])])
    meant = [each for each in known if not {each["key"], each["name"]}.isdisjoint(names)]
    return [Near(each["name"], each["href"]) for each in meant][:_MOST_NEAR]


def security(asked: Asked) -> Subject:
    """Return the posts that mention a security, with the names it was printed under."""
    try:
        found = asked.recall(asked.archive.stock, asked["name"], limit=0)
    except (NoSuchSecurity, AmbiguousSecurity) as error:
        raise Missing(asked["name"], _securities_near(asked)) from error
    name = security_name(found["symbol"], found["market"], found["code"])
    return Subject("security", name, found["name"], "code", found["code"], facts={"stock": found, "shown": name})


def _securities_near(asked: Asked) -> list[Near]:
    known = ranked(asked, "securities", limit=None)
    names = like(asked["name"], [each["name"] for each in known])
    return [Near(each["name"], each["href"]) for each in known if each["name"] in names][:_MOST_NEAR]


def day(asked: Asked) -> Subject:
    """Return the posts of a day, a month or a year."""
    name = asked["name"]
    try:
        facts = _beside(asked, name)
    except NoSuchTime as error:
        raise Missing(name, _days_near(asked)) from error
    if not _NAME_OF_A_DAY.fullmatch(name):
        raise Missing(name, _days_near(asked))
    return Subject("day", name, moments_of(asked).day(name, year=True), day=name, facts=facts)


def story(asked: Asked) -> Subject:
    """Return the posts that tell the same story as one of them."""
    try:
        post = asked.archive.post(asked["name"])
        number = asked.archive.story(post["id"])
    except NoSuchPost as error:
        raise Missing(asked["name"], posts_near(asked, asked["name"])) from error
    if number is None or not post["same_story"]:  # no draft is named
        raise Missing(asked["name"], [Near(post["title"], asked.place.to("post", post["post_id"]))])
    first = post["same_story"][0]
    return Subject("story", first["id"], first["title"], "story", number, facts={"told": post["same_story"]})


SUBJECTS: dict[str, Callable[[Asked], Subject]] = {
    "outlet": outlet,
    "author": author,
    "category": category,
    "security": security,
    "day": day,
    "story": story,
}


def shown(subject_of: Callable[[Asked], Subject], asked: Asked) -> Response:
    """Show a list as a page."""
    subject = subject_of(asked)
    one = page_of(asked, subject.listing(asked))
    return page(
        asked,
        "list.html",
        subject=subject,
        facts=subject.facts,
        posts=one.posts,
        days=one.days,
        newer=one.newer,
        older=one.older,
        chart=_chart(asked, subject),
        canonical=asked.place.to(subject.part, subject.name),
        section=None,
    )


def as_json(subject_of: Callable[[Asked], Subject], asked: Asked) -> Response:
    """Return a page of a list as JSON; `next` is the address of the page after it."""
    subject = subject_of(asked)
    one = page_of(asked, subject.listing(asked))
    following = asked.place.here(before=written(one.posts[-1]), after=None) if one.older else None
    return JSONResponse({"title": subject.title, "posts": places(one.posts), "next": following})


def as_feed(subject_of: Callable[[Asked], Subject], asked: Asked) -> Response:
    """Return the newest posts of a list as a feed."""
    subject = subject_of(asked)
    place, posts = asked.place, subject.listing(asked)(limit=_IN_A_FEED)
    entries = [feeds.entry_of(post, place.whole(place.to("post", post["id"]))) for post in posts]
    parts = [part for part in (subject.part, subject.name) if part]
    content = feeds.atom(
        subject.title,
        place.whole(place.to(*parts, form="atom")),
        entries,
        max((datetime.fromisoformat(post["published_at"]) for post in posts), default=asked.now),
        page=place.whole(place.to(*parts) if subject.name else place.to("")),
    )
    return Response(content, media_type="application/atom+xml")


def _chart(asked: Asked, subject: Subject) -> Markup | str:
    if subject.day is not None:
        return chart_of(asked, _around(subject.day), current=subject.day)
    newest = subject.listing(asked)(limit=1)
    if not newest:
        return ""
    days = days_up_to(date.fromisoformat(newest[0]["published_at"][:_DAY]), _DAYS)
    return chart_of(asked, days, subject.by, subject.value)


def _around(name: str) -> list[str]:
    """Return the days of the month that a day is in, or the months of a year."""
    if len(name) < _MONTH:
        return [f"{name}-{month:02}" for month in range(1, _MONTHS + 1)]
    last = dates.span(name[:_MONTH], UTC)[1].date()
    return days_up_to(last, last.day)


def _beside(asked: Asked, name: str) -> dict[str, Any]:
    """Return the days (or months, or years) with posts before and after one."""
    span = asked.archive.span(name)
    older = asked.archive.listing(before=Place(span[0], -1), limit=1)
    newer = asked.archive.listing(after=Place(span[1], _LAST), limit=1)
    length = len(name)
    return {
        "before": older[0]["published_at"][:length] if older else None,
        "after": newer[0]["published_at"][:length] if newer else None,
    }


def _days_near(asked: Asked) -> list[Near]:
    newest = asked.archive.listing(limit=1)
    moments = moments_of(asked)
    days = {post["published_at"][:_DAY] for post in newest}
    return [Near(moments.day(each, year=True), asked.place.to("day", each)) for each in days]
