"""The command that shows the program at work on the sample site: `demo`. Not here: the sample site."""

from __future__ import annotations

import shlex
import signal
import threading
from gettext import gettext as _
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crawler.cli import printing, reports
from crawler.cli.options import LAST_PORT, Count, json_option
from crawler.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NAME = "archive.db"
_APART = 'cd "$(mktemp -d)"'  # so that invented posts do not get among others


@click.command()
@click.option("--serve", "serves", is_flag=True, help="Leave the sample site up until Ctrl-C, for you to crawl.")
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

    Serves the bundled sample site on a free local port, crawls it, and searches the archive. With --serve, the site
    stays up to be crawled by you from another terminal; it is crawled here as well only if --into or --archive says
    where to.

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
        printing.result(shown, _show, as_json=as_json)
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
    """Serve the sample site until SIGTERM or Ctrl-C, after crawling it into `archive` if that is given."""
    from crawler.ops.sample_site.edits import EDITED  # noqa: PLC0415  # loads what renders pages
    from crawler.ops.sample_site.serving import serving, user_note  # noqa: PLC0415  # likewise

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where a shell has it ignored, as in a script
    with serving(port, user_note()) as server:
        if not as_json:
            click.echo(server.url)
        shown = _crawled(server.url, archive, progress=not as_json) if archive else {}
        printing.result({"url": server.url, "changes": EDITED, **shown}, _served, as_json=as_json)
        _exit_as_interrupted(ctx, shown)
        stop.wait()


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
    """Print what came of the crawl, if there was one, and what to type next."""
    crawl, history = ["crawl", "--mirror", shown["url"]], ["history", shown["changes"], "--diff"]
    first = [_APART]
    if "report" in shown:
        _show(shown)
        crawl += ["--archive", shown["archive"], "--posts", shown["posts"]]
        history += ["--archive", shown["archive"]]
        first = []
    click.echo(_("\nThe sample site is up until Ctrl-C. In another terminal:"))
    for line in (*first, *map(_command, (crawl, ["demo", "--change"], [*crawl, "--full"], history))):
        click.echo(f"  {line}")


def _show(shown: Mapping[str, Any]) -> None:
    """Print what a crawl of the sample site brought, and where that is."""
    reports.report(shown["report"])
    printing.search(shown["search"])
    click.echo(_("\nArchive:  {archive}\nMarkdown: {posts}").format(archive=shown["archive"], posts=shown["posts"]))


def _exit_as_interrupted(ctx: click.Context, shown: Mapping[str, Any]) -> None:
    if "report" in shown and shown["report"]["outcome"] == "interrupted":
        ctx.exit(ExitCode.INTERRUPTED)


def _command(words: Sequence[str]) -> str:
    return shlex.join(["finews", *words])
