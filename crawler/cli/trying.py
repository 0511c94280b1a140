"""The command that helps to write a definition: `try`. Not here: reading pages (`crawler.ops.trying`)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from crawler.cli import printing
from crawler.cli.options import TEXT, json_option, mirror_option, site_option
from crawler.errors import ExitCode

if TYPE_CHECKING:
    from crawler.ops.trying.pages import Tried


@click.command("try")
@click.argument("pages", metavar="URL_OR_FILE...", type=TEXT, nargs=-1, required=True)
@site_option
@mirror_option
@click.option(
    "--address", "url", metavar="URL", type=TEXT, help="Where the page in the FILE was served, if it does not say so."
)
@json_option
@click.pass_context
def try_(
    ctx: click.Context, pages: tuple[str, ...], site: str, mirror: str | None, url: str | None, *, as_json: bool
) -> None:
    """Read pages by a definition, and show what each of its rules finds.

    A page is an address, a file, or - for standard input. Nothing is stored, and no archive is read. Of a listing,
    the links are shown by kind, with those that the definition has no form for.

    \b
    Example:
      finews try https://finews.withounder.com/
      finews try --site my.yaml page.html
    """
    from crawler.ops.trying.pages import try_pages  # noqa: PLC0415  # --help needs none of it

    tried = try_pages(pages, site, mirror=mirror, url=url)
    _print(tried, site, as_json=as_json)
    if tried.interrupted:
        ctx.exit(ExitCode.INTERRUPTED)
    if any(trial.outcome != "read" for trial in tried.trials):
        ctx.exit(ExitCode.FOUND_WRONG)


def _print(tried: Tried, site: str, *, as_json: bool) -> None:
    from crawler.cli.output.trials import trial as show  # noqa: PLC0415  # --help needs none of it
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
