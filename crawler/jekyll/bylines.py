"""Authors and lead image as people write them in front matter: for Jekyll, Hugo and Hexo. Pure.

Authors are under `authors` or `author`, in Hugo's front matter perhaps within `params`: a text, which is one name, a
mapping with a `name`, or a list of these. A lead image is under one of several keys, as an address or as a mapping
that holds one. Only what has a host, or begins at the root of the site, is an address: what else is relative to
depends on the theme. Not here: reading YAML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crawler.jekyll.scalars import text_of
from crawler.text.outside import names
from crawler.urls import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.jekyll.front_matter import FrontMatter

_AUTHORS = ("authors", "author")
# Of jekyll-seo-tag, Hugo, Hexo, and themes of each: Minimal Mistakes, PaperMod, Butterfly, Ananke.
_IMAGES = ("image", "images", "cover", "featured_image", "thumbnail", "header")
_WITHIN = ("path", "url", "src", "image", "overlay_image", "teaser")


def authors_in(front: FrontMatter) -> tuple[str, ...]:
    """Return the names of the authors, in the form in which they are stored."""
    params = front.value("params")
    values = [front.value(key) for key in _AUTHORS]
    values += [params.get(key) for key in _AUTHORS] if isinstance(params, dict) else []
    return next(filter(None, (names(_written(value)) for value in values)), ())


def image_in(front: FrontMatter, root: str) -> str | None:
    """Return the address of the lead image; `root` is that of the site, "" if it has none."""
    written = (text for key in _IMAGES for text in _addresses(front.value(key)))
    return next((address for text in written if (address := _absolute(text, root))), None)


def told(front: FrontMatter, root: str) -> set[str]:
    """Return the keys of which authors and image tell everything, so that nothing is lost without them."""
    authors, image = authors_in(front), text_of(front.value("image"))
    values = {key: front.value(key) for key in _AUTHORS}
    keys = {key for key, value in values.items() if _is_names(value) and tuple(_written(value)) == authors}
    return {*keys, *({"image"} if image and _absolute(image, root) else ())}


def _written(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _written(each)
    elif name := text_of(value.get("name") if isinstance(value, dict) else value):
        yield name


def _is_names(value: Any) -> bool:
    """Return whether a value consists of names alone."""
    if isinstance(value, list):
        return all(map(_is_names, value))
    return set(value) == {"name"} if isinstance(value, dict) else bool(text_of(value))


def _addresses(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _addresses(each)
    elif isinstance(value, dict):
        for key in _WITHIN:
            yield from _addresses(value.get(key))
    elif address := text_of(value):
        yield address


def _absolute(written: str, root: str) -> str | None:
    is_relative = not written.startswith(("/", "http://", "https://"))
    return None if is_relative else resolve(root, written)
