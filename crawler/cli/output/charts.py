"""Numbers as lines of characters: bars, and sparklines. Pure functions.

Not here: what is counted, and printing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_BLOCKS = " ▏▎▍▌▋▊▉█"
_STEPS = "▁▂▃▄▅▆▇█"
_WIDEST_NAME = 40  # columns
_NARROWEST_BAR = 10  # columns; on a very narrow terminal lines wrap


def bars(counted: Sequence[tuple[str, int]], width: int, *, ascii_only: bool = False) -> Iterator[str]:
    """Yield a line for each name and its number: the number, the name, and a bar that shows how large it is.

    The largest number's bar ends at column `width`, the others are in proportion; whatever is not zero is visible.
    `ascii_only` draws with `#`. A Chinese character takes two columns.
    """
    from rich.cells import cell_len, set_cell_size  # noqa: PLC0415  # the other commands answer sooner without it

    if not counted:
        return
    most = max(count for _, count in counted)
    digits = len(f"{most:,}")
    name_width = min(_WIDEST_NAME, max(cell_len(name) for name, _ in counted))
    room = max(_NARROWEST_BAR, width - digits - name_width - 4)
    for name, count in counted:
        cut = name if cell_len(name) <= name_width else set_cell_size(name, name_width - 1).rstrip() + "…"
        drawn = _bar(count, most, room, ascii_only=ascii_only)
        yield f"{count:>{digits},}  {set_cell_size(cut, name_width)}  {drawn}".rstrip()


def sparkline(numbers: Sequence[int]) -> str:
    """Return a character for each number, as high as the number is beside the largest; zero is a space."""
    most = max(numbers, default=0)
    return "".join(_STEPS[(number * len(_STEPS) - 1) // most] if number > 0 else " " for number in numbers)


def _bar(count: int, most: int, room: int, *, ascii_only: bool) -> str:
    """Return a bar of up to `room` columns, in eighths of a column where the characters for that may be used."""
    if count <= 0:
        return ""
    if ascii_only:
        return "#" * max(1, count * room // most)
    eighths = max(1, count * room * 8 // most)
    whole, rest = divmod(eighths, 8)
    return _BLOCKS[8] * whole + _BLOCKS[rest].strip()
