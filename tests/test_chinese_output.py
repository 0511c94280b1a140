"""What people read is in Chinese where that is asked for; what programs read, and what is stored, stays English."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.slow  # whole runs of the program

FINEWS = Path(sys.executable).with_name("finews")


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with an archive of the sample site, and what the demonstration printed in Chinese."""
    folder = tmp_path_factory.mktemp("chinese")
    done = subprocess.run(
        [FINEWS, "--lang", "zh", "demo", "--into", "."], cwd=folder, capture_output=True, encoding="utf-8", check=True
    )
    return folder, done.stdout


@pytest.fixture
def finews(shown: tuple[Path, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `finews` on that archive, in a Chinese locale unless another `language` is given."""

    def run(*arguments: str, language: str = "zh_CN") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [FINEWS, *arguments, "--archive", "archive.db"],
            cwd=shown[0],
            env={**os.environ, "LANGUAGE": language, "PYTHONUTF8": "1"},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    return run


def test_the_report_of_a_run_is_in_chinese(shown: tuple[Path, str]) -> None:
    report = re.sub(r"\d+\.\d (秒|kB)", r"… \1", shown[1].partition("\n\n")[0])
    assert report == (
        "finews 第 1 次运行完成，用时 … 秒：44 个请求（0 个未修改，0 次重试），… kB，9 个列表页\n"
        "文章：新增 25 · 改动 0 · 未变 0 · 拒收 1 · 失败 0 · 已删除 1 · 待抓取 0\n"
        "  1 已删除：HTTP 404；源文件：HTTP 404；分享链接：应答中没有正文\n"
        "  1 拒收：没有标题\n"
        "  到别处寻找：2 个源文件已删除 · 2 个分享链接失败 · 1 个分享链接已存档"
    )


def test_an_error_is_in_chinese_with_the_same_exit_code(
    finews: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = finews("show", "nope")
    advice = "请给出文章的 id，或其页面或分享链接的地址。"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"错误：archive.db 中没有文章 nope：{advice}\n")


def test_findings_are_in_chinese(finews: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = finews("check", "--posts", "elsewhere")
    assert (done.returncode, done.stdout) == (0, "archive.db 完好。\n")


def test_what_a_search_means_and_what_is_near_is_said_in_chinese(
    finews: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = finews("search", "江西 AND 6G -x", "--source", "大江")
    assert (done.returncode, done.stdout) == (0, "\n江西 AND 6G -x：找到 0 篇\n")
    assert done.stderr == (
        '查找的是："江西" 且 "and" 且 "6g"，不含 "x"；媒体 大江\n'
        "AND 是作为一个词来查找的：所有词本来就都要出现。\n"
        "没有名为 大江 的媒体：您要找的是不是 大江网？\n"
    )


def test_the_story_of_an_address_is_told_in_chinese(finews: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    differs = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|(?<=finews-)\d{14}|(?<=偏移 )\d+"
    told = re.sub(differs, "…", finews("why", "NW202204202350720061").stdout)
    assert told == (
        "https://finews.withounder.com/shanghaizhengquanbao/2022/04/20/NW202204202350720061.html\n"
        "  finews 的文章，拒收：没有标题\n"
        "  …  发现于 https://finews.withounder.com/\n"
        "  …  第 1 次运行：拒收，HTTP 200，没有标题（规则 layouts[page].title）\n"
        "  …  已原样保存：finews-…-1.warc.gz，偏移 …\n"
        "  …  届时再次请求\n"
    )


@pytest.mark.parametrize("command", [["stats"], ["runs"], ["stats", "--coverage"], ["why", "NW202204202350720061"]])
def test_json_is_the_same_in_every_language(
    command: list[str], finews: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    english, chinese = (finews(*command, "--json", language=language).stdout for language in ("en", "zh"))
    assert json.loads(chinese) == json.loads(english)


def test_reasons_are_stored_in_english(finews: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    (run,) = json.loads(finews("runs", "--json").stdout)
    assert run["reasons"] == {
        "gone: HTTP 404; expired: HTTP 404; share link: the answer holds no text": 1,
        "refused: no title": 1,
    }
