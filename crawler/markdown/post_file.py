"""A post as a Markdown file: front matter and body, written and read.

Rendering is deterministic: the same article gives the same bytes. `parse(render(front, body))` gives both
back. Not here: which posts are written where, and the form the site itself publishes (`crawler.jekyll.source_form`).
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import yaml

from crawler.dates import front_matter
from crawler.drafts import replacing

if TYPE_CHECKING:
    from collections.abc import Container, Mapping
    from pathlib import Path

_FENCE = "---\n"
# Begins with a letter, a CJK character or a full-width sign, and holds no sign that means anything to YAML, nor is a
# truth value or nothing; or a date as posts have it.
_PLAIN = re.compile(
    r"(?!(?:yes|no|on|off|true|false|null|y|n)\Z)(?=[a-z\u4e00-\u9fff\uff01-\uff5e“《【])"
    r"[\w\u3001-\u3020\u4e00-\u9fff\uff01-\uff5e“”‘’…—·+%/.,()-]+(?:[ :][\w\u4e00-\u9fff“‘+/.?=%-]+)*"
    r"|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}",
    re.ASCII | re.IGNORECASE,
)
_PLAIN_KEY = re.compile(r"(?!(?:yes|no|on|off|true|false|null)\Z)[a-z_]{2,20}")
_DECIMAL = re.compile(r"\d+\.\d+", re.ASCII)
_ODD_BREAK = re.compile(r"[\x85\u2028\u2029]")


def file_name(published_at: str, post_id: str) -> str:
    """Return the file's name, `2022-04-20-NW202204202350104915.md`; `published_at` is ISO 8601."""
    return f"{published_at[:10]}-{post_id}.md"


def render_post(row: Mapping[str, Any]) -> str:
    """Write a post of the archive (`crawler.archive.store.posts.get`) as a file for Jekyll and for people."""
    published_at = datetime.fromisoformat(row["published_at"])
    front = {
        "layout": "post",
        "title": row["title"],
        "date": front_matter(published_at),
        "categories": categories_of(row),
        "tags": list(row["tags"]),
        **bylines(row),
        "id": row["post_id"],
        "source": row["source"],
        "url": row["url"],
        "share_url": row["share_url"],
        "securities": [
            {"code": mention["code"], "name": mention["name"], "count": mention["count"]}
            for mention in row["mentions"]
        ],
        "revision": row["revision"],
        **({"derived": row["derived"]} if row["derived"] else {}),
        **draft_keys(row),
    }
    return render({**front, **other_keys(row["front_matter"], front)}, row["markdown"])


def categories_of(row: Mapping[str, Any]) -> list[str]:
    """Return the slugs of a post's categories, of which its column `category` has the first."""
    return list(row.get("categories") or filter(None, [row["category"]]))


def bylines(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys that name a post's authors and its lead image; none of what it lacks."""
    authors, image = row.get("authors"), row.get("image")
    return {**({"authors": list(authors)} if authors else {}), **({"image": image} if image else {})}


def draft_keys(row: Mapping[str, Any]) -> dict[str, bool]:
    """Return the keys that keep a draft from being published: the first is Hugo's, the second Jekyll's and Hexo's."""
    return {"draft": True, "published": False} if row.get("draft") else {}


def other_keys(front_matter: Mapping[str, Any], known: Container[str]) -> dict[str, Any]:
    """Return the keys of a post's file that are not `known` here.

    A date that cannot be read is among them as `written_date`: the key `date` is taken by the one it was given. An
    `author` is left out if the `authors` are known.
    """
    named = {"written_date" if key == "date" else key: value for key, value in front_matter.items()}
    return {
        key: value
        for key, value in named.items()
        if key not in known and not (key.lower() == "author" and "authors" in known)
    }


def is_of(text: str, post_id: str, url: str | None) -> bool:
    """Return whether `text` is that of a file which this program wrote for the post with this id and address."""
    front = _own_front(text)
    return (front.get("id"), front.get("url")) == (post_id, url) and bool(front)


def id_of(text: str) -> str | None:
    """Return the id of the post that this program wrote a file for, by its `text`; `None` for anybody else's file."""
    post_id = _own_front(text).get("id")
    return post_id if isinstance(post_id, str) else None


def _own_front(text: str) -> dict[str, Any]:
    """Return the front matter of a file that this program wrote; nothing for any other file."""
    try:
        front, _ = parse(text)
    except (ValueError, yaml.YAMLError, RecursionError):
        return {}
    return front if front.keys() >= {"id", "url", "revision"} else {}


def render(front: Mapping[str, Any], body: str) -> str:
    """Write front matter, its keys in the order given, and the Markdown body, each ended by one newline."""
    return f"{_FENCE}{front_lines(front)}{_FENCE}\n{body}\n"


def front_lines(front: Mapping[str, Any]) -> str:
    """Write the keys of front matter in the order given, as YAML; nothing for none."""
    return "".join(_line(key, value) for key, value in front.items())


def parse(text: str) -> tuple[dict[str, Any], str]:
    """Read back what `render` wrote: the front matter and the body.

    Raises `ValueError` when the text is not of that form.
    """
    opening, found, rest = text.partition(_FENCE)
    written, closed, body = rest.partition(f"\n{_FENCE}\n")
    if opening or not found or not closed:
        raise ValueError("no front matter between two lines of ---")
    front = yaml.load(written, Loader=_FrontMatterLoader)  # noqa: S506  # a safe loader, see below
    if not isinstance(front, dict):
        raise ValueError("the front matter is no mapping")  # noqa: TRY004  # the text is wrong, not a type
    return front, body.removesuffix("\n")


def write_if_changed(path: Path, text: str) -> bool:
    """Write `text` to `path` in UTF-8 unless it stands there already; tell whether it was written.

    The file is replaced as a whole, so that a reader or a crash never sees half of one.
    """
    content = text.encode("utf-8")
    if path.is_file() and path.read_bytes() == content:
        return False
    with replacing(path) as draft:
        draft.write_bytes(content)
    return True


def _line(key: str, value: Any) -> str:
    """Write one key as YAML."""
    if _PLAIN_KEY.fullmatch(key) and (written := _plain(value)):
        return f"{key}:{written}\n"
    thorough: str = yaml.dump(
        {key: value},
        Dumper=_FrontMatterDumper,
        allow_unicode=True,
        sort_keys=False,
        width=10_000,
        default_flow_style=False,
    )
    return thorough


def _plain(value: Any) -> str:
    """Write what is plain in any case without YAML's thorough look, which takes a hundred times as long; else "".

    The result is the same, and most of a post's front matter is of that kind.
    """
    if isinstance(value, str):
        quoted = f" '{value}'" if _DECIMAL.fullmatch(value) else ""  # a security's code, which is no number
        return f" {value}" if _PLAIN.fullmatch(value) else quoted
    if isinstance(value, list):
        items = [_plain_entry(item) if isinstance(item, dict) else _plain(item) for item in value if item]
        whole = len(items) == len(value) and all(items) and not any(isinstance(item, list) for item in value)
        return "".join(f"\n  -{item}" for item in items) if value and whole else ("" if value else " []")
    return f" {value}" if type(value) is int else ""


def _plain_entry(entry: dict[str, Any]) -> str:
    """Write a mapping in a list likewise: `- code: '1.600160'`, the other keys below the first."""
    lines = [
        f"{key}:{written}"
        for key, value in entry.items()
        if not isinstance(value, list | dict) and _PLAIN_KEY.fullmatch(key) and (written := _plain(value))
    ]
    return " " + "\n    ".join(lines) if len(lines) == len(entry) else ""


class _FrontMatterDumper(yaml.SafeDumper):
    """Indents lists below their key, as people write them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002  # the base's signature
        super().increase_indent(flow, indentless=False)

    def represent_str(self, text: str) -> yaml.ScalarNode:
        # PyYAML writes U+0085 outside double quotes as it stands, and reads it back as a space.
        style = '"' if _ODD_BREAK.search(text) else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_FrontMatterDumper.add_representer(str, _FrontMatterDumper.represent_str)


class _FrontMatterLoader(yaml.SafeLoader):
    """Leaves dates as the text they are."""


_FrontMatterLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
