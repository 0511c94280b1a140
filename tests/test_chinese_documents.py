"""The documents in Chinese say what the English ones say: the same commands, names, links and parts."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from test_languages import RULES

ROOT = Path(__file__).parent.parent
PAIRS = {ROOT / "README.zh.md": ROOT / "README.md"} | {
    path: ROOT / "docs" / path.name for path in sorted(ROOT.glob("docs/zh/*.md"))
}
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

pairs = pytest.mark.parametrize(("chinese", "english"), PAIRS.items(), ids=lambda path: path.name)


def _blocks(path: Path) -> list[tuple[str, str]]:
    """Return the code blocks of a document with their languages, without comments."""
    comment = re.compile(r"(^|\s+)# .*$", re.MULTILINE)
    return [(name, comment.sub("", block)) for name, block in BLOCK.findall(path.read_text(encoding="utf-8"))]


def _prose(path: Path) -> str:
    return BLOCK.sub("", path.read_text(encoding="utf-8"))


def _outline(path: Path) -> list[str]:
    """Return what each line begins with that is a heading, a row of a table or an item of a list."""
    return re.findall(r"^(#+|\||-) ?", _prose(path), re.MULTILINE)


def _names(path: Path) -> set[str]:
    """Return what is set as code in the text."""
    return set(re.findall(r"`([^`\n]+)`", _prose(path)))


def _linked(path: Path) -> Counter[Path | str]:
    """Return what a document links to, a translated document as its original."""
    links = re.findall(r"\]\(([^)]+)\)", _prose(path))
    files = [link if link.startswith("http") else (path.parent / link).resolve() for link in links]
    return Counter(PAIRS.get(file, file) if isinstance(file, Path) else file for file in files)


@pairs
def test_the_code_is_the_same(chinese: Path, english: Path) -> None:
    assert _blocks(chinese) == _blocks(english)


@pairs
def test_what_is_named_in_the_text_is_the_same(chinese: Path, english: Path) -> None:
    assert _names(chinese) == _names(english)


@pairs
def test_headings_tables_and_lists_are_the_same(chinese: Path, english: Path) -> None:
    assert _outline(chinese) == _outline(english)


@pairs
def test_each_links_to_the_other_and_both_to_the_same(chinese: Path, english: Path) -> None:
    assert _prose(chinese).splitlines()[2].startswith("[English](")
    assert _prose(english).splitlines()[2].startswith("[中文](")
    assert _linked(chinese) - Counter([english]) == _linked(english) - Counter([english])


@pytest.mark.parametrize("path", PAIRS, ids=lambda path: path.name)
@pytest.mark.parametrize("rule", RULES)
def test_the_text_is_set_as_chinese_is(path: Path, rule: str) -> None:
    without_links = re.sub(r"\]\([^)]*\)", "]", _prose(path).replace("| 5G应用 |", ""))  # a term, as it is searched
    text = re.sub(r"`[^`\n]+`", "code", without_links)
    assert re.findall(f".*(?:{RULES[rule]}).*", text) == []
