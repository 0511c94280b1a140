"""Standard input, output and error as the program can count on them, whatever it was started with.

A closed one leads to /dev/null: else the next file that is opened would be it. Standard error says what it can and is
never in the way. Output that cannot be written is a sentence. Not here: what is printed.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

from crawler.errors import NoOutput

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_CLOSED_ONES = (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY)  # of input, output and error, how each is opened


class _Output(io.FileIO):
    """Standard output: raises `NoOutput` for what cannot be written, once; then nobody listens."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:  # `finews search 江西 | head`, which click ends in silence
            raise
        except OSError as error:
            _open_null(self.fileno(), os.O_WRONLY)
            raise NoOutput(error.strerror or str(error)) from error


class _Errors(io.FileIO):
    """Standard error: what cannot be written is dropped, since nobody can be told of it."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def prepare() -> None:
    """Make the process's own streams fit to be used; those that a caller has put in their place are left alone."""
    own = ((sys.stdin, sys.__stdin__), (sys.stdout, sys.__stdout__), (sys.stderr, sys.__stderr__))
    for number, (stream, _) in enumerate(own):
        if stream is None and not _is_open(number):
            _open_null(number, _CLOSED_ONES[number])
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  # for as long as the process
    if sys.stdout is sys.__stdout__:
        sys.stdout = _text(_Output(1, "w", closefd=False), sys.stdout)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _text(_Errors(2, "w", closefd=False), sys.stderr)


def _text(raw: io.FileIO, before: TextIO | None) -> TextIO:
    """Return a stream of text over `raw`, encoded as `before` is; what that cannot write is escaped."""
    encoding = before.encoding if before is not None else "utf-8"
    if encoding.lower() in {"ascii", "us-ascii", "ansi_x3.4-1968"}:  # said where nothing is, and nobody means it
        encoding = "utf-8"
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding=encoding, errors="backslashreplace", line_buffering=raw.isatty()
    )


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _open_null(number: int, how: int) -> None:
    null = os.open(os.devnull, how)
    if null != number:
        os.dup2(null, number)
        os.close(null)
