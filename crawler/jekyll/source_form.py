"""Posts as files of a Jekyll site: the very file that brought a post, else one in the form the site writes now.

For those who run the site again from the archive. Whatever a post says, its file neither stops Jekyll nor runs in a
page that Jekyll makes of it, and `crawler.jekyll.source` reads the same words from it. Not here: reading files, and
this program's own Markdown (`crawler.markdown.post_file`).
"""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import yaml

from crawler.dates import front_matter
from crawler.jekyll.inert import inert_html, is_inert
from crawler.markdown.body import safe_html
from crawler.markdown.post_file import bylines, categories_of, draft_keys, file_name, front_lines, other_keys
from crawler.sites.addresses import category_address, id_in_name
from crawler.sites.definition import Body
from crawler.urls import path_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from crawler.items import WrittenFile
    from crawler.sites.definition import Site

# As Jekyll finds it. With a blank line above there is none for Jekyll, and all of the file is shown.
_FRONT_MATTER = re.compile(r"\A\ufeff?---\s*\n(?P<keys>[\s\S]*?\n?)^(?:---|\.\.\.)\s*$\n?", re.MULTILINE)
_DATE = re.compile(r"^date:[ \t]*(.*?)[ \t\r]*$", re.MULTILINE)
# Dates that Ruby reads; at any other Jekyll stops.
_READABLE_DATE = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)(?: (?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?(?: ?[+-](?:0\d|1[0-4]):?[0-5]\d)?)?"
)
_NEEDS_ESCAPES = re.compile(r"[\"\\\x00-\x1f]")
# What YAML takes for the end of a line, or for no character of a text.
_ODD = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_SEVERAL = 2  # categories
_DAY = len("2022-04-20-")


def source_of(
    row: Mapping[str, Any],
    site: Site | None,
    written: WrittenFile | None = None,
    named: Callable[[str, str], str] = file_name,
) -> tuple[str, str]:
    """Return the name and the text of a post's file.

    `row` is a post of the archive, and `written` the file that brought what it says now, if there is one. That comes
    back to the letter, unless it would act: command Jekyll, stop it, or run something in a page; or publish a draft.
    It keeps the day its name had. `named` returns what a file is called, by its day or time (ISO 8601) and its id.
    """
    name = named(row["published_at"], row["post_id"])
    if written is None or site is None or row.get("draft") or not is_inert(_shown(written.text)):
        return name, render_source(row, site)
    day = id_in_name(site, written.name)[1]
    if _has_readable_date(written.text):
        return named(day, row["post_id"]) if day else name, written.text
    # Jekyll stops at such a date, unless the file's name has no day either: then it passes the file over.
    if day:
        return name, render_source(row, site)
    dash = "-" if written.name.startswith("-") else ""
    return f"{dash}{name[_DAY:]}", written.text


def render_source(row: Mapping[str, Any], site: Site | None) -> str:
    """Write a post of the archive in the source form of `site`, if that is known."""
    tail = (f"<{row['share_url']}>" if row["share_url"] else "", _navigation(row, site))
    html = inert_html(row["html"], lambda html: safe_html(html, site.body if site else Body(), row["url"]))
    return _front(row) + "\n\n".join(filter(None, [html, *tail]))


def _shown(text: str) -> str:
    """Return what of a file Jekyll shows."""
    front = _FRONT_MATTER.match(text)
    return text[front.end() :] if front else text


def _has_readable_date(text: str) -> bool:
    """Return whether Jekyll can read the date in a file's front matter; without one it goes by the file's name."""
    front = _FRONT_MATTER.match(text)
    return all(_is_readable(written) for written in (_DATE.findall(front["keys"]) if front else []))


def _is_readable(written: str) -> bool:
    found = _READABLE_DATE.fullmatch(written)
    try:
        return not written or (found is not None and bool(date.fromisoformat(found["day"])))
    except ValueError:  # 2021-02-31
        return False


def _front(row: Mapping[str, Any]) -> str:
    lines = {
        "layout": "post",
        "title": _quoted(row["title"]),
        "date": front_matter(datetime.fromisoformat(row["published_at"])),
        "categories": _categories(categories_of(row)),
        "tags": _plain(" ".join(row["tags"])),
    }
    known = "".join(f"{key}: {value}\n" for key, value in lines.items())
    said = {**bylines(row), **draft_keys(row)}
    others = other_keys(row["front_matter"], {**lines, **said})
    return f"---\n{known}{front_lines({**said, **others})}---\n"


def _categories(slugs: list[str]) -> str:
    """Write one category as the site does, and several as a list."""
    return _plain("".join(slugs)) if len(slugs) < _SEVERAL else json.dumps(slugs, ensure_ascii=False)


def _quoted(words: str) -> str:
    """Quote words as the site does; where that would be broken YAML, as YAML does."""
    quoted = json.dumps(words, ensure_ascii=False) if _NEEDS_ESCAPES.search(words) else f'"{words}"'
    return _ODD.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)


def _plain(words: str) -> str:
    """Leave words as they are, as the site does; quote what YAML would not read back as the same words."""
    try:
        same = not words or yaml.safe_load(f"words: {words}") == {"words": words}
    except (yaml.YAMLError, ValueError):  # ValueError: 2022-02-31 looks like a date
        same = False
    return words if same else _quoted(words)


def _navigation(row: Mapping[str, Any], site: Site | None) -> str:
    """Return the line that leads back to the category and home, as the definition writes it."""
    address = category_address(site, row["category"]) if site and row["category"] else None
    if site is None or site.navigation is None or address is None:
        return ""
    name = " ".join(row["tags"]) or row["category"]
    return site.navigation.format(name=name, category=f"//{site.hosts[0]}{path_of(address.url)}")
