"""The command that shows the program at work on the sample site: `demo`. Not here: the sample site."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import sys
from gettext import gettext as _
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crawler.cli import printing, reports
from crawler.cli.options import LAST_PORT, Count, json_option, only_one
from crawler.cli.serving import PORT, has_web
from crawler.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_NAME, _FINEWS, _HERE = "archive.db", "finews", "127.0.0.1"


@click.command()
@click.option(
    "--serve",
    "serves",
    is_flag=True,
    help="Leave the site, to be crawled by you, and the archive's pages up until Ctrl-C.",
)
@click.option("--change", is_flag=True, help="Instead: change a page of the sample site that is up.")
@click.option(
    "--port",
    metavar="N",
    type=Count(0, LAST_PORT),
    help="Where --serve serves, or --change finds the site.  [default: 8000, or a free one if that is taken]",
)
@click.option(
    "--into",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep the archive and the Markdown in this folder; by default in a new temporary one.",
)
@click.option(
    "--archive",
    type=click.Path(dir_okay=False, path_type=Path),
    multiple=True,
    callback=only_one,
    help="Keep the archive here, and Markdown beside it.",
)
@json_option
@click.pass_context
def demo(
    ctx: click.Context,
    port: int | None,
    into: Path | None,
    archive: Path | None,
    *,
    serves: bool,
    change: bool,
    as_json: bool,
) -> None:
    """Show the whole program at work, offline.

    Serves the bundled sample site on a free local port, crawls it, searches the archive, and says how to look at that
    in a browser. With --serve, both stay up: the site, to be crawled by you from another terminal, and the archive's
    pages.

    \b
    Example:
      finews demo
      finews demo --serve --port 8000
      finews demo --change
    """
    _refuse_what_does_not_fit(port, into, archive, serves=serves, change=change)
    archive = into / _NAME if into else archive
    if change:
        _change(port, as_json=as_json)
    elif serves:
        _serve(ctx, port, archive, as_json=as_json)
    else:
        from crawler.ops.demo import run_demo  # noqa: PLC0415  # loads Scrapy

        shown = run_demo(archive, progress=not as_json)
        printing.result(shown, _show_with_advice, as_json=as_json)
        _exit_as_interrupted(ctx, shown)


def _refuse_what_does_not_fit(
    port: int | None, into: Path | None, archive: Path | None, *, serves: bool, change: bool
) -> None:
    if change and (serves or into or archive):
        raise click.UsageError(
            _("--change goes with no other option than --port and --json: it only changes a page.")
        )
    if into and archive:
        raise click.UsageError(_("Give --into or --archive, not both."))
    if port is not None and not (serves or change):
        raise click.UsageError(_("--port is for --serve and --change."))


def _change(port: int | None, *, as_json: bool) -> None:
    from crawler.ops.sample_site.serving import edit, user_note  # noqa: PLC0415  # loads what renders pages

    printing.result(edit(port, user_note()), _changed, as_json=as_json)


def _changed(edit: Mapping[str, Any]) -> None:
    click.echo(
        _("{url} is changed: {before} → {after}. To see that in the archive:").format(
            url=edit["url"], before=edit["before"], after=edit["after"]
        )
    )
    click.echo(f"  {_command(['crawl', '--mirror', edit['site'], '--full'])}")
    click.echo(f"  {_command(['history', edit['post_id'], '--diff'])}")


def _serve(ctx: click.Context, port: int | None, archive: Path | None, *, as_json: bool) -> None:
    """Serve the sample site and, after crawling it into `archive`, that as well, until SIGTERM or Ctrl-C."""
    from crawler.ops.demo import new_archive  # noqa: PLC0415  # loads Scrapy
    from crawler.ops.sample_site.edits import EDITED  # noqa: PLC0415  # loads what renders pages
    from crawler.ops.sample_site.serving import serving, user_note  # noqa: PLC0415  # likewise

    archive = archive or new_archive()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(ExitCode.DONE))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where a shell has it ignored, as in a script
    with serving(port, user_note()) as server:
        if not as_json:
            click.echo(server.url)
        shown = {"url": server.url, "changes": EDITED, **_crawled(server.url, archive, progress=not as_json)}
        _exit_as_interrupted(ctx, shown)
        if has_web():
            _serve_pages(archive, lambda pages: printing.result({**shown, "pages": pages}, _served, as_json=as_json))
        else:
            printing.result({**shown, "pages": None}, _served, as_json=as_json)
            signal.pause()


def _serve_pages(archive: Path, ready: Callable[[str], None]) -> None:
    """Show the archive in a browser, at the usual port or else at a free one; `ready` gets the address."""
    from crawler.web.serving import NoListening, serve  # noqa: PLC0415  # not always installed

    try:
        serve(archive, _HERE, PORT, "", ready)
    except NoListening:
        serve(archive, _HERE, 0, "", ready)


def _crawled(url: str, archive: Path, *, progress: bool) -> dict[str, Any]:
    """Crawl the site, and put the handlers of signals back, in whose place the run has put its own."""
    from crawler.ops.demo import crawl_sample  # noqa: PLC0415  # loads Scrapy

    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        return crawl_sample(url, archive, progress=progress)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _served(shown: Mapping[str, Any]) -> None:
    """Print what came of the crawl, where to look at it, and what to type next."""
    _show(shown)
    if shown["pages"]:
        click.echo(_("In a browser: {address}").format(address=shown["pages"]))
    else:
        click.echo(_advice(shown["archive"]))
    click.echo(_("\nThe sample site is up until Ctrl-C. In another terminal:"))
    crawl = ["crawl", "--mirror", shown["url"], "--archive", shown["archive"], "--posts", shown["posts"]]
    history = ["history", shown["changes"], "--diff", "--archive", shown["archive"]]
    for line in map(_command, (crawl, ["demo", "--change"], [*crawl, "--full"], history)):
        click.echo(f"  {line}")


def _show(shown: Mapping[str, Any]) -> None:
    """Print what a crawl of the sample site brought, and where that is."""
    reports.report(shown["report"])
    printing.search(shown["search"])
    click.echo(_("\nArchive:  {archive}\nMarkdown: {posts}").format(archive=shown["archive"], posts=shown["posts"]))


def _show_with_advice(shown: Mapping[str, Any]) -> None:
    _show(shown)
    click.echo(_advice(shown["archive"]))


def _advice(archive: str) -> str:
    """Return how to look at an archive in a browser."""
    serve = _command(["serve", "--archive", archive])
    if has_web():
        return _("\nTo look at the archive in a browser:\n  {command}").format(command=serve)
    install = shlex.join([sys.executable, "-m", "pip", "install", "finews-archive[web]"])
    return _("\nTo look at the archive in a browser:\n  {install}\n  {command}").format(
        install=install, command=serve
    )


def _exit_as_interrupted(ctx: click.Context, shown: Mapping[str, Any]) -> None:
    if "report" in shown and shown["report"]["outcome"] == "interrupted":
        ctx.exit(ExitCode.INTERRUPTED)


def _command(words: Sequence[str]) -> str:
    return shlex.join([program(sys.argv[0], os.environ.get("PATH", "")), *words])


def program(started: str, path: str) -> str:
    """Return what to type for the program that was `started` so: `finews`, or else where it is.

    That is where a shell, which searches `path`, does not find it, as after `make demo`.
    """
    found = shutil.which(_FINEWS, path=path)
    if Path(started).name != _FINEWS or (found and Path(started).exists() and Path(started).samefile(found)):
        return _FINEWS
    return started
