"""Charts as SVG: a row of bars, each a link to the posts it counts.

What a chart looks like, the stylesheet says by its classes (`bars`, `bar`, `current`, `reach`): there is neither a
`style` nor a script in it, which the pages' Content-Security-Policy would refuse. Not here: what is counted, and in
which language a bar is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# In units of the picture, which the page scales.
_WIDTH, _HEIGHT = 258, 76
_BASE, _TOP = 60, 3  # where bars stand, and where the highest ends
_FILLED = 0.75  # of the width that a bar has to itself
_LEAST = 1.0  # of height: one post in a year of many should be seen


@dataclass(frozen=True, slots=True)
class Count:
    """A bar: its `label`, how many it counts, where it leads, and whether it is the page that shows it.

    A bar without an `href` is no link: a day without posts has no page.
    """

    label: str
    count: int
    href: str | None = None
    current: bool = False


def bars(counts: Sequence[Count], label: str, worded: Callable[[Count], str] | None = None) -> Markup:
    """Return a bar chart, in the order of `counts`, with the first and the last label below it.

    `label` says what the chart shows, for those who cannot see it, and `worded` what is said of a bar; without it
    that is `4/20: 57`. Without counts there is no chart, and the markup is empty.
    """
    if not counts:
        return Markup("")
    words = worded or (lambda bar: f"{bar.label}: {bar.count}")
    most = max(1, *(bar.count for bar in counts))
    step = _WIDTH / len(counts)
    drawn = [_bar(bar, words(bar), _Place(number * step, step, most)) for number, bar in enumerate(counts)]
    return Markup('<svg class="bars" viewBox="0 0 {} {}" role="group" aria-label="{}">{}{}</svg>').format(
        _WIDTH,
        _HEIGHT,
        label,
        Markup("".join(drawn)),  # noqa: S704  # escaped
        _axis(counts),
    )


class _Place(NamedTuple):
    """Where a bar may be drawn: from `left` on, `width` wide, where a bar of `most` is the highest."""

    left: float
    width: float
    most: int


def _bar(bar: Count, words: str, place: _Place) -> str:
    """Return a bar with its title; what leads somewhere can be hit on its whole height, however low it is.

    It is markup: `Markup.format` would take most of a page's time, for all its bars and numbers.
    """
    height = max(_LEAST, (_BASE - _TOP) * bar.count / place.most) if bar.count > 0 else 0.0
    said = escape(words)
    shape = (
        f'<rect class="{"bar current" if bar.current else "bar"}" x="{place.left:.2f}" y="{_BASE - height:.2f}"'
        f' width="{place.width * _FILLED:.2f}" height="{height:.2f}"/>'
    )
    if bar.href is None:
        return f"<g><title>{said}</title>{shape}</g>"
    current = ' aria-current="true"' if bar.current else ""
    return (
        f'<a href="{escape(bar.href)}" aria-label="{said}"{current}><title>{said}</title>'
        f'<rect class="reach" x="{place.left:.2f}" y="0" width="{place.width:.2f}" height="{_BASE}"'
        f' fill="none" pointer-events="all"/>{shape}</a>'
    )


def _axis(counts: Sequence[Count]) -> Markup:
    """Return the labels of the first and the last bar; every bar says its own to those who do not see the axis."""
    first = Markup('<text x="0" y="{}" aria-hidden="true">{}</text>').format(_HEIGHT - 2, counts[0].label)
    if len(counts) == 1:
        return first
    last = Markup('<text x="{}" y="{}" text-anchor="end" aria-hidden="true">{}</text>')
    return first + last.format(_WIDTH, _HEIGHT - 2, escape(counts[-1].label))
