"""What a node's scrapyd is asked and told, and what becomes of answers that no scrapyd gives."""

from __future__ import annotations

import hashlib
import json
import threading
from base64 import b64encode
from contextlib import contextmanager
from datetime import UTC, datetime
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

NOON = datetime(2026, 11, 27, 12, 0, 0, tzinfo=UTC)
BODY = b"an archive"
SNAPSHOT: Any = {"file": "000001.db", "bytes": len(BODY), "sha256": hashlib.sha256(BODY).hexdigest()}


class _Stub(BaseHTTPRequestHandler):
    """Answers each path with what the test has put there, and remembers what it was told."""

    answers: dict[str, bytes]
    told: list[tuple[str, dict[str, list[str]], str | None]]

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        self._answer(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))

    def _answer(self, form: dict[str, list[str]]) -> None:
        self.told.append((self.path, form, self.headers.get("Authorization")))
        body = self.answers.get(self.path.partition("?")[0])
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_values: object) -> None:
        return


@contextmanager
def stub(login: Login | None = None, **answers: object) -> Iterator[tuple[Scrapyd, type[_Stub]]]:
    """Serve answers of scrapyd's API by the name of each service; `items` are files by their path."""
    items = answers.pop("items", {})
    assert isinstance(items, dict)
    served = {
        f"/{name}.json": each if isinstance(each, bytes) else json.dumps(each).encode()
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
        assert address is not None
        assert address.endswith("/logs/finews/category/x.log")
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
        ({"status": "error", "message": "Traceback\n  File x\nImportError: no lxml\n"}, "ImportError: no lxml"),
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
