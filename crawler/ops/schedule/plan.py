"""The result: the files to install, and the commands that install them. Not here: writing or running them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from crawler.errors import UsageError
from crawler.nearby import either
from crawler.ops.schedule.interval import EVEN, nearest, write_interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

    from crawler.ops.schedule.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The texts by file name, the folder they belong in (`None`: no folder), and the commands that install them."""

    kind: str
    every: timedelta
    files: Mapping[str, str]
    place: str | None
    install: Sequence[str]

    def as_dict(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "kind": self.kind,
            "every": write_interval(self.every),
            "files": dict(self.files),
            "place": self.place,
            "install": list(self.install),
        }


def filled_in(template: str, **values: str) -> str:
    """Return the text of a template, a file next to this module, with each `@NAME@` replaced from `values`."""
    text = files(__package__).joinpath(template).read_text(encoding="utf-8")
    return re.sub(r"@([A-Z]+)@", lambda match: values[match[1]], text)


def plan_command(task: Task, kind: str, *more: str) -> tuple[str, ...]:
    """Return the words of the command that prints this plan."""
    return (*task.program, "schedule", kind, "--every", write_interval(task.every), *task.arguments, *more)


def check_even(task: Task, who: str) -> None:
    """Raise `UsageError` for an interval that `who`, a scheduler with crontab syntax, cannot express."""
    if task.every not in EVEN:
        every, *others = map(write_interval, (task.every, *nearest(task.every)))
        raise UsageError(
            "{who} cannot run every {every}: ask for {others}, or take systemd, which can.",
            who=who,
            every=every,
            others=either(others),
        )
