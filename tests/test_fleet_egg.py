"""The egg that is deployed: the program as it is here, and the definitions of the fleet."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import TYPE_CHECKING
from zipfile import ZipFile

import made
import pytest

from crawler import __version__
from crawler.ops.fleet import egg
from crawler.ops.fleet.plan.loading import Member

if TYPE_CHECKING:
    from pathlib import Path

GARDEN = {"garden": Member(made.SITE, b"name: garden\n", timedelta(hours=1), "north", "garden", {})}


def test_an_egg_has_the_program_and_the_definitions() -> None:
    content = egg.contents(GARDEN)
    with ZipFile(io.BytesIO(egg.packed(content))) as packed:
        assert packed.testzip() is None
        assert {name: packed.read(name) for name in packed.namelist()} == content
    assert content["crawler/sites/garden.yaml"] == b"name: garden\n"
    assert content["EGG-INFO/entry_points.txt"] == b"[scrapy]\nsettings = crawler.settings\n"
    assert {
        "crawler/__init__.py",
        "crawler/sites/finews.yaml",
        "crawler/locale/zh/LC_MESSAGES/finews.mo",
    } < content.keys()
    assert not [name for name in content if "__pycache__" in name or name.endswith(".pyc")]


def test_the_same_content_gives_the_same_egg_and_the_same_version() -> None:
    content = egg.contents(GARDEN)
    assert egg.packed(content) == egg.packed(dict(reversed(content.items())))
    assert egg.version_of(content) == egg.version_of(egg.contents(GARDEN))
    assert egg.version_of(content).startswith(f"{__version__.replace('.', '_')}-")


def test_another_definition_is_another_version() -> None:
    other = {"garden": GARDEN["garden"]._replace(written=b"name: garden\n# mended\n")}
    assert egg.version_of(egg.contents(other)) != egg.version_of(egg.contents(GARDEN))
    assert egg.version_of(egg.contents({})) != egg.version_of(egg.contents(GARDEN))


@pytest.mark.parametrize("site", ["garden", "a-b_c", "x-seed-y", "2026"])
def test_a_version_that_brings_an_archive_along_says_of_which_site(site: str) -> None:
    version = egg.version_of({"x": b""})
    assert egg.site_of(egg.seeded(version, site, "20261127T120000Z")) == site
    assert egg.site_of(version) is None


def test_a_site_takes_its_archive_along(tmp_path: Path) -> None:
    seed = tmp_path / "seed"
    seed.write_bytes(b"x" * 3_000_000)
    with ZipFile(io.BytesIO(egg.packed(egg.contents({}), seed))) as packed:
        assert packed.testzip() is None
        assert packed.read("crawler/seed/archive.db") == seed.read_bytes()
