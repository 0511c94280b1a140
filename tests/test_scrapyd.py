"""scrapyd: the package is deployed as an egg on a real server, scheduled over its API, and fills the archive."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

import pytest

from crawler.archive import Archive
from crawler.ops.sample_site.server import serve
from crawler.ops.sample_site.site import bundled_site
from crawler.snapshots import manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

pytestmark = pytest.mark.slow  # whole runs of the program

ROOT = Path(__file__).parent.parent
OF_THE_EGG = "0+of.the.egg"
PATIENCE = 60  # seconds; all of it takes five


@dataclass(frozen=True, slots=True)
class Scrapyd:
    """A running server, its folder, and its API."""

    url: str
    folder: Path

    def ask(self, service: str, **query: str) -> dict[str, Any]:
        """Ask with GET."""
        return self._answer(f"{service}.json?{urlencode(query)}", None)

    def tell(self, service: str, **form: str | bytes | Sequence[str]) -> dict[str, Any]:
        """Ask with POST; what is no single value is sent several times."""
        return self._answer(f"{service}.json", urlencode(form, doseq=True).encode())

    def get(self, target: str, body: bytes | None = None) -> bytes:
        """Return what is served; POST the body, if there is one."""
        opener = build_opener(ProxyHandler({}))
        with opener.open(f"{self.url}/{target}", data=body, timeout=PATIENCE) as answer:
            served: bytes = answer.read()
        return served

    def _answer(self, target: str, body: bytes | None) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.get(target, body))
        return {name: value for name, value in told.items() if name != "node_name"}


def within_patience(look: Callable[[], Any]) -> Any:
    """Look until there is something to see."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        seen = look()
        if seen:
            return seen
        time.sleep(0.05)
    pytest.fail("it took too long")


@pytest.fixture(scope="module")
def egg(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Build the egg of a copy of the checkout that is told from the checkout by its version."""
    copy = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "crawler", copy / "crawler", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, copy)
    module = copy / "crawler" / "__init__.py"
    source = module.read_text(encoding="utf-8")
    module.write_text(re.sub(r'__version__ = ".*"', f'__version__ = "{OF_THE_EGG}"', source), encoding="utf-8")
    build = [sys.executable, "-c", "import setuptools; setuptools.setup()", "--quiet", "bdist_egg"]
    subprocess.run(build, cwd=copy, check=True, capture_output=True)
    (built,) = (copy / "dist").glob("*.egg")
    return built.read_bytes()


@pytest.fixture
def scrapyd(tmp_path: Path, environment: dict[str, str]) -> Iterator[Scrapyd]:
    """Start a server that looks for work ten times a second; stop it and all it has started."""
    folder = tmp_path / "scrapyd"
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    conf = {"bind_address": "127.0.0.1", "http_port": port, "poll_interval": 0.1, "max_proc": 1, "items_dir": "items"}
    lines = ["[scrapyd]", *(f"{name} = {value}" for name, value in conf.items()), ""]
    (folder / "scrapyd.conf").write_text("\n".join(lines), encoding="utf-8")
    server = Scrapyd(f"http://127.0.0.1:{port}", folder)
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(
            [sys.executable, "-m", "scrapyd"],
            cwd=folder,
            env={**environment, "HOME": str(folder)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        ) as process,
    ):
        try:
            within_patience(lambda: process.poll() is not None or _listens(port))
            assert process.poll() is None, (folder / "log").read_text(encoding="utf-8")
            yield server
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _listens(port: int) -> bool:
    with socket.socket() as visitor:
        return visitor.connect_ex(("127.0.0.1", port)) == 0


def test_a_deployed_egg_is_scheduled_and_fills_the_archive(scrapyd: Scrapyd, egg: bytes, tmp_path: Path) -> None:
    assert scrapyd.tell("addversion", project="finews", version="1", egg=egg) == {
        "status": "ok",
        "project": "finews",
        "version": "1",
        "spiders": 3,
    }
    spiders = ["category", "share", "snapshot"]
    assert scrapyd.ask("listspiders", project="finews") == {"status": "ok", "spiders": spiders}
    with serve(bundled_site()) as server:
        settings = {
            "FINEWS_ARCHIVE": tmp_path / "archive.db",
            "FINEWS_POSTS": tmp_path / "posts",
            "FINEWS_MIRROR": server.url,
            "AUTOTHROTTLE_ENABLED": 0,
            "DOWNLOAD_DELAY": 0,
            "FINEWS_SNAPSHOTS": "{items}/snapshots/finews",
        }
        told = scrapyd.tell(
            "schedule",
            project="finews",
            spider="category",
            category="dajiangwang",
            setting=[f"{name}={value}" for name, value in settings.items()],
        )
        assert told == {"status": "ok", "jobid": told["jobid"]}
        (job,) = within_patience(lambda: scrapyd.ask("listjobs", project="finews")["finished"])
    assert (job["id"], job["spider"]) == (told["jobid"], "category")
    log = (scrapyd.folder / "logs" / "finews" / "category" / f"{job['id']}.log").read_text(encoding="utf-8")
    assert f"finews-archive/{OF_THE_EGG} " in log
    with Archive(tmp_path / "archive.db") as archive:
        assert archive.stats()["categories"] == {"dajiangwang": 9}
        assert [run["outcome"] for run in archive.runs()] == ["finished"]
    assert len(list((tmp_path / "posts").iterdir())) == 9

    # What is new is handed out, and no feed beside it.
    handed_out = manifest.parse(scrapyd.get("items/snapshots/finews/manifest.json"), manifest.NAME)
    (made,) = handed_out["snapshots"]
    assert hashlib.sha256(scrapyd.get(f"items/snapshots/finews/{made['file']}")).hexdigest() == made["sha256"]
    assert (handed_out["run"] or {}).get("posts", {}).get("new") == 9
    assert list((scrapyd.folder / "items").rglob("*.jl")) == []
    last = ["FINEWS_ARCHIVE", "FINEWS_SNAPSHOTS"]
    scrapyd.tell(
        "schedule",
        project="finews",
        spider="snapshot",
        setting=[f"FINEWS_COLLECTED={made['state']}", *(f"{name}={settings[name]}" for name in last)],
    )
    within_patience(lambda: len(scrapyd.ask("listjobs", project="finews")["finished"]) == 2)
    handed_over = manifest.parse(scrapyd.get("items/snapshots/finews/manifest.json"), manifest.NAME)
    assert handed_over["handed_over"]
    assert (handed_over["state"], handed_over["snapshots"]) == (made["state"], [])
