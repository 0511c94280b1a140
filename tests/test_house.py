"""Promises that are enumerated: what stands in one place is listed, explained or tested in the other."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from crawler import settings
from crawler.sites.loading import bundled_names, load_site

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "crawler"
MODULES = sorted(PACKAGE.rglob("*.py"))
SETTINGS = (PACKAGE / "settings.py").read_text(encoding="utf-8")


def _files(part: str) -> set[str]:
    return {f"crawler.{part}.{path.stem}" for path in (PACKAGE / part).glob("*.py") if path.stem != "__init__"}


def _defined(path: Path) -> set[str]:
    """Return the functions and classes of a module, and methods as `Class.method`."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    top = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, kinds)]
    methods = {f"{node.name}.{part.name}" for node in top for part in node.body if isinstance(part, kinds)}
    return methods | {node.name for node in top}


def _modules(components: object) -> set[str]:
    return {str(name).rpartition(".")[0] for name in components if name}  # type: ignore[attr-defined]


def _in_their_order(components: dict[str, int | None]) -> list[str]:
    """Return the components that are switched on."""
    places = {name: place for name, place in components.items() if place is not None}
    return sorted(places, key=lambda name: places[name])


def test_every_step_of_the_pipeline_is_in_the_settings() -> None:
    assert _modules(settings.ITEM_PIPELINES) == _files("pipelines")


def test_every_middleware_and_extension_is_in_the_settings() -> None:
    handlers = _modules(settings.DOWNLOAD_HANDLERS.values())
    shared = {f"crawler.middlewares.{name}" for name in ("headers", "unpacking", "waiting", "whole")}
    middlewares = _modules(_in_their_order({**settings.DOWNLOADER_MIDDLEWARES, **settings.SPIDER_MIDDLEWARES}))
    assert middlewares | handlers | shared == _files("middlewares")
    assert _modules([*settings.EXTENSIONS, settings.LOG_FORMATTER]) == _files("extensions")


def test_every_setting_of_the_program_is_explained() -> None:
    explained = re.findall(r"^\| `(FINEWS_\w+)` \|", (ROOT / "docs" / "crawl.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(explained) == sorted(name for name in dir(settings) if name.startswith("FINEWS_"))


def test_every_step_of_the_schema_is_registered_under_its_file_s_name() -> None:
    migrations = (PACKAGE / "archive" / "store" / "migrations.py").read_text(encoding="utf-8")
    registered = re.findall(r'@steps\(name="(\w+)"\)', migrations)
    assert registered == sorted(path.stem for path in (PACKAGE / "archive" / "store" / "steps").glob("*.sql"))


def test_every_bundled_site_has_pages_that_prove_it() -> None:
    with_pages = {name for name in bundled_names() if load_site(name).layouts}
    assert {path.name for path in (ROOT / "tests" / "pages").iterdir()} == with_pages


def test_transactions_that_write_begin_in_one_place() -> None:
    # Another one, which reads first, would be refused whenever a second program has written meanwhile.
    ways = re.compile(r"BEGIN IMMEDIATE|BEGIN EXCLUSIVE|\.atomic\(|\.begin\(\)")
    begun = {path for path in MODULES if ways.search(path.read_text(encoding="utf-8"))}
    assert begun == {PACKAGE / "archive" / "store" / "lock.py"}


def test_a_table_has_one_home() -> None:
    # Others ask it. But the index is made from the tables and held against them, what runs listed and met is held
    # against what is stored, what an import changed is written back as it was, and a merge takes rows as they are.
    index = (
        "merging/",
        "search/",
        "care/integrity.py",
        "care/undoing.py",
        "store/connection.py",
        "store/migrations.py",
    )
    homes = {
        "posts": (
            "store/posts.py",
            "store/articles.py",
            "store/versions.py",
            "ledger/review.py",
            "ledger/unwritten.py",
            "browsing/listings.py",
            "care/top.py",
            *index,
        ),
        "versions": ("store/versions.py", "store/files.py", "store/filing/authors.py", "ledger/unwritten.py", *index),
        "links": ("ledger/", "merging/"),
        "fetches": ("ledger/", "merging/"),
    }
    strays = [
        (place, table)
        for path in sorted((PACKAGE / "archive").rglob("*.py"))
        for table in re.findall(r"\b(?:FROM|INTO|UPDATE) (\w+)", path.read_text(encoding="utf-8"))
        if not (place := str(path.relative_to(PACKAGE / "archive"))).startswith(homes.get(table, ""))
    ]
    assert strays == []


def test_no_module_is_longer_than_one_look_and_no_folder_holds_more_than_a_dozen() -> None:
    long = {path.name for path in MODULES if len(path.read_text(encoding="utf-8").splitlines()) > 300}
    assert long == set()
    folders = Counter(path.parent for path in MODULES if path.name not in {"__init__.py", "__main__.py"})
    assert {folder.name: count for folder, count in folders.items() if count > 12} == {}


def test_the_map_names_only_functions_that_are_where_it_says() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    answers = re.findall(r"^\| .* \| \[([\w/]+\.py)\]\(\.\./crawler/\1\)(.*) \|$", page, re.MULTILINE)
    named = {(path, name) for path, names in answers for name in re.findall(r"`([\w.]+)`", names)}
    assert len(named) > len(answers) / 2
    assert sorted(named - {(path, name) for path in dict(named) for name in _defined(PACKAGE / path)}) == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_module_says_what_lives_in_it(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_robots_txt_has_the_first_word_and_the_guard_the_last() -> None:
    first, *_, polite, last = _in_their_order(settings.DOWNLOADER_MIDDLEWARES)
    assert first == "crawler.middlewares.robots.ObeyRobots"
    assert polite == "crawler.middlewares.politeness.BePolite"
    assert last == "crawler.middlewares.guard.GuardAddresses"


def test_the_program_is_polite_and_careful_by_default() -> None:
    assert settings.FINEWS_REQUESTS_A_DAY
    assert settings.FINEWS_RETRY_SECONDS >= 1
    assert not settings.RETRY_ENABLED
    assert not settings.REDIRECT_ENABLED
    assert settings.AUTOTHROTTLE_ENABLED
    assert settings.DOWNLOAD_VERIFY_CERTIFICATES
    assert not settings.TELNETCONSOLE_ENABLED
    assert not settings.REMOTE_CONTROL_ENABLED
    assert settings.USER_AGENT.startswith("finews-archive/")
