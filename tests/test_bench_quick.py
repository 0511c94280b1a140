"""`make bench-quick`: what its verdicts say, and that what is kept is all that is counted."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

BENCHMARKS = Path(__file__).parent / "benchmarks"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The benchmark, which is a program beside its fellows and no module of the tests."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    specification = importlib.util.spec_from_file_location("quick", BENCHMARKS / "quick.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    monkeypatch.setitem(sys.modules, "quick", module)
    specification.loader.exec_module(module)
    return module


def test_a_cost_within_a_tenth_of_the_kept_one_is_no_news(quick: ModuleType) -> None:
    assert quick.verdicts({"statements": 109.0, "calls": 91.0}, {"statements": 100.0, "calls": 100.0}) == []


def test_a_cost_that_rose_is_a_step_back_and_one_that_fell_is_to_be_kept(quick: ModuleType) -> None:
    assert quick.verdicts({"statements": 111.0, "calls": 89.0}, {"statements": 100.0, "calls": 100.0}) == [
        "statements: 111.0 instead of 100.0, a step back. Mend it, or say why and --keep it.",
        "calls: 89.0 instead of 100.0. --keep it, so that it stays.",
    ]


def test_one_more_request_of_an_unchanged_site_is_a_step_back(quick: ModuleType) -> None:
    kept = json.loads(quick.KEPT.read_text(encoding="utf-8"))["costs"]
    assert kept["requests, second run"] == 1
    assert len(quick.verdicts({**kept, "requests, second run": 2}, kept)) == 1


def test_a_step_back_ends_the_program_with_1(
    quick: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    costs = {"requests": 44.0, "calls a page": 100.0}
    for measure, told in (("_requests", costs), ("_storing", {}), ("_extracting", {})):
        monkeypatch.setattr(quick, measure, lambda told=told: told)
    monkeypatch.setattr(quick, "KEPT", tmp_path / "kept" / "costs.json")
    assert quick.main(keep=True) == 0
    monkeypatch.setattr(quick, "_requests", lambda: {**costs, "requests": 50.0})
    assert quick.main(keep=False) == 1
    assert capsys.readouterr().out.splitlines()[-1].startswith("requests: 50.0 instead of 44.0, a step back.")


def test_calls_are_not_compared_with_those_of_another_python(
    quick: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept = tmp_path / "costs.json"
    kept.write_text(json.dumps({"python": "2.7", "costs": {"requests": 1.0, "calls a page": 1.0}}), encoding="utf-8")
    monkeypatch.setattr(quick, "KEPT", kept)
    monkeypatch.setattr(quick, "_requests", lambda: {"requests": 1.0, "calls a page": 99.0})
    monkeypatch.setattr(quick, "_storing", dict)
    monkeypatch.setattr(quick, "_extracting", dict)
    assert quick.main(keep=False) == 0
