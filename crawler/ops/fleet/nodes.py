"""One node: what its scrapyd is asked and told (version 1.6, https://scrapyd.readthedocs.io/en/latest/api.html).

All methods raise `NoAnswer` if the node does not answer as scrapyd does. What a node says is bounded and checked
before it is used. Not here: which of it is asked when (`survey`, `running`, `collecting`).
"""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args
from urllib.parse import quote, urlencode

from crawler.language import Sentence
from crawler.ops.web_client import NoAnswer, answered
from crawler.snapshots import manifest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from crawler.ops.fleet.plan.definition import Node
    from crawler.ops.web_client import Login
    from crawler.snapshots.manifest import Manifest, Snapshot

_SECONDS = 20.0  # that an answer may keep us waiting
_SECONDS_TO_LIST = 120.0  # where scrapyd starts the egg first, to list its spiders
_LARGEST = 32 << 20  # bytes of an answer other than a snapshot
_PIECE = 1 << 20  # bytes
_FOLDER = re.compile(r'href="([a-z0-9][a-z0-9_-]*)/"')
_FILE = re.compile(r'href="([0-9]+\.db)"')
_MISSING_PACKAGE = re.compile(r"\bModuleNotFoundError\b")
_HOME_OF_SCRAPYD, _HANDS_OUT_ITEMS = b"<title>Scrapyd</title>", b'/items/"'
_STAMP, _CLOSING = "%Y%m%dT%H%M%SZ", ".closing"
_JOB = re.compile(r"(?P<site>[a-z0-9][a-z0-9_-]*)\.(?P<stamp>[0-9]{8}T[0-9]{6}Z)(?P<closing>\.closing)?")

JobState = Literal["pending", "running", "finished"]


class Job(NamedTuple):
    """A job of scrapyd for a `site`, which was put into the queue then (UTC).

    `is_closing`: it only makes the last snapshot of a site that moves elsewhere. `log` is the path of its log there.
    """

    site: str
    put_in_at: datetime
    is_closing: bool
    state: JobState
    log: str | None


class TornError(Exception):
    """A snapshot did not arrive as its node has described it; `why` says so in a few words."""

    def __init__(self, why: str) -> None:
        """Give the words."""
        self.why = why
        super().__init__(why)


def stamp(time: datetime) -> str:
    """Return a time in UTC as it is written in names of jobs and versions."""
    return f"{time:{_STAMP}}"


def job_id(site: str, put_in_at: datetime, *, is_closing: bool = False) -> str:
    """Return the name of a job, which says all about it, since scrapyd tells no more of one that is running."""
    return f"{site}.{stamp(put_in_at)}{_CLOSING if is_closing else ''}"


class Scrapyd:
    """The scrapyd of a node, and the project there."""

    def __init__(self, node: Node, login: Login | None, project: str) -> None:
        """Nothing is asked yet."""
        self._node, self._login, self._project = node, login, project
        self.address = node.address.rstrip("/")

    def versions(self) -> list[str]:
        """Return the versions of the program that are deployed."""
        with _as_scrapyd():
            return [str(version) for version in self._asked("listversions", project=self._project)["versions"]]

    def jobs(self) -> list[Job]:
        """Return the jobs for sites: those that wait, those at work, and of those that ended the last."""
        with _as_scrapyd():
            told = self._asked("listjobs")
            jobs = [
                _job(each, state)
                for state in get_args(JobState)
                for each in told[state]
                if each["project"] == self._project
            ]
        return [job for job in jobs if job is not None]

    def add(self, version: str, egg: bytes) -> None:
        """Deploy an egg."""
        self._told("addversion", version=version, egg=egg)

    def has_working(self, version: str) -> bool:
        """Tell whether a version that is deployed can be started; one that was cut off while it arrived cannot."""
        try:
            self._asked("listspiders", seconds=_SECONDS_TO_LIST, project=self._project, _version=version)
        except NoAnswer:
            return False
        return True

    def remove(self, version: str) -> None:
        """Take a version away."""
        self._told("delversion", version=version)

    def schedule(self, spider: str, job: str, version: str, settings: Mapping[str, object]) -> None:
        """Put a job into the queue."""
        listed = [f"{name}={value}" for name, value in settings.items()]
        self._told("schedule", spider=spider, jobid=job, _version=version, setting=listed)

    def sites(self) -> list[str]:
        """Return the sites of which the node hands out snapshots."""
        try:
            return self._listed("", _FOLDER)
        except NoAnswer as error:
            if not error.is_missing:
                raise
        self._check_items()
        return []  # no run has begun yet

    def manifest(self, site: str) -> Manifest | None:
        """Return the manifest of a site's snapshots, if there is one, without those whose files are gone."""
        place = f"items/{self._node.snapshots}/{site}/{manifest.NAME}"
        try:
            written = self._read(place)
        except NoAnswer as error:
            if error.is_missing:
                return None
            raise
        told = manifest.parse(written, f"{self.address}/{place}")
        there = self._listed(f"{site}/", _FILE) if told["snapshots"] else []
        return {**told, "snapshots": [each for each in told["snapshots"] if each["file"] in there]}

    def download(self, site: str, snapshot: Snapshot, file: Path) -> None:
        """Fetch a snapshot into a file. Raises `TornError` if it is not what the manifest says."""
        address = f"{self.address}/items/{self._node.snapshots}/{site}/{snapshot['file']}"
        digest, size = hashlib.sha256(), 0
        with answered(address, self._login, seconds=_SECONDS) as answer, file.open("wb") as written:
            while size <= snapshot["bytes"] and (piece := answer.read(_PIECE)):
                size += len(piece)
                digest.update(piece)
                written.write(piece)
        if size != snapshot["bytes"]:
            raise TornError(Sentence("{size} of {bytes} bytes arrived", size=size, bytes=snapshot["bytes"]))
        if digest.hexdigest() != snapshot["sha256"]:
            raise TornError(Sentence("its digest is another"))

    def address_of(self, job: Job) -> str | None:
        """Return where to read the log of a job."""
        return None if job.log is None else f"{self.address}/{job.log.lstrip('/')}"

    def _listed(self, folder: str, link: re.Pattern[str]) -> list[str]:
        """Return what of a folder, inside that of all snapshots, scrapyd's listing links to."""
        return link.findall(self._read(f"items/{self._node.snapshots}/{folder}").decode(errors="replace"))

    def _check_items(self) -> None:
        """Raise `NoAnswer` if scrapyd's home page says that it hands out no items."""
        try:
            home = self._read("")
        except NoAnswer:  # as behind a server that passes on the API alone
            return
        if _HOME_OF_SCRAPYD in home and _HANDS_OUT_ITEMS not in home:
            raise NoAnswer(
                Sentence("its scrapyd hands out no snapshots; set items_dir in its scrapyd.conf, and start it anew")
            )

    def _asked(self, service: str, seconds: float = _SECONDS, **query: str) -> Any:
        return self._json(f"{service}.json?{urlencode(query)}", None, seconds)

    def _told(self, service: str, **form: object) -> None:
        body = urlencode({"project": self._project, **form}, doseq=True).encode()
        self._json(f"{service}.json", body, _SECONDS_TO_LIST)

    def _json(self, place: str, form: bytes | None, seconds: float) -> Any:
        """Return an answer of scrapyd's API, which says itself whether it is an error."""
        written = self._read(place, form, seconds)
        with _as_scrapyd():
            told = json.loads(written)
            if told["status"] != "ok":
                raise NoAnswer(_explained(str(told.get("message", told["status"]))))
        return told

    def _read(self, place: str, form: bytes | None = None, seconds: float = _SECONDS) -> bytes:
        address = f"{self.address}/{quote(place, safe='/?=&%')}"
        try:
            with answered(address, self._login, form=form, seconds=seconds) as answer:
                told = answer.read(_LARGEST + 1)
        except NoAnswer as error:
            raise (self._refusal() if error.is_refused else error) from error
        if len(told) > _LARGEST:
            raise NoAnswer(Sentence("it answers with more than {most:,} bytes", most=_LARGEST))
        return told

    def _refusal(self) -> NoAnswer:
        if self._login is None:
            return NoAnswer(Sentence("it asks for a user and a password; name them by user and password_from"))
        return NoAnswer(Sentence("it refuses the user {user} with this password", user=self._login.user))


def _explained(message: str) -> str:
    """Return the last line of scrapyd's message, which may be a traceback, and what helps against it if known."""
    last = message.strip().rpartition("\n")[2]
    if _MISSING_PACKAGE.search(last):
        return Sentence("{error}; install finews-archive there, into the environment of scrapyd", error=last)
    return last


@contextmanager
def _as_scrapyd() -> Iterator[None]:
    """Tell of an answer in another form than scrapyd's."""
    try:
        yield
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise NoAnswer(Sentence("it does not answer as scrapyd does")) from error


def _job(told: Mapping[str, Any], state: JobState) -> Job | None:
    match = _JOB.fullmatch(str(told["id"]))
    if match is None:  # somebody else's
        return None
    put_in_at = datetime.strptime(match["stamp"], _STAMP).replace(tzinfo=UTC)
    log = told.get("log_url")
    return Job(match["site"], put_in_at, bool(match["closing"]), state, str(log) if log else None)
