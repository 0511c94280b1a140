"""Commands that ask the archive: `show`, `search`, `stats`, `runs`, `export`. None of them loads Scrapy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from crawler.cli import printing
from crawler.cli.options import archive_option, json_option


@click.command()
@click.argument("post", metavar="ID")
@archive_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["markdown", "html", "text", "json"]),
    default="markdown",
    show_default=True,
    help="html is the body as published: not safe to show as it is.",
)
@json_option
def show(post: str, archive: Path, form: str, *, as_json: bool) -> None:
    """Show one post; ID is its id or any address of it.

    \b
    Example:
      finews show NW202204202350104915
      finews show 'http://finews.zning.xyz/html_News/NewsShare.html?infoCode=NW202204202350104915' --format text
    """
    from crawler.archive import Archive  # noqa: PLC0415  # --help needs no database
    from crawler.markdown.post_file import render_post  # noqa: PLC0415  # likewise

    with Archive(archive) as opened:
        row = opened.post(post)
    if as_json or form == "json":
        printing.as_json(row)
    elif form == "markdown":
        click.echo(render_post(row), nl=False)
    elif form == "html":
        click.echo(row["html"])
    else:
        click.echo(f"{row['title']}\n{printing.byline(row)}\n\n{row['text']}")


@click.command()
@click.argument("query")
@archive_option
@click.option("--limit", type=click.IntRange(min=0), default=20, show_default=True, help="How many posts to print.")
@click.option("--offset", type=click.IntRange(min=0), default=0, help="How many to pass over first.")
@json_option
def search(query: str, archive: Path, limit: int, offset: int, *, as_json: bool) -> None:
    """Search titles and bodies, newest first. Words must all occur; "…" is one term, -term excludes, OR chooses.

    \b
    Example:
      finews search '江西 5G -广告'
    """
    from crawler.archive import Archive  # noqa: PLC0415  # --help needs no database

    with Archive(archive) as opened:
        found = opened.search(query, limit=limit, offset=offset)
    _print(found, printing.search, as_json=as_json)


@click.command()
@archive_option
@json_option
def stats(archive: Path, *, as_json: bool) -> None:
    """Say what the archive holds.

    \b
    Example:
      finews stats --json
    """
    from crawler.archive import Archive  # noqa: PLC0415  # --help needs no database

    with Archive(archive) as opened:
        _print(opened.stats(), printing.stats, as_json=as_json)


@click.command()
@archive_option
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many runs to print.")
@json_option
def runs(archive: Path, limit: int, *, as_json: bool) -> None:
    """Say what each run did, the latest first.

    \b
    Example:
      finews runs --limit 5
    """
    from itertools import islice  # noqa: PLC0415

    from crawler.archive import Archive  # noqa: PLC0415  # --help needs no database

    with Archive(archive) as opened:
        _print(list(islice(opened.runs(), limit)), printing.runs, as_json=as_json)


@click.command()
@click.argument("directory", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@archive_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["markdown", "jekyll", "jsonl", "csv"]),
    default="markdown",
    show_default=True,
    help="jekyll is the form the site's own source has.",
)
@json_option
def export(directory: Path, archive: Path, form: str, *, as_json: bool) -> None:
    """Write the archive out again into DIR: a file per post, or one posts.jsonl or posts.csv.

    An archive of several sites gets a folder for each.

    \b
    Example:
      finews export backup/ --format jsonl
    """
    from crawler.archive import Archive  # noqa: PLC0415  # --help needs no database
    from crawler.ops.export import export_posts  # noqa: PLC0415  # likewise

    with Archive(archive) as opened:
        several = len(opened.stats()["sites"]) > 1
        result = export_posts(opened.posts(), directory, form, by_site=several)
    _print(result, printing.exported, as_json=as_json)


def _print(result: Any, human: Any, *, as_json: bool) -> None:
    (printing.as_json if as_json else human)(result)
