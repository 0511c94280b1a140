"""Write posts out of the archive: as Markdown, in the site's own form, as JSON Lines or as CSV.

Streams: no more than one post is held. The same archive gives the same bytes. A file is replaced as a whole, so an
export that is cut off leaves the one that was there. Not here: the Markdown a crawl
writes as it goes (`crawler.recording.markdown_folder`), though it is the same.
"""

from __future__ import annotations

import csv
import json
from functools import partial
from typing import TYPE_CHECKING, Any

from crawler.drafts import replacing
from crawler.errors import NotAsExpected, UsageError
from crawler.jekyll.source_form import render_source
from crawler.markdown.post_file import file_name, render_post, write_if_changed
from crawler.sites.loading import bundled_names, load_site
from crawler.text.file_names import is_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from crawler.sites.definition import Site

_CSV_COLUMNS = (
    "site", "post_id", "url", "share_url", "title", "source", "category", "tags", "summary", "published_at",
    "securities", "revision", "first_seen_at", "last_seen_at", "gone_at", "text",
)  # fmt: skip


def export_posts(
    posts: Iterable[Mapping[str, Any]],
    directory: Path,
    form: str,
    *,
    by_site: bool = False,
    sites: Mapping[str, Site] | None = None,
    name: Callable[[str, str], str] = file_name,
) -> dict[str, Any]:
    """Write `posts` (as `crawler.archive.Archive.posts` yields them) into `directory`, made if need be.

    `form` is markdown, jekyll, jsonl or csv; `by_site` gives the files of each site a folder of their own. Returns
    `format`, `directory`, the number of `posts`, and how many files were `written`: one that is as it should be is
    left alone. `sites` are the definitions that `jekyll` goes by, those that come with the program if none are given.
    `name` returns what a post's file is called, by its time (ISO 8601) and its id.
    Raises `UsageError` when it cannot be written to.
    """
    markdown = partial(_files, name=name, render=render_post)
    jekyll = partial(
        _jekyll, name=name, sites={name: load_site(name) for name in bundled_names()} if sites is None else sites
    )
    forms: dict[str, Callable[..., tuple[int, int]]]
    forms = {"markdown": markdown, "jekyll": jekyll, "jsonl": _jsonl, "csv": _csv}
    try:
        directory.mkdir(parents=True, exist_ok=True)
        count, written = forms[form](posts, directory, by_site)
    except OSError as error:
        raise UsageError(
            f"{error.filename or directory} cannot be written: {error.strerror}; name another folder."
        ) from error
    return {"format": form, "directory": str(directory), "posts": count, "written": written}


def _jekyll(
    posts: Iterable[Mapping[str, Any]],
    directory: Path,
    by_site: bool,
    *,
    name: Callable[[str, str], str],
    sites: Mapping[str, Site],
) -> tuple[int, int]:
    return _files(
        posts, directory, by_site, name=name, render=lambda post: render_source(post, sites.get(post["site"]))
    )


def _files(
    posts: Iterable[Mapping[str, Any]],
    directory: Path,
    by_site: bool,
    *,
    name: Callable[[str, str], str],
    render: Callable[[Mapping[str, Any]], str],
) -> tuple[int, int]:
    count = written = 0
    for post in posts:
        count += 1
        if not is_plain(post["site"]):  # somebody has put it into the archive
            raise NotAsExpected(f"the site {post['site']!r} is no folder's name")
        folder = directory / post["site"] if by_site else directory
        folder.mkdir(exist_ok=True)
        written += write_if_changed(folder / name(post["published_at"], post["post_id"]), render(post))
    return count, written


def _jsonl(posts: Iterable[Mapping[str, Any]], directory: Path, _: bool) -> tuple[int, int]:
    count = 0
    with replacing(directory / "posts.jsonl") as draft, draft.open("w", encoding="utf-8") as file:
        for post in posts:
            count += 1
            file.write(json.dumps(post, ensure_ascii=False) + "\n")
    return count, 1


def _csv(posts: Iterable[Mapping[str, Any]], directory: Path, _: bool) -> tuple[int, int]:
    count = 0
    # The mark at the start tells spreadsheets that the file is UTF-8.
    with replacing(directory / "posts.csv") as draft, draft.open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.DictWriter(file, _CSV_COLUMNS, extrasaction="ignore")
        rows.writeheader()
        for post in posts:
            count += 1
            codes = " ".join(dict.fromkeys(mention["code"] for mention in post["mentions"]))
            rows.writerow({**post, "tags": " ".join(post["tags"]), "securities": codes})
    return count, 1
