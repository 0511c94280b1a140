"""What `deploy/` holds, and docs/scale.md shows of it: valid, locked down, and true."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import made
import pytest
import yaml
from kubernetes_validate import ValidationError, validate

from crawler.archive import Archive
from crawler.ops.sample_site.server import serve
from crawler.ops.sample_site.site import bundled_site

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/scale.md").read_text(encoding="utf-8")
FILE = (ROOT / "deploy/kubernetes.yaml").read_text(encoding="utf-8")
RESOURCES = list(yaml.safe_load_all(FILE))
JOBS = [each for each in RESOURCES if each["kind"] == "CronJob"]
PODS = [each["spec"]["jobTemplate"]["spec"]["template"]["spec"] for each in JOBS]


def _name(resource: dict[str, Any]) -> str:
    return f"{resource['kind']} {resource['metadata']['name']}"


# Kubernetes.


@pytest.mark.parametrize("version", ["1.29.0", "1.37.0"])
@pytest.mark.parametrize("resource", RESOURCES, ids=_name)
def test_a_resource_is_valid_kubernetes(resource: dict[str, Any], version: str):
    assert version.startswith(validate(resource, version, strict=True))


def test_what_kubernetes_does_not_know_is_found():
    wrong = yaml.safe_load(FILE.split("---\n")[1].replace("concurrencyPolicy", "concurencyPolicy"))
    with pytest.raises(ValidationError, match="concurencyPolicy"):
        validate(wrong, "1.37.0", strict=True)


@pytest.mark.parametrize("pod", PODS, ids=map(_name, JOBS))
def test_a_pod_may_do_what_it_must_and_nothing_else(pod: dict[str, Any]):
    [container] = pod["containers"]
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 10001,
        "runAsGroup": 10001,
        "fsGroup": 10001,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert (pod["automountServiceAccountToken"], container["resources"]["limits"]) == (False, {"memory": "1Gi"})
    assert not {"env", "envFrom"} & container.keys()


@pytest.mark.parametrize("job", JOBS, ids=_name)
def test_a_job_is_never_at_work_twice_and_its_volumes_are_claimed(job: dict[str, Any]):
    assert job["spec"]["concurrencyPolicy"] == "Forbid"
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    claims = {volume["persistentVolumeClaim"]["claimName"] for volume in pod["volumes"][:-1]}
    assert claims <= {each["metadata"]["name"] for each in RESOURCES if each["kind"] == "PersistentVolumeClaim"}
    assert [each["name"] for each in pod["containers"][0]["volumeMounts"]] == [
        each["name"] for each in pod["volumes"]
    ]


# The page.


def test_the_page_shows_the_files_as_they_are():
    shown = dict(
        re.findall(r"^```(\w+)\n(.*?)^```$", PAGE[PAGE.index("## Without scrapyd") :], re.MULTILINE | re.DOTALL)
    )
    assert shown["dockerfile"] == (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")
    assert FILE.split("\n\n", 1)[1].startswith(f"{shown['yaml']}---\n")
    assert (ROOT / "deploy/collect").read_text(encoding="utf-8") in PAGE


def _rows(begins: str) -> dict[str, list[str]]:
    """Return the rows of a table, by their first cell."""
    table = PAGE[PAGE.index(begins) :].split("\n\n", 1)[0]
    cells = [[cell.strip() for cell in line.strip("| ").split("|")] for line in table.splitlines()]
    return {first: rest for first, *rest in cells}


def test_the_growth_on_paper_follows_from_its_figures():
    posts, runs, requests, page, run, busy, archive, captures, markdown, snapshot, merge = (
        float(value) for value, *_ in list(_rows("| | | |\n").values())[2:]
    )
    told = _rows("| sites | 1 |")
    counts = [int(each.replace(",", "")) for each in told["sites"]]
    a_day = posts * requests + runs

    def row(value: float, form: str) -> list[str]:
        return [format(count * value, form) for count in counts]

    crawling = (a_day * page / 1_000 + runs * run) / 3600
    assert told == {
        "sites": told["sites"],
        "---": ["---"] * 3,
        "posts a year": row(posts * 365, ",.0f"),
        "requests a day": row(a_day, ",.0f"),
        "archive, GB a year": row(posts * 365 * archive / 1e6, ",.1f"),
        "captures, GB a year": row(posts * 365 * captures / 1e6, ",.1f"),
        "Markdown, GB a year": row(posts * 365 * markdown / 1e6, ",.1f"),
        "hours a day that each site is asked": [format(a_day * busy / 3600, ".2f")] * 3,
        "hours of processor time a day, crawling": row(crawling, ".2f"),
        "hours of processor time a day, snapshots": row(runs * snapshot / 3600, ".2f"),
        "hours of processor time a day, merging": row(posts * merge / 1_000 / 3600, ".2f"),
    }


# At work.


class Machines:
    """A folder in which the files of `deploy/` are run, with the program of these tests."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        path = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
        self._environment = {**environment, "PATH": path}

    def run(self, *command: str, **variables: str) -> int:
        environment = {**self._environment, **variables}
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, check=False)
        return done.returncode

    def posts(self) -> list[str]:
        with Archive(self.folder / "all.db") as archive:
            return sorted(post["post_id"] for post in archive.posts())


@pytest.fixture
def machines(tmp_path: Path, environment: dict[str, str]) -> Machines:
    return Machines(tmp_path, environment)


@pytest.mark.slow
def test_what_is_new_on_other_machines_is_collected_and_merged_once(machines: Machines):
    def keep(machine: str, post_id: str) -> None:
        (machines.folder / machine).mkdir(exist_ok=True)
        with made.Run(machines.folder / machine / "archive.db") as crawl:
            crawl.write(made.article(post_id, title=post_id))
            crawl.end()
        assert machines.run("finews", "snapshot", f"{machine}/out", "--archive", f"{machine}/archive.db") == 0

    collect = [str(ROOT / "deploy/collect"), "all.db", "one/out", "two/out", "three/out"]
    keep("one", "NW1")
    keep("two", "NW2")
    assert (machines.run(*collect), machines.posts()) == (1, ["NW1", "NW2"])  # the third is not there
    assert list(machines.folder.glob("**/[0-9]*.db")) == []
    keep("three", "NW3")
    keep("one", "NW4")
    torn = machines.folder / "in/one_out/000000.db"
    torn.write_bytes(b"SQLite format 3\0")
    assert (machines.run(*collect), machines.posts()) == (
        1,
        ["NW1", "NW2", "NW3"],
    )  # the fourth is behind the torn one
    torn.unlink()
    assert (machines.run(*collect), machines.posts()) == (0, ["NW1", "NW2", "NW3", "NW4"])
    assert (machines.run(*collect), machines.posts()) == (0, ["NW1", "NW2", "NW3", "NW4"])


@pytest.mark.slow
def test_the_jobs_of_a_cluster_bring_a_site_into_the_archive_that_has_everything(machines: Machines):
    crawl, merge = (pod["containers"][0]["command"] for pod in PODS)
    with serve(bundled_site()) as server:
        crawl, merge = (
            [
                word.replace("/snapshots", str(machines.folder / "snapshots")).replace(
                    "finews crawl", f"finews crawl --mirror {server.url}"
                )
                for word in command
            ]
            for command in (crawl, merge)
        )
        assert machines.run(*crawl, FINEWS_ARCHIVE="finews.db") == 0
    assert machines.run(*merge, FINEWS_ARCHIVE="all.db") == machines.run(*merge, FINEWS_ARCHIVE="all.db") == 0
    assert len(machines.posts()) == 25
    assert [file.name for file in machines.folder.glob("snapshots/finews/*")] == ["manifest.json"]
