"""What a node's scrapyd is asked and told, and what becomes of answers that no scrapyd gives."""

from __future__ import annotations

import hashlib
import json
import threading
from base64 import b64encode
from contextlib import contextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

from crawler.ops.fleet.nodes import Job, Scrapyd, TornError, job_id
from crawler.ops.fleet.plan.definition import Node
from crawler.ops.web_client import Login, NoAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INSTALL = "install finews-archive there, into the environment of scrapyd"
NOON = datetime(2026, 11, 27, 12, 0, 0, tzinfo=UTC)
BODY = b"an archive"
MANIFEST: Any = {
    "format": 1,
    "archive": "0e7a7a4e-0f1f-4d0c-9a43-2b7a3f3f9a10",
    "site": "garden",
    "run": None,
    "alarms": [],
    "handed_over": False,
}
SNAPSHOT: Any = {"file": "000001.db", "bytes": len(BODY), "sha256": hashlib.sha256(BODY).hexdigest()}


class _Stub(BaseHTTPRequestHandler):
    """Answers each path with what the test has put there, and remembers what it was told."""

    answers: dict[str, bytes | HTTPStatus | str]
    told: list[tuple[str, dict[str, list[str]], str | None]]

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        self._answer(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))

    def _answer(self, form: dict[str, list[str]]) -> None:
        self.told.append((self.path, form, self.headers.get("Authorization")))
        body = self.answers.get(self.path.partition("?")[0], HTTPStatus.NOT_FOUND)
        if isinstance(body, HTTPStatus):
            self.send_error(body)
            return
        if isinstance(body, str):
            self.send_response(HTTPStatus.FOUND)
            self.send_header("Location", body)
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_values: object) -> None:
        return


@contextmanager
def stub(login: Login | None = None, **answers: object) -> Iterator[tuple[Scrapyd, type[_Stub]]]:
    """Serve answers of scrapyd's API by the name of each service; `items` are files by their path.

    A text is an address to be sent to. `home` is the home page.
    """
    items = answers.pop("items", {})
    assert isinstance(items, dict)
    served = {"/": answers.pop("home", HTTPStatus.NOT_FOUND)}
    served |= {
        f"/{name}.json": each if isinstance(each, bytes | HTTPStatus | str) else json.dumps(each).encode()
        for name, each in answers.items()
    }
    handler = type(
        "Stub",
        (_Stub,),
        {"answers": {**served, **{f"/items/{path}": body for path, body in items.items()}}, "told": []},
    )
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield (
                Scrapyd(Node(name="north", address=f"http://127.0.0.1:{server.server_port}/"), login, "finews"),
                handler,
            )
        finally:
            server.shutdown()


def test_versions_and_jobs_are_those_of_the_project() -> None:
    jobs = {
        "status": "ok",
        "pending": [{"id": "garden.20261127T120000Z", "project": "finews", "spider": "category"}],
        "running": [
            {"id": "a-b.20261127T120000Z.closing", "project": "finews", "spider": "snapshot", "log_url": None},
            {"id": "garden.20261127T120000Z", "project": "another", "spider": "category"},
            {"id": "8f14e45f", "project": "finews", "spider": "category"},
        ],
        "finished": [{"id": "x.20261127T120000Z", "project": "finews", "log_url": "/logs/finews/category/x.log"}],
    }
    with stub(listversions={"status": "ok", "versions": ["0_1_0-a", "0_1_0-b"]}, listjobs=jobs) as (scrapyd, handler):
        assert scrapyd.versions() == ["0_1_0-a", "0_1_0-b"]
        found = scrapyd.jobs()
        assert found == [
            Job("garden", NOON, is_closing=False, state="pending", log=None),
            Job("a-b", NOON, is_closing=True, state="running", log=None),
            Job("x", NOON, is_closing=False, state="finished", log="/logs/finews/category/x.log"),
        ]
        address = scrapyd.address_of(found[2])
        assert address == f"{scrapyd.address}/logs/finews/category/x.log"
        assert handler.told == [("/listversions.json?project=finews", {}, None), ("/listjobs.json?", {}, None)]


def test_a_job_is_put_into_the_queue_with_its_version_and_settings() -> None:
    with stub(Login("finews", "秘密"), schedule={"status": "ok", "jobid": "x"}) as (scrapyd, handler):
        scrapyd.schedule(
            "category", job_id("garden", NOON), "0_1_0-a", {"FINEWS_SITE": "garden", "DOWNLOAD_DELAY": 2}
        )
        form = {
            "project": ["finews"],
            "spider": ["category"],
            "jobid": ["garden.20261127T120000Z"],
            "_version": ["0_1_0-a"],
            "setting": ["FINEWS_SITE=garden", "DOWNLOAD_DELAY=2"],
        }
        assert handler.told == [("/schedule.json", form, f"Basic {b64encode('finews:秘密'.encode()).decode()}")]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"status": "error", "message": "Traceback\n  File x\nOSError: no room\n"}, "OSError: no room"),
        (
            {"status": "error", "message": "Traceback\nModuleNotFoundError: No module named 'lxml'"},
            "ModuleNotFoundError: No module named 'lxml'; " + INSTALL,
        ),
        ({"status": "error"}, "error"),
        (b"<html>", "it does not answer as scrapyd does"),
        (b"[]", "it does not answer as scrapyd does"),
        (b"[" * 100_000, "it does not answer as scrapyd does"),
        ({"status": "ok"}, "it does not answer as scrapyd does"),
        ({"status": "ok", "versions": 3}, "it does not answer as scrapyd does"),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_told_in_a_few_words(answer: object, why: str) -> None:
    with stub(listversions=answer) as (scrapyd, _), pytest.raises(NoAnswer) as caught:
        scrapyd.versions()
    assert caught.value.why == why


def test_a_node_that_is_off_is_told_from_one_that_has_nothing_yet() -> None:
    with stub() as (scrapyd, _):
        assert scrapyd.sites() == []
        assert scrapyd.manifest("garden") is None
        with pytest.raises(NoAnswer, match="404 Not Found"):
            scrapyd.jobs()
    with pytest.raises(NoAnswer, match="Connection refused"):
        scrapyd.sites()


@pytest.mark.parametrize(
    ("login", "why"),
    [
        (None, "it asks for a user and a password; name them by user and password_from"),
        (Login("finews", "x"), "it refuses the user finews with this password"),
    ],
)
def test_a_node_that_asks_for_another_login_says_so(login: Login | None, why: str) -> None:
    with stub(login, listversions=HTTPStatus.UNAUTHORIZED) as (scrapyd, _), pytest.raises(NoAnswer) as caught:
        scrapyd.versions()
    assert caught.value.why == why


def test_a_login_is_not_told_to_wherever_a_node_sends_us() -> None:
    with stub(listversions={"status": "ok", "versions": []}) as (other, told):
        elsewhere = f"{other.address}/listversions.json"
        with stub(Login("finews", "x"), listversions=elsewhere) as (scrapyd, _):
            assert scrapyd.versions() == []
    assert [login for _, _, login in told.told] == [None]


@pytest.mark.parametrize(
    ("home", "is_told"),
    [
        (b'<title>Scrapyd</title><a href="/logs/">', True),
        (b'<title>Scrapyd</title><a href="/prefix/items/">', False),
        (b"<title>Welcome</title>", False),
    ],
)
def test_a_node_that_hands_out_nothing_says_what_is_to_be_set(home: bytes, is_told: bool) -> None:
    with stub(home=home) as (scrapyd, _):
        if not is_told:
            assert scrapyd.sites() == []
            return
        with pytest.raises(NoAnswer, match=r"set items_dir in its scrapyd\.conf"):
            scrapyd.sites()


def test_snapshots_whose_files_are_gone_are_left_out() -> None:
    snapshots = [
        {
            **SNAPSHOT,
            "file": f"00000{number}.db",
            "base": None,
            "state": "1" * 64,
            "made_at": "2026-11-27T00:00:00+00:00",
        }
        for number in (1, 2)
    ]
    written = {**MANIFEST, "state": "1" * 64, "snapshots": snapshots}
    items = {
        "snapshots/garden/manifest.json": json.dumps(written).encode(),
        "snapshots/garden/": b'<a href="000002.db">x</a><a href="manifest.json">x</a>',
    }
    with stub(items=items) as (scrapyd, _):
        assert scrapyd.manifest("garden") == {**written, "snapshots": snapshots[1:]}


def test_sites_are_the_folders_that_are_handed_out() -> None:
    listing = b"".join(b'<a href="%b">x</a>' % link for link in (b"../", b"garden/", b"%2e%2e/", b"a.db", b"b-2/"))
    with stub(items={"snapshots/": listing}) as (scrapyd, _):
        assert scrapyd.sites() == ["garden", "b-2"]


@pytest.mark.parametrize(
    ("served", "why"),
    [
        (BODY[:-1], "9 of 10 bytes arrived"),
        (BODY + b"x", "11 of 10 bytes arrived"),
        (BODY[:-1] + b"x", "its digest is another"),
    ],
)
def test_a_snapshot_that_is_not_what_was_promised_is_not_taken(tmp_path: Path, served: bytes, why: str) -> None:
    with stub(items={"snapshots/garden/000001.db": served}) as (scrapyd, _), pytest.raises(TornError) as caught:
        scrapyd.download("garden", SNAPSHOT, tmp_path / "it")
    assert caught.value.why == why


def test_a_snapshot_arrives_as_it_was_made(tmp_path: Path) -> None:
    with stub(items={"snapshots/garden/000001.db": BODY}) as (scrapyd, _):
        scrapyd.download("garden", SNAPSHOT, tmp_path / "it")
    assert (tmp_path / "it").read_bytes() == BODY
