"""Many readers at once: whoever has to wait is shown what was made for somebody else a moment ago."""

from __future__ import annotations

import asyncio
import threading
from itertools import count
from typing import TYPE_CHECKING

import browsing
import made
from starlette.responses import Response

from crawler.web.readers import Readers
from crawler.web.recent import RecentPages

if TYPE_CHECKING:
    from pathlib import Path


class _Asked:
    """Readers who ask for pages by key: each page made says how many were made before it."""

    def __init__(self, most_bytes: int = 1_000) -> None:
        self.now, self._made = 0.0, count()
        self._recent = RecentPages(clock=lambda: self.now, most_bytes=most_bytes)

    def __call__(self, key: str, *, are_busy: bool) -> str:
        return bytes(asyncio.run(self._recent.page(key, self._make, are_busy=are_busy)).body).decode()

    async def _make(self) -> Response:
        return Response(f"{next(self._made):04}")


def test_where_a_thread_is_idle_each_page_is_made_anew() -> None:
    asked = _Asked()
    assert [asked("/", are_busy=False) for _ in range(3)] == ["0000", "0001", "0002"]


def test_while_all_are_busy_a_page_is_shown_again_for_two_seconds() -> None:
    asked = _Asked()
    assert asked("/", are_busy=True) == "0000"
    asked.now = 1.9
    assert (asked("/", are_busy=True), asked("/other", are_busy=True)) == ("0000", "0001")
    asked.now = 2.0
    assert asked("/", are_busy=True) == "0002"
    assert asked("/", are_busy=True) == "0002"


def test_the_page_that_was_made_first_is_forgotten_first() -> None:
    asked = _Asked(most_bytes=8)
    assert [asked(key, are_busy=True) for key in ("a", "b", "a", "c", "b", "a")] == [
        "0000",
        "0001",
        "0000",
        "0002",
        "0001",
        "0003",
    ]


def test_the_readers_are_busy_while_each_of_them_answers(tmp_path: Path) -> None:
    browsing.fill(tmp_path / "archive.db", made.article())
    ends = threading.Event()

    async def ask() -> list[bool]:
        readers = Readers([tmp_path / "archive.db"], 60)
        seen = [readers.are_busy]
        waiting = [asyncio.ensure_future(readers.ask(lambda _archive: ends.wait(30))) for _ in range(3)]
        await asyncio.sleep(0)  # each begins
        seen.append(readers.are_busy)
        ends.set()
        assert await asyncio.gather(*waiting) == [True] * 3
        seen.append(readers.are_busy)
        readers.close()
        return seen

    assert asyncio.run(ask()) == [False, True, False]
