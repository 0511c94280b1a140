"""The commands `fleet deploy`, `run`, `status` and `collect`. Not here: printing what they return."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from crawler.cli import printing
from crawler.cli.fleets import showing
from crawler.cli.options import archive_option, json_option, no_posts_option, posts_option
from crawler.errors import ExitCode

if TYPE_CHECKING:
    from crawler.ops.fleet.plan.loading import Fleet

_fleet_option = click.option(
    "--fleet",
    "file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("fleet.yaml"),
    show_default=True,
    help="The file that says which sites are crawled on which machines.",
)


@click.group()
def fleet() -> None:
    """Crawl many sites on several machines, which run scrapyd, and bring their archives together.

    \b
    Example:
      finews fleet deploy
      finews fleet run --archive all.db
      finews fleet collect --archive all.db --no-posts
      finews fleet status --archive all.db
    """


@fleet.command()
@_fleet_option
@archive_option
@json_option
@click.pass_context
def deploy(ctx: click.Context, file: Path, archive: Path, *, as_json: bool) -> None:  # noqa: ARG001  # as all four do
    """Bring this program and the definitions of all sites to the nodes.

    A node that has this very version is left alone. Older versions are removed where nothing is at work.

    \b
    Example:
      finews fleet deploy
    """
    from crawler.ops.fleet import deploying  # noqa: PLC0415  # --help needs none of it

    result = deploying.deploy(_loaded(file))
    printing.result(result, showing.deployment, as_json=as_json)
    _exit(ctx, is_well=all(node["outcome"] != "failed" for node in result["nodes"]))


@fleet.command()
@_fleet_option
@archive_option
@json_option
@click.pass_context
def run(ctx: click.Context, file: Path, archive: Path, *, as_json: bool) -> None:
    """Have the sites crawled that are due, and move those that belong on another node.

    Waits for nothing: call it every few minutes, as by cron. --archive is the one that everything is collected into.

    \b
    Example:
      finews fleet run --archive all.db
    """
    from crawler import dates  # noqa: PLC0415  # --help needs none of it
    from crawler.ops.fleet import running  # noqa: PLC0415  # likewise

    result = running.run(_loaded(file), file, archive, dates.now())
    printing.result(result, showing.run, as_json=as_json)
    _exit(ctx, is_well=not result["troubles"] and all(site["failed"] is None for site in result["sites"]))


@fleet.command()
@_fleet_option
@archive_option
@json_option
@click.pass_context
def status(ctx: click.Context, file: Path, archive: Path, *, as_json: bool) -> None:
    """Show the nodes with their queues, the sites with their last runs, and what is amiss.

    \b
    Example:
      finews fleet status --archive all.db
    """
    from crawler import dates  # noqa: PLC0415  # --help needs none of it
    from crawler.ops.fleet import status as states  # noqa: PLC0415  # likewise

    result = states.status(_loaded(file), archive, dates.now())
    printing.result(result, showing.status, as_json=as_json)
    is_well = not any(node["trouble"] for node in result["nodes"])
    _exit(ctx, is_well=is_well and not any(site["alarms"] or site["log"] for site in result["sites"]))


@fleet.command()
@_fleet_option
@archive_option
@posts_option
@no_posts_option
@json_option
@click.pass_context
def collect(ctx: click.Context, file: Path, archive: Path, posts: Path, *, no_posts: bool, as_json: bool) -> None:
    """Take what the nodes have archived into one archive.

    Nothing is taken twice, and what could not be taken is taken the next time.

    \b
    Example:
      finews fleet collect --archive all.db --no-posts
    """
    from crawler.ops.fleet import collecting  # noqa: PLC0415  # --help needs none of it
    from crawler.ops.merging.run import MergeOptions  # noqa: PLC0415  # likewise

    result = collecting.collect(_loaded(file), MergeOptions(archive=archive, posts=None if no_posts else posts))
    printing.result(result, showing.collection, as_json=as_json)
    if not as_json:
        printing.places(archive, None if no_posts else posts)
    _exit(
        ctx, is_well=not result["troubles"] and not any(site["failed"] or site["missing"] for site in result["sites"])
    )


def _loaded(file: Path) -> Fleet:
    from crawler.ops.fleet.plan.loading import load  # noqa: PLC0415  # --help needs none of it

    return load(file)


def _exit(ctx: click.Context, *, is_well: bool) -> None:
    if not is_well:
        ctx.exit(ExitCode.FOUND_WRONG)
