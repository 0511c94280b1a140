"""A file a post: as Markdown, in the site's own form, or for Hugo. Not here: what stands in such a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crawler.errors import NotAsExpected
from crawler.ops.exporting.drafts import clear_up, write_if_changed
from crawler.text.file_names import is_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    Render = Callable[[Mapping[str, Any]], tuple[str, str]]


def write_files(
    posts: Iterable[Mapping[str, Any]], directory: Path, render: Render, *, by_site: bool
) -> tuple[int, int]:
    """Write a file for each of `posts`, which `render` gives a name and a text; `by_site`: into its site's folder.

    Returns how many posts there were, and how many files had to be written. Raises `OSError`, and `NotAsExpected` for
    a site that is not the name of a folder.
    """
    count = written = 0
    cleared: set[Path] = set()
    for post in posts:
        count += 1
        if not is_plain(post["site"]):  # somebody has put it into the archive
            raise NotAsExpected(f"the site {post['site']!r} is no folder's name")
        folder = directory / post["site"] if by_site else directory
        if folder not in cleared:
            folder.mkdir(exist_ok=True)
            clear_up(folder)
            cleared.add(folder)
        name, text = render(post)
        written += write_if_changed(folder / name, text.encode("utf-8"))
    return count, written
