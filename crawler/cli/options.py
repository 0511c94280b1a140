"""Options that several commands share. Not here: options of one command."""

from __future__ import annotations

import difflib
import os
import re
from functools import partial
from gettext import gettext as _
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import click

from crawler.language import LANGUAGES, said, speak
from crawler.text.outside import terminal_safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crawler.archive import Archive
    from crawler.archive.federation import Federation

_TIME_LIMIT = "crawler.cli.options.time_limit"  # in the context
_KEPT_BYTE = re.compile("[\udc80-\udcff]")
_OPTION = re.compile("--[A-Za-z][A-Za-z-]*")
MOST = 2**31 - 1
"""The largest number accepted for any count."""
LAST_PORT = 65_535
"""The largest number that a port can have."""


class Text(click.types.StringParamType):
    """Text as UTF-8, whatever the locale is: in one that knows ASCII alone, Python keeps the bytes of all else."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return what was typed, or say that it is no text."""
        written = str(super().convert(value, param, ctx))
        try:
            return os.fsencode(written).decode() if _KEPT_BYTE.search(written) else written
        except UnicodeDecodeError:
            self.fail(
                _("it is not text: write it in UTF-8, or set LC_ALL to the locale that it is written in."), param, ctx
            )


class Count(click.types.IntParamType):
    """A whole number from `least` to `most`, without the mathematics that `click.IntRange` shows in a help text."""

    def __init__(self, least: int = 0, most: int = MOST) -> None:
        """Accept numbers from `least` to `most`."""
        self._range = click.IntRange(least, most)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number, or say what is expected instead."""
        try:
            return int(self._range.convert(value, param, ctx))
        except click.BadParameter:
            least, most = self._range.min, self._range.max
            wrong = _("{value!r} is not a number from {least} to {most}.")
            if most == MOST:
                wrong = _("{value!r} is not a number from {least} up.")
            self.fail(wrong.format(value=value, least=least, most=most), param, ctx)


class Seconds(click.types.FloatParamType):
    """A duration in seconds, 0 or more, likewise."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number, or say what is expected instead."""
        try:
            seconds = float(super().convert(value, param, ctx))
        except click.BadParameter:
            seconds = -1
        if not seconds >= 0:  # NaN neither
            self.fail(_("{value!r} is not a number of seconds, 0 or more.").format(value=value), param, ctx)
        return seconds


class ArchiveFile(click.Path):
    """The path of an archive; in the environment there may be several, as in PATH."""

    def __init__(self) -> None:
        """Accept any path but that of a folder."""
        super().__init__(dir_okay=False, path_type=Path)

    def split_envvar_value(self, rv: str) -> Sequence[str]:
        """Return the paths in a value; one that leads to a file, or of which no part does, is a single path."""
        parts = [part for part in rv.split(os.pathsep) if part]
        are_several = not Path(rv).exists() and any(Path(part).exists() for part in parts)
        return parts if are_several else [rv]


class Searching(click.Command):
    """A command whose arguments may begin with a minus, as in `-广告`, and that still tells a misspelt option.

    What begins with two minuses and a letter of ASCII is meant for an option, unless it comes after `--`.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse an option that does not exist, naming those that are near, before the others are read."""
        options = {name: param for param in self.get_params(ctx) for name in param.opts if name.startswith("--")}
        unread = iter(args)
        for argument in unread:
            if argument == "--":
                break
            name = argument.partition("=")[0]
            if name in options:
                is_flag = getattr(options[name], "is_flag", False)
                if name == argument and not is_flag:
                    next(unread, None)  # its value
            elif _OPTION.fullmatch(name):
                self._refuse(name, options, ctx)
        return super().parse_args(ctx, args)

    def _refuse(self, name: str, options: Iterable[str], ctx: click.Context) -> NoReturn:
        word = name.lstrip("-")
        is_near = bool(difflib.get_close_matches(name, options))
        said = _("No such option {name!r}.").format(name=name)
        advice = _(" To exclude a word, write -{word}; what comes after -- is part of the query.").format(word=word)
        raise click.NoSuchOption(name, said if is_near else said + advice, options, ctx)


def only_one(ctx: click.Context, _param: click.Parameter, given: tuple[Any, ...]) -> Any:
    """Return the one value of an option that may be given once; `None` of none."""
    if len(given) > 1:
        several = _(
            "`{command}` takes one archive, and {count} are named: name the one that is meant with --archive."
        )
        raise click.UsageError(several.format(command=ctx.command_path, count=len(given)), ctx)
    return given[0] if given else None


Archives: TypeAlias = tuple[Path, ...]
"""What `archives_option` gives a command; `open_archives` opens it."""

TEXT = Text()
_archive = partial(
    click.option,
    "--archive",
    envvar="FINEWS_ARCHIVE",
    type=ArchiveFile(),
    multiple=True,
    default=(Path("output/archive.db"),),
    show_default=True,
    show_envvar=True,
)
archive_option = _archive(callback=only_one, help="The file of the archive.")
archives_option = _archive(help="The file of the archive; may be repeated, to ask several as if they were one.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
mirror_option = click.option(
    "--mirror",
    metavar="URL",
    help="Ask this server instead of the site's own hosts, e.g. http://127.0.0.1:8000.",
)
posts_option = click.option(
    "--posts",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("output/_posts"),
    show_default=True,
    help="The folder for Markdown posts.",
)
no_posts_option = click.option("--no-posts", is_flag=True, help="Write no Markdown.")
captures_option = click.option(
    "--captures/--no-captures",
    envvar="FINEWS_CAPTURES",
    default=True,
    show_envvar=True,
    help="Whether to keep answers as they were served, in WARC files in a folder captures beside the archive.",
)
site_option = click.option(
    "--site",
    metavar="NAME|FILE.yaml",
    default="finews",
    show_default=True,
    help="The name of a bundled site, or the file of a definition.",
)
log_format_option = click.option(
    "--log-format",
    "log",
    type=click.Choice(["text", "json"]),
    help="Log to standard error, one line per event. The default is text if that is not a terminal, else no log.",
)
sites_option = click.option(
    "--site",
    metavar="NAME",
    type=TEXT,
    multiple=True,
    help="Only posts of this site, by a name that `finews stats` lists; may be repeated.",
)
one_site_option = click.option(
    "--site", metavar="NAME", type=TEXT, help="The post of this site, if several have one of that id."
)
since_option = click.option(
    "--since",
    metavar="D",
    help="Only posts from this time on: 2022, 2022-04, 2022-04-20, or any time as it is shown.",
)
until_option = click.option(
    "--until", metavar="D", help="Only posts up to this time; a day, month or year counts as a whole."
)
source_option = click.option(
    "--source", metavar="S", type=TEXT, multiple=True, help="Only posts of this outlet: 大江网; may be repeated."
)
author_option = click.option(
    "--author", metavar="NAME", type=TEXT, multiple=True, help="Only posts by this author; may be repeated."
)
category_option = click.option(
    "--category",
    metavar="SLUG",
    type=TEXT,
    multiple=True,
    help="Only posts of this category, first or not, by slug or name: dajiangwang; may be repeated.",
)
stock_option = click.option(
    "--stock",
    metavar="CODE",
    type=TEXT,
    multiple=True,
    help="Only posts that mention this security, as `finews stock` takes it; may be repeated.",
)
drafts_option = click.option(
    "--drafts", is_flag=True, help="Drafts too: posts whose source says not to publish them."
)
limit_option = click.option(
    "--limit",
    metavar="N",
    type=Count(),
    default=20,
    show_default=True,
    help="How many posts to print; 0 only counts them.",
)
offset_option = click.option("--offset", metavar="N", type=Count(), default=0, help="How many posts to skip first.")

time_limit_option = click.option(
    "--time-limit",
    metavar="SECONDS",
    envvar="FINEWS_TIME_LIMIT",
    type=Seconds(),
    default=30,
    show_default=True,
    show_envvar=True,
    expose_value=False,
    callback=lambda ctx, _, seconds: ctx.meta.update({_TIME_LIMIT: seconds}),
    help="Give up if the archive takes longer to answer; 0 is no limit.",
)
"""An option of `finews` itself, see `crawler.cli.shell.anywhere`; commands that ask an archive ask `time_limit`."""


def time_limit() -> float | None:
    """Return how many seconds a question may take."""
    seconds: float | None = click.get_current_context().meta.get(_TIME_LIMIT)
    return seconds


def open_archives(paths: Sequence[Path], seconds: float | None) -> Archive | Federation:
    """Open the archive at a path, or several to be asked together; an answer may take so many seconds."""
    from crawler.archive import Archive  # noqa: PLC0415  # --help needs no database

    if len(paths) == 1:
        return Archive(paths[0], time_limit=seconds)
    from crawler.archive.federation import Federation, distinct  # noqa: PLC0415  # likewise

    files = distinct(paths)
    if len(files) == 1:
        return Archive(files[0], time_limit=seconds)
    opened = Federation.at(files, time_limit=seconds)
    remark = opened.whole.on_zones()
    if remark is not None:
        click.echo(terminal_safe(said(remark)), err=True)
    return opened


language_option = click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    envvar="FINEWS_LANG",  # `language.speaking` reads it too, before click comes to a --help
    show_envvar=True,
    is_eager=True,
    expose_value=False,
    callback=lambda _ctx, _param, language: speak(language) if language else None,
    help="Speak English or Chinese; by default as the locale (LANG) says. Does not concern --json.",
)
"""An option of `finews` itself, see `crawler.cli.shell.anywhere`."""
