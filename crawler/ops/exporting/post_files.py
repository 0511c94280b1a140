"""A file a post: as Markdown, in the site's own form, or for Hugo. Not here: what stands in such a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crawler.ops.exporting.drafts import clear_up, write_if_changed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    Render = Callable[[Mapping[str, Any]], tuple[str, str]]


def write_files(
    posts: Iterable[Mapping[str, Any]], directory: Path, render: Render, *, by_site: bool
) -> tuple[int, int]:
    """Write a file for each of `posts`, which `render` gives a name and a text; `by_site`: into its site's folder.

    Returns how many posts there were, and how many files had to be written. Raises `OSError`.
    """
    count = written = 0
    cleared: set[Path] = set()
    for post in posts:
        count += 1
        folder = directory / post["site"] if by_site else directory
        if folder not in cleared:
            folder.mkdir(exist_ok=True)
            clear_up(folder)
            cleared.add(folder)
        name, text = render(post)
        written += write_if_changed(folder / name, text.encode("utf-8"))
    return count, written
