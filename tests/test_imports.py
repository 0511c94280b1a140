"""The import law: each row of the house imports only from the rows below it, and a query loads no Scrapy."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "crawler"
# The law stands in docs/architecture.md: a line per row, of the house and then of the archive's rooms.
HOUSE, ROOMS = re.findall(
    r"^```text\n(.*?)^```$", (ROOT / "docs/architecture.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)


def _rows(law: str) -> list[list[str]]:
    """Return the parts in each row; what stands further to the right is a note."""
    return [line.partition("  ")[0].split(" · ") for line in law.splitlines()]


def _ranks(law: str) -> dict[str, int]:
    return {part: number for number, parts in enumerate(_rows(law)) for part in parts}


RANK, ROOM_RANK = _ranks(HOUSE), _ranks(ROOMS)
KNOW_SCRAPY = {
    part for line, parts in zip(HOUSE.splitlines(), _rows(HOUSE), strict=True) if "Scrapy" in line for part in parts
}
# `python -m crawler` is the command line under another name.
ALLOWED = {("__main__", "cli")}

MODULES = sorted(PACKAGE.rglob("*.py"))


def _part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def _imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} if node.module != "crawler" else {f"crawler.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_the_rows_below(path: Path) -> None:
    part = _part_of(path)
    others = {name.split(".")[1] for name in _imported(path) if name.startswith("crawler.")} & RANK.keys() - {part}
    upward = {other for other in others if RANK[other] <= RANK.get(part, -1)} - {
        other for allowed, other in ALLOWED if allowed == part
    }
    assert upward == set()


@pytest.mark.parametrize("path", sorted((PACKAGE / "archive").rglob("*.py")), ids=lambda path: path.name)
def test_a_room_of_the_archive_imports_only_from_those_below(path: Path) -> None:
    room = path.relative_to(PACKAGE / "archive").with_suffix("").parts[0]
    if room == "__init__":
        return
    others = {name.split(".")[2] for name in _imported(path) if re.match(r"crawler\.archive\.\w", name)} - {room}
    assert {other for other in others if ROOM_RANK[other] <= ROOM_RANK[room]} == set()


@pytest.mark.parametrize("path", sorted((PACKAGE / "archive" / "search").glob("*.py")), ids=lambda path: path.name)
def test_search_knows_only_text_and_language(path: Path) -> None:
    ours = {name for name in _imported(path) if name.startswith("crawler.")}
    known = ("crawler.archive.search", "crawler.text", "crawler.language")
    assert {name for name in ours if not name.startswith(known)} == set()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_crawling_parts_know_scrapy(path: Path) -> None:
    knows = {name.split(".")[0] for name in _imported(path)} & {"scrapy", "twisted"}
    assert not knows or _part_of(path) in KNOW_SCRAPY


def test_every_part_of_the_house_has_its_row() -> None:
    assert {_part_of(path) for path in MODULES} - {"__init__"} == RANK.keys()


def test_every_room_of_the_archive_has_its_row() -> None:
    rooms = {path.stem for path in (PACKAGE / "archive").iterdir() if not path.name.startswith("__")}
    assert rooms == ROOM_RANK.keys()


@pytest.mark.parametrize(
    "program",
    [
        "import crawler.cli",
        "from crawler.archive import Archive",
        "import crawler.extraction.post",
        "import crawler.ops.export",
        "import crawler.ops.importing.run",
    ],
)
def test_asking_loads_neither_scrapy_nor_twisted(program: str, environment: dict[str, str]) -> None:
    check = f"{program}; import sys; print([name for name in ('scrapy', 'twisted') if name in sys.modules])"
    child = subprocess.run([sys.executable, "-c", check], env=environment, capture_output=True, text=True, check=True)
    assert child.stdout == "[]\n"


def test_asking_loads_nothing_that_reads_warc_files(environment: dict[str, str]) -> None:
    check = "import crawler.cli; from crawler.archive import Archive; import sys; print('warcio' in sys.modules)"
    child = subprocess.run([sys.executable, "-c", check], env=environment, capture_output=True, text=True, check=True)
    assert child.stdout == "False\n"
