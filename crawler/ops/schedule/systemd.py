"""A service and a timer for systemd, from `crawl.service` and `crawl.timer`, and `serve.service` for a browser.

A service can read what its user can, write to the folders of its archive and its Markdown, and use the network, but
nothing else. The timer catches up if the machine was off. Not here: installing them.
"""

from __future__ import annotations

import re
import shlex
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.ops.schedule.interval import EVEN, calendar, offset, write_interval
from crawler.ops.schedule.plan import Plan, filled_in, plan_command

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crawler.ops.schedule.task import Task

_PLACE = "/etc/systemd/system"
_DRAFTS = "finews-units"
_PLAIN = re.compile(r"[\w@+=:,./-]+")
_TEMPORARY = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108  # named, not written to
_DAY = timedelta(days=1)
_SPREAD, _MOST_SPREAD = 15, timedelta(minutes=5)


def systemd(task: Task, *, serving: bool = False) -> Plan:
    """Return the units, and the commands that install them system-wide; they run as the task's user.

    With `serving`, there is a third one, which shows the archive in a browser.
    """
    crawl, timer, serve = f"crawl-{task.name}.service", f"crawl-{task.name}.timer", f"serve-{task.name}.service"
    files = {crawl: _service(task), timer: _timer(task), **({serve: _serving(task)} if serving else {})}
    options = ["--serve"] if serving else []
    return Plan(
        kind="systemd",
        every=task.every,
        files=files,
        place=_PLACE,
        install=[
            shlex.join(["mkdir", "-p", *map(str, task.folders)]),
            shlex.join(plan_command(task, "systemd", *options, "--into", _DRAFTS)),
            shlex.join(["sudo", "install", "-m", "644", *(f"{_DRAFTS}/{name}" for name in files), f"{_PLACE}/"]),
            "sudo systemctl daemon-reload",
            shlex.join(["sudo", "systemctl", "enable", "--now", timer, *([serve] if serving else [])]),
        ],
    )


def _service(task: Task) -> str:
    return _filled_in("crawl.service", task, [*task.crawl, "--alarm"], task.folders)


def _serving(task: Task) -> str:
    return _filled_in(
        "serve.service", task, [*task.program, "serve", "--archive", str(task.archive)], task.folders[:1]
    )


def _filled_in(template: str, task: Task, command: Sequence[str], folders: Sequence[Path]) -> str:
    """Return a service that runs a command, which may write to some folders."""
    # systemd accepts no quotes or backslashes in the path of the program it starts.
    through = ["/usr/bin/env"] if set(task.program[0]) & set("\"'\\") else []
    program, *words = (*through, *command)
    paths = [*folders, *map(Path, task.program[:1]), Path(task.site)]
    return filled_in(
        template,
        NAME=task.name,
        USER=task.user,
        FOLDERS=quoted(map(str, folders)),
        # With a colon in front, a $ is just a $.
        COMMAND=quoted([f":{program}", *words]),
        PRIVATETMP="no" if any(path.is_relative_to(tmp) for path in paths for tmp in _TEMPORARY) else "yes",
        LOCKED=filled_in("locked_down.service").rstrip(),
    )


def _timer(task: Task) -> str:
    spread = min(task.every / _SPREAD, _MOST_SPREAD)
    return filled_in(
        "crawl.timer",
        NAME=task.name,
        EVERY=write_interval(task.every),
        TIMES="\n".join(_times(task)),
        SPREAD=str(round(spread.total_seconds())),
    )


def _times(task: Task) -> list[str]:
    """Return when to run: by the calendar, or for an uneven interval by the time since the last start.

    The latter timer stops while the machine sleeps, so there is a daily run by the calendar as well.
    """
    if task.every in EVEN:
        return [f"OnCalendar={calendar(task.every, task.begin)}"]
    daily = calendar(_DAY, offset(str(task.archive), _DAY))
    minutes = task.every // timedelta(minutes=1)
    return ["OnActiveSec=1min", f"OnUnitActiveSec={minutes}min", f"OnCalendar={daily}"]


def quoted(words: Iterable[str]) -> str:
    """Quote words for a unit, where `%` begins a specifier."""
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return escaped if _PLAIN.fullmatch(word) else f'"{escaped}"'
