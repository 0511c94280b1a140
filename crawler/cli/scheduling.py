"""The command for scheduled runs: `schedule`. It prints or writes texts, and installs nothing."""

from __future__ import annotations

import os
import pwd
import sys
from gettext import gettext as _
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crawler.cli import printing
from crawler.cli.options import archive_option, json_option, no_posts_option, posts_option, site_option
from crawler.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawler.ops.schedule.plan import Plan

_KINDS = ("cron", "systemd", "github")


@click.command()
@click.argument("kind", metavar="|".join(_KINDS), type=click.Choice(_KINDS))
@click.option("--every", metavar="TIME", default="15m", show_default=True, help="How often: 15m, 90m, 2h, 1d.")
@click.option(
    "--into",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the files into DIR instead of printing them.",
)
@click.option(
    "--serve", "serving", is_flag=True, help="With systemd: a service that shows the archive in a browser, too."
)
@archive_option
@site_option
@posts_option
@no_posts_option
@json_option
def schedule(
    kind: str,
    every: str,
    into: Path | None,
    archive: Path,
    site: str,
    posts: Path,
    *,
    no_posts: bool,
    serving: bool,
    as_json: bool,
) -> None:
    """Print what to install for scheduled runs.

    That is a crontab line, systemd units, or a workflow for GitHub Actions. Nothing is installed; the comments and
    docs/schedule.md say how to do that.

    \b
    Example:
      finews schedule cron
      finews schedule systemd --every 90m --archive /srv/news/archive.db --posts /srv/news/_posts
      finews schedule systemd --serve
      finews schedule github --every 1h --into .github/workflows
    """
    if serving and kind != "systemd":
        raise click.UsageError(_("--serve goes with systemd: finews schedule systemd --serve."))
    plan = _plan(kind, every, archive, site, None if no_posts else posts, serving=serving)
    written = _write(plan.files, into) if into else []
    if as_json:
        printing.json_document({**plan.as_dict(), "written": written})
    elif into:
        click.echo("\n".join(written))
    else:
        _print(plan)


def _plan(kind: str, every: str, archive: Path, site: str, posts: Path | None, *, serving: bool) -> Plan:
    from crawler.ops.schedule.cron import cron  # noqa: PLC0415  # --help needs none of these
    from crawler.ops.schedule.github import github  # noqa: PLC0415
    from crawler.ops.schedule.interval import read_interval  # noqa: PLC0415
    from crawler.ops.schedule.systemd import systemd  # noqa: PLC0415
    from crawler.ops.schedule.task import Task  # noqa: PLC0415
    from crawler.sites.loading import load_site_to_crawl  # noqa: PLC0415

    task = Task(
        program=_program(),
        archive=_absolute(archive),
        posts=_absolute(posts) if posts else None,
        site=str(_absolute(Path(site))) if site.endswith((".yaml", ".yml")) else site,
        name=load_site_to_crawl(site).name,  # better to refuse a wrong one now than in a run that nobody watches
        every=read_interval(every),
        user=_user(),
        folder=Path.cwd(),
    )
    if kind == "systemd":
        return systemd(task, serving=serving)
    return {"cron": cron, "github": github}[kind](task)


def _program() -> tuple[str, ...]:
    """Return the command that starts this program from anywhere: the script beside its Python, if there is one."""
    script = Path(sys.executable).with_name("finews")
    return (str(script),) if os.access(script, os.X_OK) else (sys.executable, "-m", "crawler")


def _absolute(path: Path) -> Path:
    """Make a path absolute and free of dots, without following links, whose targets may change."""
    return Path(os.path.abspath(path))  # noqa: PTH100  # Path.absolute leaves the dots


def _user() -> str:
    number = os.geteuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:  # as in a container
        return str(number)


def _write(files: Mapping[str, str], folder: Path) -> list[str]:
    """Write the files and return their paths."""
    from crawler.drafts import replacing  # noqa: PLC0415  # --help needs none of these

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            with replacing(folder / name) as draft:
                draft.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            "{filename} cannot be written: {reason}; name another folder with --into.",
            filename=error.filename or folder,
            reason=error.strerror,
        ) from error
    return [str(folder / name) for name in files]


def _print(plan: Plan) -> None:
    """Print the files and, unless the text is to be pasted as it is, how to install them."""
    if plan.place is None:
        click.echo("".join(plan.files.values()), nl=False)
        return
    for name, text in plan.files.items():
        click.echo(f"# {plan.place}/{name}\n{text}")
    click.echo(_("# To install:"))
    for command in plan.install:
        click.echo(f"#   {command}")
