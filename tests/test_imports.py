"""The import law: each row of the house imports only from the rows below it, and a query loads no Scrapy."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "crawler"
ROWS = [
    {"cli", "__main__"},
    {"ops"},
    {"settings"},
    {"spiders", "middlewares", "pipelines", "extensions"},
    {"addon"},
    {"run"},
    {"recording"},
    {"jekyll"},
    {"extraction", "archive", "markdown"},
    {"sites", "revisits"},
    {"items"},
    {"urls", "dates", "securities"},
    {"errors", "text", "not_requested"},
]
RANK = {part: row for row, parts in enumerate(ROWS) for part in parts}
KNOW_SCRAPY = {"ops", "addon", "spiders", "middlewares", "pipelines", "extensions"}
# `python -m crawler` is the command line under another name.
ALLOWED = {("__main__", "cli")}

MODULES = sorted(PACKAGE.rglob("*.py"))


# The rooms of the archive, each above the next; `archive.py`, what readers see, is above them all.
ROOMS = ["archive", "watch", "care", "ledger", "store", "search"]
BESIDE = {("watch", "care"), ("care", "watch")}


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
    above = {other for other in others if ROOMS.index(other) < ROOMS.index(room) or (room, other) in BESIDE}
    assert above == set()


@pytest.mark.parametrize("path", sorted((PACKAGE / "archive" / "search").glob("*.py")), ids=lambda path: path.name)
def test_search_knows_only_text(path: Path) -> None:
    ours = {name for name in _imported(path) if name.startswith("crawler.")}
    assert {name for name in ours if not name.startswith(("crawler.archive.search", "crawler.text.words"))} == set()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_crawling_parts_know_scrapy(path: Path) -> None:
    knows = {name.split(".")[0] for name in _imported(path)} & {"scrapy", "twisted"}
    assert not knows or _part_of(path) in KNOW_SCRAPY


def test_every_part_of_the_house_has_its_row() -> None:
    parts = {_part_of(path) for path in MODULES} - {"__init__"}
    assert parts <= RANK.keys()


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
