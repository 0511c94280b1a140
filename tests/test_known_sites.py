"""The sites an archive knows: a definition of one's own counts like a bundled one, with or without its file."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import made
import pytest

from crawler.archive import Archive
from crawler.archive.ledger import sites
from crawler.errors import SiteError
from crawler.items import Address
from crawler.sites.loading import as_json, bundled_names, from_json, load_site, rules_version

if TYPE_CHECKING:
    from pathlib import Path

GARDEN = replace(made.SITE, name="garden", hosts=("garden.example", "www.garden.example"), share=None)
POST = Address(url="https://garden.example/dajiangwang/2022/04/20/tulips.html", kind="post", key="tulips")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An archive of a site of one's own, with a post."""
    with made.Run(tmp_path / "a.db", GARDEN) as run:
        article = made.article("tulips", fetch=made.fetch(POST), site="garden", url=POST.url, share_url=None)
        assert run.write(article).outcome == "new"
        run.end()
    return tmp_path / "a.db"


@pytest.mark.parametrize("name", bundled_names())
def test_a_definition_reads_back_from_its_json(name: str):
    site = load_site(name)
    assert from_json(as_json(site)) == site
    assert rules_version(from_json(as_json(site))) == rules_version(site)


@pytest.mark.parametrize("written", ["", "[]", "{}", '{"name": 1}', '{"from": "the future"}'])
def test_what_is_no_definition_of_this_version_is_said_to_be_none(written: str):
    with pytest.raises(SiteError, match=r"^a stored definition: "):
        from_json(written)


def test_a_run_notes_the_definition_it_goes_by_once(path: Path):
    made.Run(path, GARDEN).end()
    mended = replace(GARDEN, start=("/", "/mended/"))
    made.Run(path, mended).end()
    with Archive(path) as archive:
        assert [tuple(row.values()) for row in archive.db.query("SELECT name, rules, run_id FROM sites")] == [
            ("garden", rules_version(GARDEN), 1),
            ("garden", rules_version(mended), 3),
        ]
        bundled = {name: load_site(name) for name in ("finews", "minima", "notes")}
        assert archive.sites() == {**bundled, "garden": mended}


def test_a_bundled_site_is_known_by_todays_definition(tmp_path: Path):
    with made.Run(tmp_path / "a.db", replace(made.SITE, start=("/as/it/was/",))) as run:
        assert sites.known(run.archive.db)["finews"] == made.SITE


def test_a_definition_in_words_of_another_version_is_passed_over(path: Path):
    with Archive(path) as archive:
        archive.db.execute("UPDATE sites SET definition = ?", [json.dumps({"name": "garden", "soil": "loam"})])
        assert sorted(archive.sites()) == ["finews", "minima", "notes"]
        assert archive.post(POST.url)["post_id"] == "tulips"


@pytest.mark.parametrize("name", ["tulips", POST.url, "https://www.garden.example/elsewhere/2022/04/20/tulips.html"])
def test_a_post_of_ones_own_site_is_found_by_any_of_its_addresses(path: Path, name: str):
    with Archive(path) as archive:
        assert archive.post(name)["url"] == POST.url
        assert [told["url"] for told in archive.why(name)] == [POST.url]


def test_coverage_knows_the_categories_of_ones_own_site(path: Path):
    with Archive(path) as archive:
        rows = archive.coverage()["rows"]
    assert [(row["site"], row["category"], row["day"], row["stored"]) for row in rows] == [
        ("garden", "dajiangwang", "2022-04-20", 1)
    ]
