"""The command line: parse, call one function, print, exit. One module per family of commands.

Errors that a person can do something about are printed as one sentence, never as a traceback; the exit codes are in
`crawler.errors.ExitCode`. Importing this loads neither Scrapy nor a database. Not here: the work itself.
"""

from __future__ import annotations

import sys
from gettext import gettext, ngettext
from typing import Any

import click

from crawler import __version__, language
from crawler.cli import streams
from crawler.cli.captures.listing import captures
from crawler.cli.captures.rehearsing import rehearse, reread
from crawler.cli.crawling import crawl, share
from crawler.cli.definitions.trying import try_
from crawler.cli.deleting import delete
from crawler.cli.demonstrating import demo
from crawler.cli.fleets.commands import fleet
from crawler.cli.fleets.snapshotting import snapshot
from crawler.cli.importing import import_, merge
from crawler.cli.keeping import backup, check, export, runs, stats, top
from crawler.cli.options import language_option, time_limit_option
from crawler.cli.reading import history, search, show, stock, why
from crawler.cli.scheduling import schedule
from crawler.cli.serving import serve
from crawler.cli.shell.anywhere import NoValue, options_with_value, own_first
from crawler.cli.shell.completion import install_option, show_option
from crawler.cli.shell.help import HelpContext, in_language
from crawler.errors import ExitCode, FinewsError, NoOutput, NotAsExpected


class _Sentence(click.ClickException):
    """A `FinewsError` on its way to the terminal."""

    def __init__(self, error: FinewsError) -> None:
        super().__init__(language.said(error.sentence))
        self.exit_code = error.exit_code  # type: ignore[misc]  # click reads it from the instance


class _Sentences(click.Group):
    """A group whose commands' errors are printed as sentences, and which speaks the user's language."""

    context_class = HelpContext

    def main(self, *args: Any, **options: Any) -> Any:
        streams.prepare()
        with language.speaking():
            try:
                return super().main(*args, **options)
            except NoOutput as error:  # of what click itself prints, such as --help
                _Sentence(error).show()
                sys.exit(error.exit_code)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the options of `finews` itself wherever they stand."""
        command = next((self.commands[argument] for argument in args if argument in self.commands), self)
        try:
            args = own_first(args, options_with_value(self), options_with_value(command))
        except NoValue as error:
            if not ctx.resilient_parsing:  # a shell that completes the line asks what may come next
                said = ngettext(
                    "Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments.", 1
                )
                raise click.BadOptionUsage(str(error), said.format(name=str(error), nargs=1), ctx) from None
        return super().parse_args(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = super().get_command(ctx, cmd_name)
        return command and in_language(command)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        option = super().get_help_option(ctx)
        if option:
            option.help = gettext("Show this message and exit.")  # it was made before --lang was read
        return option

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        click.Group.format_help(in_language(self), ctx, formatter)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.exit(ExitCode.INTERRUPTED)
        except FinewsError as error:
            raise _Sentence(error) from error
        except Exception as error:
            if not _is_of_the_database(error):
                raise
            # The statements are the program's own, so it is the file that does not fit.
            raise _Sentence(NotAsExpected(str(error))) from error


def _is_of_the_database(error: Exception) -> bool:
    """Tell whether an error is SQLite's; where nothing has loaded it, none is, and `--help` need not."""
    sqlite3 = sys.modules.get("sqlite3")
    return sqlite3 is not None and isinstance(error, sqlite3.DatabaseError)


@click.group(cls=_Sentences, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@language_option
@time_limit_option
@install_option
@show_option
@click.version_option(__version__, prog_name="finews")
def main() -> None:
    """Archive a news site that forgets: crawl it into Markdown and one SQLite file, and search that.

    \b
    Example:
      finews crawl
      finews search 江西
    """


for _command in (
    crawl,
    share,
    import_,
    search,
    show,
    history,
    why,
    stock,
    stats,
    top,
    runs,
    captures,
    rehearse,
    reread,
    export,
    check,
    backup,
    merge,
    snapshot,
    fleet,
    delete,
    schedule,
    serve,
    try_,
    demo,
):
    main.add_command(_command)
