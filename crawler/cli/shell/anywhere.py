"""Options of `finews` itself that may stand behind the command too, as in `finews search --lang zh 江西`.

Not here: the options (`crawler.cli.options`).
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


class NoValue(ValueError):
    """An option that needs a value is the last argument."""


def own_first(arguments: Sequence[str], own: Collection[str], with_value: Collection[str]) -> list[str]:
    """Return arguments with the options named in `own`, all of which take a value, and their values before the rest.

    What stands behind `--`, or is the value of one of the options `with_value`, is no option. Raises `NoValue` with
    the name of an option that has none.
    """
    first: list[str] = []
    rest: list[str] = []
    unread = iter(arguments)
    for argument in unread:
        name, equals, _value = argument.partition("=")
        following = 0 if equals else 1
        if argument == "--":
            rest += [argument, *unread]
        elif name in own:
            first += [argument, *islice(unread, following)]
        else:
            rest += [argument, *islice(unread, following if name in with_value else 0)]
    if first and first[-1] in own:
        raise NoValue(first[-1])
    return first + rest


def options_with_value(command: click.Command) -> set[str]:
    """Return the names of a command's options that take the next argument as their value, whatever it is."""
    options = [each for each in command.params if isinstance(each, click.Option) and not each.is_flag]
    # One that has a value where it is given none, such as `crawl --selftest`, takes nothing that is an option.
    return {name for each in options if not isinstance(each.flag_value, str | int) for name in each.opts}
