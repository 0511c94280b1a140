"""The command that helps to write a definition: `try`. Not here: reading pages (`crawler.ops.trying`)."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from gettext import gettext as _
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from crawler.cli import printing
from crawler.cli.options import TEXT, json_option, mirror_option, site_option
from crawler.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from crawler.ops.trying.pages import Tried


@click.command("try")
@click.argument("pages", metavar="URL_OR_FILE...", type=TEXT, nargs=-1)
@site_option
@mirror_option
@click.option(
    "--address", "url", metavar="URL", type=TEXT, help="Where the page in the FILE was served, if it does not say so."
)
@click.option(
    "--init", is_flag=True, help="Instead: write a first definition of the site of which this page is a post."
)
@click.option(
    "--output",
    metavar="FILE.yaml",
    type=click.Path(dir_okay=False, path_type=Path),
    help="With --init: write the definition into this file instead of printing it.",
)
@click.option(
    "--timezone",
    "zone",
    metavar="ZONE",
    type=TEXT,
    help="With --init: where times without an offset are meant, as Asia/Shanghai.",
)
@click.option("--private", is_flag=True, help="With --init: the site may be on this machine or in a private network.")
@click.option(
    "--archive",
    metavar="FILE",
    type=click.Path(path_type=Path),
    expose_value=False,
    help="Taken as by every command, and not used: nothing is stored.",
)
@json_option
@click.pass_context
def try_(
    ctx: click.Context,
    pages: tuple[str, ...],
    site: str,
    mirror: str | None,
    url: str | None,
    output: Path | None,
    zone: str | None,
    *,
    init: bool,
    private: bool,
    as_json: bool,
) -> None:
    """Read pages by a definition, and show what each of its rules finds.

    A page is an address, a file, or - for standard input. Nothing is stored, and no archive is read. Of a listing,
    the links are shown by kind, with those that the definition has no form for.

    \b
    Example:
      finews try https://finews.withounder.com/
      finews try --init --output my.yaml https://blog.example/a-post.html
      finews try --site my.yaml page.html
    """
    from crawler.ops.trying.pages import try_pages  # noqa: PLC0415  # --help needs none of it

    if init:
        _begin(ctx, pages, output, as_json=as_json, mirror=mirror, url=url, zone=_zone(zone), private=private)
        return
    if not pages:
        raise click.UsageError(_("Give pages to read, or a post to begin a definition from with --init."))
    if output or zone or private:
        raise click.UsageError(_("--output, --timezone and --private are for --init."))
    tried = try_pages(pages, site, mirror=mirror, url=url)
    _print(tried, site, as_json=as_json)
    if tried.interrupted:
        ctx.exit(ExitCode.INTERRUPTED)
    if any(trial.outcome != "read" for trial in tried.trials):
        ctx.exit(ExitCode.FOUND_WRONG)


def _zone(typed: str | None) -> ZoneInfo | None:
    from zoneinfo import ZoneInfo  # noqa: PLC0415  # --help needs none of it

    try:
        return ZoneInfo(typed) if typed else None
    except (LookupError, ValueError, OSError) as error:  # OSError: "Asia" is a folder of the database
        raise UsageError(
            "{zone!r} is not a name of the tz database: give one such as Asia/Shanghai.", zone=typed
        ) from error


def _begin(ctx: click.Context, pages: tuple[str, ...], output: Path | None, *, as_json: bool, **options: Any) -> None:
    """Write a first definition into `output`, or print it."""
    from crawler.ops.trying.beginning import begin  # noqa: PLC0415  # --help needs none of it

    if len(pages) != 1 or ctx.get_parameter_source("site") is not ParameterSource.DEFAULT:
        raise click.UsageError(_("--init takes the one page of a post, and no --site."))
    if output and output.exists():
        raise UsageError("{file} exists: give --output another name.", file=output)
    definition = begin(pages[0], **options)
    if output is None:
        printing.result({"definition": definition}, lambda _: click.echo(definition, nl=False), as_json=as_json)
        return
    _write(output, definition)
    named = {"--site": str(output), "--mirror": options["mirror"], "--address": options["url"]}
    told = [word for name, value in named.items() if value for word in (name, value)]
    following = shlex.join(["finews", "try", *told, *pages])
    printing.result(
        {"definition": definition, "file": str(output)}, lambda _: _written(output, following), as_json=as_json
    )


def _write(output: Path, definition: str) -> None:
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(definition)
    except OSError as error:
        raise UsageError(
            "{file} cannot be written ({reason}): give --output another name.", file=output, reason=error.strerror
        ) from error


def _written(output: Path, following: str) -> None:
    click.echo(_("Written: {file}").format(file=output))
    click.echo(_("Try it: {command}").format(command=following))


def _print(tried: Tried, site: str, *, as_json: bool) -> None:
    from crawler.cli.definitions.trials import trial as show  # noqa: PLC0415  # --help needs none of it
    from crawler.ops.trying.advice import advice  # noqa: PLC0415  # likewise
    from crawler.sites.loading import load_site  # noqa: PLC0415  # likewise

    definition = load_site(site)
    advised = [advice(trial, definition) for trial in tried.trials]
    if as_json:
        printing.json_document(
            [{**asdict(trial), "advice": said} for trial, said in zip(tried.trials, advised, strict=True)]
        )
        return
    for number, (trial, said) in enumerate(zip(tried.trials, advised, strict=True)):
        if number:
            click.echo()
        show(trial, definition.timezone, said)
