"""Reasons are stored in English and read in Chinese; every reason that the program gives is known there."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from crawler import reasons
from crawler.language import translation

ROOT = Path(__file__).parent.parent
GIVERS = {
    "ForbiddenAddress",
    "Postponed",
    "Unreachable",
    "NetworkFailure",
    "LastingFailure",
    "TooCostlyError",
    "NoTextError",
    "FrontMatterError",
    "SourceError",
}
# What stands there is no reason by itself: another's words, or Scrapy's for the end of a spider.
PASSED_ON = {"{host.host} {host.wait_in_words()}", "archive"}
NAMED = {"_NAME": "robots.txt"}  # constants that are put into reasons


def _chinese(reason: str) -> str:
    return reasons.said(reason, translation("zh").gettext)


def _text(node: ast.expr) -> str | None:
    """Return a literal text, with 7 for each value that is put into it; `None` for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr) and ast.unparse(node)[2:-1] not in PASSED_ON:
        return "".join(_value(part) for part in node.values)
    return None


def _value(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    return NAMED.get(ast.unparse(part.value) if isinstance(part, ast.FormattedValue) else "", "7")


def _given() -> set[str]:
    """Return every reason that stands in the sources as a text."""
    texts: set[str | None] = set()
    for path in (ROOT / "crawler").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                texts |= {_text(word.value) for word in node.keywords if word.arg == "reason"}
                if getattr(node.func, "id", "") in GIVERS and node.args:
                    texts.add(_text(node.args[0]))
    return {text for text in texts if text and text not in PASSED_ON}


def test_every_reason_that_is_given_is_known() -> None:
    given = _given()
    assert {"unknown layout", "HTTP 7", "forbidden by robots.txt", "front matter with YAML tags"} <= given
    assert {reason for reason in given if _chinese(reason) == reason} == {"HTTP 7"}  # which is said so in Chinese


def test_the_reasons_of_the_pages_that_are_kept_are_known() -> None:
    refused = (ROOT / "tests/pages").rglob("refused.json")
    given = {json.loads(path.read_text(encoding="utf-8"))["reason"] for path in refused}
    assert given
    assert {reason for reason in given if _chinese(reason) == reason} == set()


@pytest.mark.parametrize(
    ("reason", "chinese"),
    [
        ("no title", "没有标题"),
        ("refused: no title", "拒收：没有标题"),
        ("HTTP 404", "HTTP 404"),
        (
            "gone: HTTP 404; expired: HTTP 404; share link: the answer holds no text",
            "已删除：HTTP 404；源文件：HTTP 404；分享链接：应答中没有正文",
        ),
        ("redirected to https://x.example/a: b", "被重定向到 https://x.example/a: b"),
        ("robots.txt: download timeout", "robots.txt：下载超时"),
        ("given up after 3 failures in a row (cannot resolve host)", "连续失败 3 次后放弃（无法解析主机名）"),
        (
            "front matter that is no TOML: Expected '='; found {}",
            "文件头不是 TOML：Expected '='；found {}",
        ),
        ("eaten by a grue", "eaten by a grue"),
        ("{braces}", "{braces}"),
        ("", ""),
    ],
)
def test_a_reason_is_said_in_chinese_as_far_as_it_is_known(reason: str, chinese: str) -> None:
    assert _chinese(reason) == chinese


def test_a_reason_is_said_in_english_as_it_is_stored() -> None:
    for reason in ("gone: HTTP 404; expired: HTTP 404", "refused: no title", "larger than 2 MB; 5"):
        assert reasons.said(reason, translation("en").gettext) == reason
