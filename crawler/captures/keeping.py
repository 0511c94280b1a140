"""Keeping the answers of a run: each is appended to a WARC file at once, before anything is made of it.

One write adds an answer and its request to the file and so hands them to the operating system, before the page is
read and its row committed, in whichever process: no row is without its record, even if the run is killed. A file is
continued by later runs, until the day (UTC) ends, it has a gigabyte, or the definition of the site or the program
changes. Not here: what a record is (`crawler.captures.records`), and the rows (`crawler.archive.captures`).
"""

from __future__ import annotations

from contextlib import contextmanager
from http import HTTPStatus
from itertools import islice
from typing import TYPE_CHECKING

from crawler import dates
from crawler.archive import captures
from crawler.archive.store.lock import lock_file
from crawler.captures.appending import OpenFile
from crawler.captures.files import day_of, files_in, folder_of, info_in, name_of
from crawler.captures.mending import IS_PART_OF, SOURCE, belongs, mend
from crawler.captures.records import BY_THIS_PROGRAM, digest_of, info_of, pair_of
from crawler.items import Capture
from crawler.sites.loading import as_json, rules_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from sqlite_utils import Database

    from crawler.captures.records import Exchange
    from crawler.sites.definition import Site

LARGEST_FILE = 1_000_000_000
_RULES = "rules"
_RECENT = 2  # files in which a killed run may have left something


class Keeper:
    """Keeps the answers of a run of `site` beside the `archive`, whose rows are read through `db`.

    `trouble` says why an answer could not be kept, such as for want of room; then none is kept any more, and the run
    goes on.
    """

    def __init__(
        self,
        db: Database,
        archive: Path,
        site: Site,
        agent: str,
        *,
        largest: int = LARGEST_FILE,
        now: Callable[[], datetime] = dates.now,
    ) -> None:
        """Keep files below `largest` bytes; `agent` is how the run calls itself."""
        self._db, self._site, self._agent, self._now = db, site, agent, now
        self._archive_name, self._folder = lock_file(archive).name.removesuffix(".lock"), folder_of(archive)
        self._largest = largest
        self._file: OpenFile | None = None
        self._whole: str | None = None  # the last file, if its end is sound
        self.trouble: str | None = None

    def take_up(self) -> None:
        """Mend what a killed run has left."""
        with self._or_give_up():
            for name in self._recent():
                self._whole = name if mend(self._db, self._folder, name) else None

    def keep(self, exchange: Exchange) -> Capture | None:
        """Keep an answer with its request and return where it is; `None` if that is not possible."""
        if self.trouble is None:
            with self._or_give_up():
                return self._keep(exchange)
        return None

    def end(self) -> None:
        """Close the file, and add rows for the answers that belong to no page, such as robots.txt."""
        if self._file is not None:
            with self._or_give_up():
                mend(self._db, self._folder, self._file.path.name)
            self._file.close()
            self._file = None

    @contextmanager
    def _or_give_up(self) -> Iterator[None]:
        """Run the block; if the file cannot be written, keep no more answers."""
        try:
            yield
        except OSError as error:
            self.trouble = error.strerror or str(error)

    def _keep(self, exchange: Exchange) -> Capture:
        file = self._file_for(exchange.at)
        is_unmodified = exchange.status == HTTPStatus.NOT_MODIFIED
        original = captures.original(self._db, exchange.url, None if is_unmodified else digest_of(exchange.body))
        pair = pair_of(exchange, original, file.info_id)
        return Capture(
            url=exchange.url,
            captured_at=exchange.at,
            status=exchange.status,
            record="revisit" if pair.is_revisit else "response",
            digest=pair.digest,
            file=file.path.name,
            offset=file.append(pair.response + pair.request),
            length=len(pair.response),
            request_length=len(pair.request),
        )

    def _file_for(self, at: datetime) -> OpenFile:
        """Return the file for an answer of this time: the one in use, the last one, or a new one."""
        if self._file is None:
            self._file = self._continued(at)
        elif not self._fits(self._file.path.name, self._file.size, at):
            self._file.close()
            self._file = None
        if self._file is None:
            self._file = self._new(at)
        return self._file

    def _fits(self, name: str, size: int, at: datetime) -> bool:
        return size < self._largest and day_of(name) == f"{at:%Y%m%d}"

    def _continued(self, at: datetime) -> OpenFile | None:
        """Open the last file if it can be continued: it is whole, and nobody else writes to it."""
        if self._whole is None:
            return None
        path = self._folder / self._whole
        info, info_id = info_in(path)
        if info.get(_RULES) != rules_version(self._site) or not self._fits(path.name, path.stat().st_size, at):
            return None
        try:
            return OpenFile(path, info_id, new=False)
        except BlockingIOError:
            return None

    def _new(self, at: datetime) -> OpenFile:
        """Begin a file with a record that says who writes it, and by which definition pages are read."""
        self._folder.mkdir(parents=True, exist_ok=True)
        number = 1
        while True:
            name = name_of(self._site.name, at, number)
            try:
                file = OpenFile(self._folder / name, "", new=True)
            except FileExistsError:
                number += 1
                continue
            info, file.info_id = info_of(
                name,
                at,
                {
                    **BY_THIS_PROGRAM,
                    "robots": "obey",
                    "http-header-user-agent": self._agent,
                    IS_PART_OF: self._archive_name,
                    _RULES: rules_version(self._site),
                    "site": as_json(self._site),
                },
            )
            file.append(info)
            return file

    def _recent(self) -> list[str]:
        """Return the names of the last files that runs of this archive have written of this site, oldest first."""
        names = reversed(files_in(self._folder, self._site.name))
        own = (name for name in names if belongs(self._db, self._folder / name, self._archive_name))
        return list(islice((name for name in own if SOURCE not in info_in(self._folder / name)[0]), _RECENT))[::-1]
