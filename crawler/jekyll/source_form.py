"""A post in the form the site's own source has: front matter, the body as HTML, share link and navigation.

For those who run the site again from the archive. Not here: reading that form, and the clean Markdown
(`post_file`).
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import yaml

from crawler.dates import front_matter
from crawler.markdown.post_file import categories_of, draft_keys, front_lines, other_keys
from crawler.sites.addresses import category_address
from crawler.urls import path_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawler.sites.definition import Site

_SEVERAL = 2  # categories


def render_source(row: Mapping[str, Any], site: Site | None) -> str:
    """Write a post of the archive in the source form of `site`, if that is known."""
    share_url = row["share_url"] or ""
    tail = [f"<{share_url}>"] if share_url or site else []
    tail += [navigation] if (navigation := _navigation(row, site)) else []
    return _front(row) + "\n\n".join([row["html"], *tail])


def _front(row: Mapping[str, Any]) -> str:
    lines = {
        "layout": "post",
        "title": _quoted(row["title"]),
        "date": front_matter(datetime.fromisoformat(row["published_at"])),
        "categories": _categories(categories_of(row)),
        "tags": _plain(" ".join(row["tags"])),
    }
    known = "".join(f"{key}: {value}\n" for key, value in lines.items())
    return f"---\n{known}{front_lines({**draft_keys(row), **other_keys(row['front_matter'], lines)})}---\n"


def _categories(slugs: list[str]) -> str:
    """Write one category as the site does, and several as a list."""
    return _plain("".join(slugs)) if len(slugs) < _SEVERAL else json.dumps(slugs, ensure_ascii=False)


def _quoted(title: str) -> str:
    """Quote a title as the site does; where that would be broken YAML, as YAML does."""
    return json.dumps(title, ensure_ascii=False) if set(title) & set('"\\') else f'"{title}"'


def _plain(words: str) -> str:
    """Leave words as they are, as the site does; quote what YAML would not read back as the same words."""
    try:
        same = not words or yaml.safe_load(f"words: {words}") == {"words": words}
    except (yaml.YAMLError, ValueError):  # ValueError: 2022-02-31 looks like a date
        same = False
    return words if same else json.dumps(words, ensure_ascii=False)


def _navigation(row: Mapping[str, Any], site: Site | None) -> str:
    """Return the line that leads back to the category and home, as the definition writes it."""
    address = category_address(site, row["category"]) if site and row["category"] else None
    if site is None or site.navigation is None or address is None:
        return ""
    name = " ".join(row["tags"]) or row["category"]
    return site.navigation.format(name=name, category=f"//{site.hosts[0]}{path_of(address.url)}")
