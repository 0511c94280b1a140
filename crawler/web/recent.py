"""Pages that were made a moment ago, to be shown again where another reader asks for them while all threads are busy.

A server that many read at once would otherwise make the same page over and over, and have everybody wait for it.
Where a thread is idle, each page is made anew, and shows what the archive holds now. Not here: results that take long
to find, which pages have in common (`crawler.web.readers.Memory`).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

    from starlette.responses import Response

SECONDS = 2.0
"""How old a page may be that is shown again."""

_MOST_BYTES = 8_000_000  # of all pages together


class _Made(NamedTuple):
    response: Response
    at: float


class RecentPages:
    """The pages made last, each under what was asked. For one thread: that of the server's event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most_bytes: int = _MOST_BYTES) -> None:
        """`clock` gives a time in seconds; older pages are forgotten before all are larger than `most_bytes`."""
        self._clock, self._most = clock, most_bytes
        self._made, self._size = dict[Any, _Made](), 0

    async def page(self, key: Hashable, make: Callable[[], Awaitable[Response]], *, are_busy: bool) -> Response:
        """Return what `make` makes, or, if all `are_busy`, what it made for this key at most two seconds ago."""
        made = self._made.get(key)
        if are_busy and made is not None and self._clock() - made.at < SECONDS:
            return made.response
        response = await make()
        self._keep(key, response)
        return response

    def _keep(self, key: Hashable, response: Response) -> None:
        self._forget(key)
        self._made[key] = _Made(response, self._clock())
        self._size += len(response.body)
        while self._size > self._most:
            self._forget(next(iter(self._made)))

    def _forget(self, key: Hashable) -> None:
        made = self._made.pop(key, None)
        if made is not None:
            self._size -= len(made.response.body)
