"""What is usual for a run, and what is unusual about one: pure functions over reports.

A run is compared with earlier runs of the same site and scope. An outlier is also compared with runs at the same hour
of the day before and of the week before, because sites publish more at some hours than at others. Not here: raising
alarms (`crawler.archive.watch.watchman`).
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from itertools import islice
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict, cast

from crawler.archive.ledger.runs import Report
from crawler.language import Sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_RUNS, _RUNS_TO_JUDGE = 20, 5
_TIMES = 3  # an unusual number differs from the usual one by at least this factor
_BEYOND = 1.5  # and by this factor from the highest or lowest of all runs compared
_SAME_HOUR = (timedelta(days=1), timedelta(days=7))
_ABOUT = timedelta(hours=1)
_AHEAD = 5000  # the most reports read ahead, since full runs may be far apart
_MEGA = 1_000_000


class Judgement(TypedDict):
    """What is `usual`, as medians of earlier runs, and a few words on each number that is `unusual`."""

    usual: dict[str, float] | None
    unusual: list[str]


class JudgedReport(Report, Judgement):
    """A run's report, compared with those before it."""


class Figure(NamedTuple):
    """A number in a report: the `least` difference worth mentioning, and whether it can also be too low."""

    name: str
    least: float
    low_too: bool = False


FIGURES = (
    Figure("new", 20, low_too=True),
    Figure("requests", 50),
    Figure("seconds", 120),
    Figure("refused", 10),
    Figure("failed", 5),
    Figure("gone", 20),
    Figure("bytes", 5 * _MEGA),
)
"""What is compared. Except for new posts, only high numbers are worth mentioning: low ones are good news, or merely
a consequence of fewer new posts."""


def with_baseline(reports: Iterable[Report]) -> Iterator[JudgedReport]:
    """Yield each of the `reports`, which come latest first, with the `Judgement` by the runs before it.

    Reads ahead only as far as needed.
    """
    unread = iter(reports)
    ahead: deque[Report] = deque()
    groups: dict[tuple[str, str], deque[Report]] = {}  # the reports read ahead, by what they are compared with
    while ahead or _read(unread, ahead, groups):
        group = groups.setdefault(_kind(ahead[0]), deque())
        if _is_judged(ahead[0]):
            while not _reaches_back(group, ahead[0]) and len(ahead) < _AHEAD and _read(unread, ahead, groups):
                pass
        report = ahead.popleft()
        if group and group[0] is report:
            group.popleft()
        yield cast("JudgedReport", {**report, **compared(report, group)})


def compared(report: Report, before: Sequence[Report]) -> Judgement:
    """Compare a report with the finished runs `before` it, latest first."""
    nearest = list(islice(before, _RUNS))
    if not _is_judged(report) or len(nearest) < _RUNS_TO_JUDGE:
        return {"usual": None, "unusual": []}
    usual = {figure.name: _plain(median(_value(one, figure) for one in nearest)) for figure in FIGURES}
    odd = []
    if report["outcome"] == "finished":
        odd = [figure for figure in FIGURES if _stands_out(report, figure, usual[figure.name], nearest)]
    if odd:
        same_hour = _at_the_same_hour(report, before)
        odd = [figure for figure in odd if _is_beyond(report, figure, usual[figure.name], same_hour)]
    return {"usual": usual, "unusual": [_note(report, figure, usual[figure.name]) for figure in odd]}


def _stands_out(report: Report, figure: Figure, usual: float, others: Sequence[Report]) -> bool:
    value = _value(report, figure)
    far = value > _TIMES * usual or (figure.low_too and value * _TIMES < usual)
    return far and abs(value - usual) >= figure.least and _is_beyond(report, figure, usual, others)


def _is_beyond(report: Report, figure: Figure, usual: float, others: Sequence[Report]) -> bool:
    """Return whether no other run comes close; if there are two kinds of runs, neither is unusual."""
    value, values = _value(report, figure), [_value(one, figure) for one in others]
    if value > usual:
        return all(value > _BEYOND * other for other in values)
    return all(value * _BEYOND < other for other in values)


def _at_the_same_hour(report: Report, before: Sequence[Report]) -> list[Report]:
    began = _began(report)
    return [one for one in before if any(abs(began - back - _began(one)) <= _ABOUT for back in _SAME_HOUR)]


def _read(unread: Iterator[Report], ahead: deque[Report], groups: dict[tuple[str, str], deque[Report]]) -> bool:
    """Read one more report; return `False` if there is none."""
    report = next(unread, None)
    if report is None:
        return False
    ahead.append(report)
    if _is_judged(report) and report["outcome"] == "finished":
        groups.setdefault(_kind(report), deque()).append(report)
    return True


def _reaches_back(group: Sequence[Report], report: Report) -> bool:
    """Return whether enough reports have been read to judge this one."""
    return len(group) > _RUNS and _began(report) - _began(group[-1]) > max(_SAME_HOUR) + _ABOUT


def _is_judged(report: Report) -> bool:
    return report["scope"] in {"usual", "full"}


def _kind(report: Report) -> tuple[str, str]:
    return report["site"], report["scope"]


def _began(report: Report) -> datetime:
    return datetime.fromisoformat(report["started_at"])


def _value(report: Mapping[str, Any], figure: Figure) -> float:
    value: float = report["posts"][figure.name] if figure.name in report["posts"] else report[figure.name]
    return value


def _note(report: Report, figure: Figure, usual: float) -> str:
    """Return a few words on a number that stands out, such as `new 3, usually 41`."""
    value = _value(report, figure)
    if figure.name == "bytes":
        return Sentence("{value:.1f} MB, usually {usual:.1f} MB", value=value / _MEGA, usual=usual / _MEGA)
    if figure.name == "seconds":
        return Sentence("{value:.0f} s, usually {usual:.0f} s", value=value, usual=usual)
    return Sentence("{figure} {value}, usually {usual:g}", figure=Sentence(figure.name), value=value, usual=usual)


def _plain(number: float) -> float:
    return int(number) if number == int(number) else round(number, 2)
