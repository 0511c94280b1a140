"""Reading a source post: a file's name and text become a SourcePost.

Front matter is read line by line, because titles are not escaped within their quotes, which is not valid YAML. Not
here: opening files, and rendering (`body`, `layout`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

SITE_ZONE = timezone(timedelta(hours=8))
ROLLING = "emnews"

_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})-(.+)\.md")
_FRONT_MATTER = re.compile(r"---\n(.*?)\n---\n(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SourcePost:
    """A post as its author wrote it; `date` is in the site's time zone (+08:00)."""

    id: str
    title: str
    date: datetime
    category: str
    tag: str
    body: str
    has_layout: bool = True

    @property
    def categories(self) -> tuple[str, ...]:
        """The category as Jekyll reads it: split at spaces, without duplicates."""
        return tuple(dict.fromkeys(self.category.split()))

    @property
    def tags(self) -> tuple[str, ...]:
        """The tag as Jekyll reads it: split at spaces, without duplicates."""
        return tuple(dict.fromkeys(self.tag.split()))

    @property
    def address(self) -> str:
        """The path of the page, not percent-encoded: `/career/in/touxingpevc/2022/04/19/<id>.html`."""
        parts = [part.lower() for part in self.categories]
        return "/" + "/".join([*parts, f"{self.date:%Y/%m/%d}", f"{self.id}.html"])


def category_address(slug: str) -> str:
    """Return the path of a category's page, not percent-encoded; rolling news has its own directory."""
    return f"/{ROLLING}/" if slug == ROLLING else f"/category/{slug}.html"


def read_post(name: str, text: str) -> SourcePost:
    """Read the post in a file called `name` (`YYYY-MM-DD-<id>.md`); raise `ValueError` if name or date is unreadable.

    To Jekyll, a text that does not begin with `---` has no front matter: all of it is the post's body, and id and
    date (midnight in the site's time zone) come from the file's name.
    """
    name_match = _NAME.fullmatch(name)
    if name_match is None:
        raise ValueError(f"{name!r} is not called YYYY-MM-DD-<id>.md")
    day, post_id = name_match.groups()
    match = _FRONT_MATTER.fullmatch(text)
    if match is None:
        midnight = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=SITE_ZONE)
        return SourcePost(post_id, post_id, midnight, "", "", text, has_layout=False)
    front, body = _fields(match[1]), match[2]
    title = front.get("title", "").removeprefix('"').removesuffix('"')
    date = _date(front.get("date", ""))
    return SourcePost(post_id, title, date, front.get("categories", ""), front.get("tags", ""), body)


def _fields(front_matter: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in front_matter.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _date(text: str) -> datetime:
    day_and_time, _, zone = text.partition(" +")
    # Jekyll reads a date without a zone as UTC: 12:47:49 is shown as 20:47:49, though local time was meant.
    zoned = f"{day_and_time} +{zone or '0000'}"
    return datetime.strptime(zoned, "%Y-%m-%d %H:%M:%S %z").astimezone(SITE_ZONE)
