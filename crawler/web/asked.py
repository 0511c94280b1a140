"""What a reader asked for: an address, in a language, now. Not here: answering (`crawler.web.pages`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crawler import dates
from crawler.web.addresses import Place, decoded
from crawler.web.showing.language import preferred

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, tzinfo

    from starlette.requests import Request

    from crawler.archive.watch.alarm import Alarm
    from crawler.web.readers import Browsable, Memory

_LONGEST = 2_000  # characters of a value in a query


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to the archive: the names in its path, its query, the reader's language, and when it was asked.

    `is_published`: the page is to be a file, which is read at any time. `is_known_elsewhere`: readers on other
    machines have the server's address.
    """

    archive: Browsable
    memory: Memory
    place: Place
    names: Mapping[str, str]
    language: str
    now: datetime
    is_published: bool = False
    is_known_elsewhere: bool = False

    def __getitem__(self, name: str) -> str:
        """Return a name in the path."""
        return self.names[name]

    @property
    def zone(self) -> tzinfo:
        """The archive's time zone."""
        zone: tzinfo = self.recall(self.archive.zone)
        return zone

    @property
    def alarms(self) -> list[Alarm]:
        """What is amiss now."""
        return [] if self.is_published else self.recall(self.archive.alarms)

    def get(self, name: str) -> str | None:
        """Return a value of the query, without white space around it; `None` if it is missing or empty."""
        return self.place.query.get(name, "")[:_LONGEST].strip() or None

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """Return a number of the query, at least and at most so much; `default` for what is no number."""
        written = self.get(name) or ""
        digits = written.isascii() and written.isdigit() and len(written) <= len(str(most))
        return max(least, min(most, int(written))) if digits else default

    def recall(self, question: Callable[..., Any], *names: Any, **options: Any) -> Any:
        """Ask what takes long to find, or remember the answer; `question` is a method of the archive."""
        key = (question.__name__, names, tuple(sorted(options.items())))
        return self.memory.recall(key, self.archive, lambda: question(*names, **options))


def asked(request: Request, archive: Browsable, memory: Memory) -> Asked:
    """Return what a request asks for."""
    names = {name: decoded(part) for name, part in request.path_params.items()}
    published: datetime | None = request.app.state.published
    return Asked(
        archive,
        memory,
        place_of(request),
        names,
        language_of(request),
        published or dates.now(),
        is_published=published is not None,
        is_known_elsewhere=published is None and bool(request.app.state.public_url),
    )


def place_of(request: Request) -> Place:
    """Return where the reader is."""
    public: str = request.app.state.public_url
    server = public or f"{request.url.scheme}://{request.headers.get('host', '')}"
    return Place(request.scope["path"], dict(request.query_params), request.scope["finews.language"], server)


def language_of(request: Request) -> str:
    """Return the language to answer in: that of the address, or else the one the reader's browser prefers."""
    language: str = request.scope["finews.language"]
    return language or preferred(request.headers.get("accept-language", ""))
