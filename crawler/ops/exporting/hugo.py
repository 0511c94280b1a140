"""A post as a page that Hugo builds: front matter that Hugo takes, and Markdown that holds no shortcodes.

Hugo stops at an address with a host, at outputs it does not have and at addresses it cannot unescape, and leaves out
what is a draft or past its date. So what a file brought along under a name that means something to Hugo stands below
`front_matter`. `import` reads such a page back. Not here: layouts, which the Hugo site has.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from crawler.markdown.post_file import bylines, categories_of, draft_keys, other_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

# What Hugo's front matter means to Hugo, in lower case as Hugo reads it.
_HUGOS = frozenset(
    "_build aliases audio build cascade date description draft expirydate front_matter headless images iscjklanguage"
    " keywords kind lang lastmod layout linktitle markup menu menus modified outputs params path pubdate publishdate"
    " published resources series sitemap slug summary title translationkey type unpublishdate url videos"
    " weight".split()
)
_PLAIN_KEY = re.compile(r"(?!(?:yes|no|on|off|true|false|null|y|n)\Z)[a-z_]+")
# What YAML takes for the end of a line, or for no character of a text.
_ODD = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
# Hugo unescapes an address, and its files are named by it.
_NO_PATH = re.compile(r"[%?#\\\x00-\x1f\x7f]|(?:\A|/)\.{1,2}(?:/|\Z)")
_FENCE = re.compile(r"~{3,}|`{3,}")
# How Markdown parts braces in code, where it cannot escape them, for the sake of Jekyll's Liquid.
_PARTED = re.compile("\\{\u200b(?=[{%])")
# Written as a comment of Hugo's a shortcode is shown as it is. A private character stands for the braces meanwhile.
_SHORTCODE = re.compile(r"\{\{(?:(<)(?!/\*)((?:(?!\{\{|\*/).)*?)>|(%)(?!/\*)((?:(?!\{\{|\*/).)*?)%)\}\}")
_OPENING = re.compile(r"\{(?=\{[<%])")
_BRACES = "\ue000"


def render_page(row: Mapping[str, Any]) -> str:
    """Write a post of the archive as a page."""
    front = {
        "title": row["title"],
        "date": row["published_at"],
        **_address(row["url"]),
        "categories": categories_of(row),
        "tags": list(row["tags"]),
        **bylines(row),
        "id": row["post_id"],
        "source": row["source"],
        "share_url": row["share_url"],
        "securities": [{key: mention[key] for key in ("code", "name", "count")} for mention in row["mentions"]],
        "revision": row["revision"],
        **({"derived": row["derived"]} if row["derived"] else {}),
        **draft_keys(row),
    }
    others = other_keys(row["front_matter"], front)
    known = {key: value for key, value in others.items() if key.lower() not in _HUGOS and key.lower() not in front}
    kept = {key: value for key, value in others.items() if key not in known}
    lines = {**front, **known, **({"front_matter": kept} if kept else {})}
    written = "".join(f"{_key(key)}: {_yaml(value)}\n" for key, value in lines.items())
    body = _without_shortcodes(row["markdown"])
    return f"---\n{written}---\n\n{body}\n"


def _address(url: str | None) -> dict[str, str]:
    """Return the key `url` with the path of a post's address; nothing where Hugo must find one of its own."""
    parts = urlsplit(url or "")
    path = unquote(parts.path)
    return {} if path in {"", "/"} or parts.query or _NO_PATH.search(path) else {"url": path}


def _key(key: str) -> str:
    return key if _PLAIN_KEY.fullmatch(key) else _yaml(key)


def _yaml(value: Any) -> str:
    """Write a value as JSON, which YAML includes but for some characters: so no word is taken for a number."""
    return _ODD.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def _without_shortcodes(markdown: str) -> str:
    """Return Markdown in which Hugo finds no shortcode, and which shows what `markdown` shows."""
    lines, fence = markdown.split("\n"), ""
    for number, line in enumerate(lines):
        edge = _FENCE.match(line.strip())
        if edge and (not fence or edge[0] == fence):
            fence = "" if fence else edge[0]
        elif fence:
            lines[number] = _SHORTCODE.sub(_shown, _PARTED.sub("{", line))
        lines[number] = _OPENING.sub("{\u200b", lines[number]).replace(_BRACES, "{{")
    return "\n".join(lines)


def _shown(shortcode: re.Match[str]) -> str:
    begin, end = ("<", ">") if shortcode[1] else ("%", "%")
    return f"{_BRACES}{begin}/*{shortcode[2] or shortcode[4] or ''}*/{end}}}}}"
