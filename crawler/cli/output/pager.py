"""A pager for long output, used when git would use one.

Not here: what is printed.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

_NO_PAGERS = ("", "cat")  # values of PAGER
# What git sets too: -F ends at once if everything fits on the screen, -R shows colours.
_LESS = "-FR"

no_pager_option = click.option(
    "--no-pager", is_flag=True, help="Print to the terminal itself instead of through a pager."
)


@contextmanager
def paged(*, wanted: bool = True) -> Iterator[None]:
    """Send what the block prints on standard output through a pager, if that is a terminal and a pager is `wanted`.

    The pager is the command in PAGER, otherwise `less`. LESS, if set, is left alone. An empty PAGER, or `cat`, is no
    pager. When the reader quits the pager, the block ends there.
    """
    on_terminal = sys.stdin.isatty() and sys.stdout.isatty()  # a pager is steered from standard input's terminal
    if not wanted or not on_terminal or os.environ.get("PAGER") in _NO_PAGERS:
        yield
        return
    os.environ.setdefault("LESS", _LESS)
    with click.get_pager_file() as pager, redirect_stdout(pager):
        yield


def shows_styles() -> bool:
    """Return whether bold and colours are seen: on a terminal, and in a pager that passes them on."""
    return bool(getattr(sys.stdout, "color", sys.stdout.isatty()))
