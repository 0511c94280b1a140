"""A line for a crontab.

It needs nothing from cron's environment: paths are absolute and quoted. cron mails whatever a line prints, regardless
of its exit code, so the line prints only alarms. Not here: the delivery of mail.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from crawler.ops.schedule.interval import crontab_fields, write_interval
from crawler.ops.schedule.plan import Plan, check_even, plan_command

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crawler.ops.schedule.task import Task


def cron(task: Task) -> Plan:
    """Return the line, and the command that adds it to the user's crontab."""
    check_even(task, "cron")
    comment = (
        f"# finews, every {write_interval(task.every)} into {task.archive}; the log is {_log(task)}.\n"
        "# It prints, and so makes cron mail, only what is amiss. A run that finds another one at work just ends.\n"
    )
    line = f"{crontab_fields(task.every, task.begin)} {_command(task)}\n"
    add = f"{{ crontab -l 2>/dev/null; {shlex.join(plan_command(task, 'cron'))}; }} | crontab -"
    return Plan(
        kind="cron",
        every=task.every,
        files={f"crawl-{task.name}.cron": comment + line},
        place=None,
        install=[shlex.join(["mkdir", "-p", *map(str, task.folders)]), add],
    )


def _command(task: Task) -> str:
    """Return the command: crawl, logging to a file; print the error if the command itself is wrong; print alarms."""
    log = quoted([_log(task)])
    silent = quoted([*task.program, "runs", "--silent", "--archive", str(task.archive)])
    return (
        f"{quoted(task.crawl)} >/dev/null 2>>{log}; [ $? -ne 2 ] || tail -n 1 {log};"
        f' amiss=$({silent} 2>&1) || echo "$amiss"'
    )


def quoted(words: Iterable[str]) -> str:
    r"""Quote words for cron's shell and for cron, which reads `\%` as a percent sign and `%` as the end of the line.

    Some crons read `\\` as one backslash and some leave it alone, so no backslash is followed by another character.
    """
    return " ".join(shlex.quote(word).replace("\\", "\\''").replace("%", "\\%") for word in words)


def _log(task: Task) -> str:
    return f"{task.archive}.log"
