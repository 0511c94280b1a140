"""What all errors for users have in common, and the exit codes. Not here: the errors themselves."""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar

from crawler.language import Sentence


class ExitCode(IntEnum):
    """How the program ends. Scripts and timers rely on these numbers."""

    DONE = 0
    FOUND_WRONG = 1
    WRONG_USAGE = 2
    LOCKED = 75  # EX_TEMPFAIL of <sysexits.h>: try again later
    INTERRUPTED = 130  # as shells report SIGINT


class FinewsError(Exception):
    """The base class: an error whose text, in English, is for the user; its `sentence` can be said in Chinese too."""

    exit_code: ClassVar[int] = ExitCode.FOUND_WRONG

    def __init__(self, sentence: str, /, **values: object) -> None:
        """`sentence` names the values that are put into it in braces."""
        self.sentence = Sentence(sentence, **values)
        super().__init__(self.sentence)


class UsageError(FinewsError):
    """The command was given something it cannot work with."""

    exit_code = ExitCode.WRONG_USAGE
