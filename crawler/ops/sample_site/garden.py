"""A second sample site, for writing a definition of: a small blog in English that no bundled definition describes.

It is at https://garden.example, and served below `/garden`. Its links are relative, so that a browser can follow them
there, too. Not here: serving it (`server`).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from crawler.ops.sample_site.site import resource

if TYPE_CHECKING:
    from crawler.ops.sample_site.site import Resource

SITE, BELOW = "https://garden.example", "/garden"
_TITLE, _AUTHOR = "Moss and fern", "Mia Moss"
_BUILT_AT = int(datetime(2024, 5, 1, 12, 0, tzinfo=ZoneInfo("Europe/Berlin")).timestamp())


class _Note(NamedTuple):
    """A post: the name in its address, its title, when it was published (as it is written), tags, paragraphs."""

    slug: str
    title: str
    at: str
    tags: tuple[str, ...]
    paragraphs: tuple[str, ...]


_NOTES = (
    _Note(
        "first-frost",
        "The first frost",
        "2024-03-05 07:30",
        ("frost", "ferns"),
        (
            "The night of the fourth was the coldest since the greenhouse went up: six below at dawn.",
            "Three trays of ferns were lost. One was saved, because somebody had left a blanket on it.",
        ),
    ),
    _Note(
        "a-pond-for-newts",
        "A pond for newts",
        "2024-03-24 18:05",
        ("pond",),
        (
            "A pond need not be large: an old tub, sunk into the ground where the sun comes late, is enough.",
            "The newts found it after nine days. Nobody knows how.",
        ),
    ),
    _Note(
        "moss-on-the-north-wall",
        "Moss on the north wall",
        "2024-04-28 09:15",
        ("moss",),
        (
            "Moss asks for nothing but shade and patience, and the north wall has both.",
            "Buttermilk, which is said to help, was eaten by the cat.",
        ),
    ),
)


def garden() -> dict[str, Resource]:
    """Return what is served of the site, by path."""
    pages = {"/": _home(), "/about/": _about(), **{_path(note): _post(note) for note in _NOTES}}
    served = {path: resource(text, "text/html; charset=utf-8", _BUILT_AT) for path, text in pages.items()}
    served["/rss.xml"] = resource(_feed(), "application/rss+xml; charset=utf-8", _BUILT_AT)
    served["/robots.txt"] = resource("User-agent: *\nDisallow: /drafts/\n", "text/plain; charset=utf-8", _BUILT_AT)
    return {f"{BELOW}{path}": each for path, each in served.items()}


def _path(note: _Note) -> str:
    return f"/notes/{note.slug}/"


def _page(title: str, up: str, main: str) -> str:
    """Return a page; `up` leads from it to the home page."""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<meta property="og:site_name" content="{_TITLE}">
<link rel="alternate" type="application/rss+xml" href="{up}rss.xml">
</head>
<body>
<header><a href="{up}">{_TITLE}</a> <a href="{up}about/">About</a></header>
<main>
{main}
</main>
<footer>Written between two showers.</footer>
</body>
</html>
"""


def _home() -> str:
    notes = "\n".join(f'<li><a href="{_path(note)[1:]}">{note.title}</a></li>' for note in reversed(_NOTES))
    return _page(_TITLE, "./", f"<h1>{_TITLE}</h1>\n<ul>\n{notes}\n</ul>")


def _about() -> str:
    return _page(f"About · {_TITLE}", "../", "<h1>About</h1>\n<p>A garden behind a house, and who works in it.</p>")


def _post(note: _Note) -> str:
    tags = " ".join(f'<a rel="tag" href="../../tags/{tag}/">{tag}</a>' for tag in note.tags)
    text = "\n".join(f"<p>{paragraph}</p>" for paragraph in note.paragraphs)
    main = f"""<article class="note">
<h1>{note.title}</h1>
<p class="note-date"><time datetime="{note.at}">{note.at}</time> <a rel="author" href="../../about/">{_AUTHOR}</a></p>
<div class="note-text">
{text}
</div>
<p>{tags}</p>
</article>"""
    return _page(f"{note.title} · {_TITLE}", "../../", main)


def _feed() -> str:
    items = "".join(
        f"<item><title>{note.title}</title><link>{SITE}{_path(note)}</link></item>" for note in reversed(_NOTES)
    )
    return f'<rss version="2.0"><channel><title>{_TITLE}</title><link>{SITE}/</link>{items}</channel></rss>'
