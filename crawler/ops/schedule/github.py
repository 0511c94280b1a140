"""A workflow for GitHub Actions, which keeps the archive as an asset of a release.

Its text is `github.yaml`. Not here: whether GitHub keeps to the schedule, which it does not promise.
"""

from __future__ import annotations

import json
import shlex
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.errors import UsageError
from crawler.ops.schedule.interval import crontab_fields, write_interval
from crawler.ops.schedule.plan import Plan, check_even, filled_in, plan_command

if TYPE_CHECKING:
    from crawler.ops.schedule.task import Task

_PLACE = ".github/workflows"
_SHORTEST = timedelta(minutes=5)


def github(task: Task) -> Plan:
    """Return the workflow, and the commands that add it to the repository in the current folder."""
    if task.every < _SHORTEST:
        raise UsageError(
            "GitHub starts nothing every {every}: ask for {shortest} or more, or take cron or systemd, which can.",
            every=write_interval(task.every),
            shortest=write_interval(_SHORTEST),
        )
    check_even(task, "GitHub")
    name = f"crawl-{task.name}.yml"
    text = filled_in(
        "github.yaml",
        NAME=task.name,
        EVERY=write_interval(task.every),
        CRON=crontab_fields(task.every, task.begin),
        SITE=json.dumps(_site(task), ensure_ascii=False),
    )
    return Plan(
        kind="github",
        every=task.every,
        files={name: text},
        place=_PLACE,
        install=[
            shlex.join(plan_command(task, "github", "--into", _PLACE)),
            shlex.join(["git", "add", f"{_PLACE}/{name}"]),
            shlex.join(["git", "commit", "-m", f"Crawl {task.name} every {write_interval(task.every)}"]),
            "git push",
            shlex.join(["gh", "workflow", "run", name]),
        ],
    )


def _site(task: Task) -> str:
    """Return a site's name as it is, and the path of a definition relative to the repository."""
    path = Path(task.site)
    if not path.is_absolute():
        return task.site
    if not path.is_relative_to(task.folder) or "${{" in task.site:
        raise UsageError(
            "{path} is not in the repository: run this at its root, and name a definition below it.", path=path
        )
    return path.relative_to(task.folder).as_posix()
