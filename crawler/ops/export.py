"""Write posts out of the archive: as Markdown, for Jekyll or Hugo, as JSON Lines or as CSV.

Streams: no more than one post is held. The same archive gives the same bytes. A file is replaced as a whole, so an
export that is cut off leaves the one that was there. Not here: the Markdown a crawl writes as it goes
(`crawler.recording.markdown_folder`), though it is the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from crawler.jekyll.source_form import source_of
from crawler.markdown.post_file import file_name, render_post
from crawler.ops.exporting.destination import destination
from crawler.ops.exporting.drafts import clear_up
from crawler.ops.exporting.hugo import render_page
from crawler.ops.exporting.json_lines import write_json_lines
from crawler.ops.exporting.post_files import write_files
from crawler.ops.exporting.spreadsheet import write_csv
from crawler.sites.loading import bundled_names, load_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from crawler.items import WrittenFile
    from crawler.sites.definition import Site

Form = Literal["markdown", "jekyll", "hugo", "jsonl", "csv"]
"""What an export writes: files with this program's front matter, with that of Jekyll or Hugo, or one file of all."""


def export_posts(
    posts: Iterable[Mapping[str, Any]],
    directory: Path,
    form: str,
    *,
    by_site: bool = False,
    sites: Mapping[str, Site] | None = None,
    name: Callable[[str, str], str] = file_name,
    file_of: Callable[[int], WrittenFile | None] = lambda _: None,
) -> dict[str, Any]:
    """Write `posts` (as `crawler.archive.Archive.posts` yields them) into `directory`, made if need be.

    `form` is one of `Form`; `by_site` gives the files of each site a folder of their own. `jekyll` goes by the
    definitions in `sites`, those that come with the program if none are given, and by the file that brought a post,
    which `file_of` returns for its row (`crawler.archive.store.files.written_file`). `name` returns what a post's
    file is called, by its time (ISO 8601) and its id. Returns `format`, `directory`, the number of `posts`, and how
    many files were `written`: one that is as it should be is left alone. Raises `UsageError` when it cannot be
    written to.
    """
    known = {each: load_site(each) for each in bundled_names()} if sites is None else sites
    renderings: dict[str, Callable[[Mapping[str, Any]], tuple[str, str]]]
    renderings = {
        "markdown": lambda post: (name(post["published_at"], post["post_id"]), render_post(post)),
        "jekyll": lambda post: source_of(post, known.get(post["site"]), file_of(post["id"]), name),
        "hugo": lambda post: (name(post["published_at"], post["post_id"]), render_page(post)),
    }
    with destination(directory):
        clear_up(directory)
        if form in renderings:
            count, written = write_files(posts, directory, renderings[form], by_site=by_site)
        else:
            write = {"jsonl": write_json_lines, "csv": write_csv}[form]
            count, written = write(posts, directory / f"posts.{form}"), 1
    return {"format": form, "directory": str(directory), "posts": count, "written": written}
