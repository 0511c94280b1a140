"""Languages: every message has its translation, and the program speaks the language that is asked for."""

from __future__ import annotations

import json
import pickle
import re
import string
import subprocess
import sys
from gettext import GNUTranslations
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from babel.messages.pofile import read_po
from catalogs import CATALOGS, PACKAGE, composed, domains, messages

from crawler.language import LANGUAGES, Sentence, said, translation

if TYPE_CHECKING:
    from collections.abc import Callable

    from babel.messages import Catalog, Message

RULES = {  # how Chinese is set among other letters
    "a space between Chinese and other letters or digits": r"[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]",
    "Chinese punctuation after Chinese": r"[\u4e00-\u9fff][,;:!?]",
    "no space around Chinese punctuation": r"[，、；：。！？（）「」] (?![|\[ ])|(?<!\|) [，、；：。！？（）「」]",
}


def _translated(domain: str) -> Catalog:
    with (CATALOGS / f"{domain}.po").open("rb") as opened:
        return read_po(opened, locale="zh", domain=domain)


def _ids(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def _strings(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def _names(text: str) -> set[str]:
    """Return the names of the values that are put into a text."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("domain", domains())
def test_the_catalog_has_exactly_the_messages_of_the_sources_each_translated(domain: str) -> None:
    found = {_ids(message): all(_strings(message)) for message in _translated(domain) if message.id}
    assert found == {_ids(message): True for message in messages(domain) if message.id}


def test_every_message_of_the_sources_is_apart_from_its_values() -> None:
    found = {(path.name, message) for path in PACKAGE.rglob("*.py") for message in composed(path)}
    assert {name for name, _ in found} == {"words.py"}  # `counted`, whose callers' words are read


@pytest.mark.parametrize("domain", domains())
def test_the_compiled_catalog_is_that_of_the_translations(domain: str) -> None:
    with (CATALOGS / f"{domain}.mo").open("rb") as opened:
        compiled = GNUTranslations(opened)
    for message in filter(lambda message: message.id, _translated(domain)):
        one, *more = _ids(message)
        assert [compiled.ngettext(one, *more, 1) if more else compiled.gettext(one)] == list(_strings(message))


@pytest.mark.parametrize("domain", domains())
def test_a_translation_names_the_values_of_its_message_and_no_others(domain: str) -> None:
    for message in filter(lambda message: message.id and "python-format" not in message.flags, _translated(domain)):
        named = set().union(*map(_names, _ids(message)))
        for text in _strings(message):
            assert _names(text) <= named
            # Of click's values, some are for the English singular, or say in English what a file is.
            assert _names(text) == named or message.locations[0][0] == "click"


@pytest.mark.parametrize("domain", domains())
@pytest.mark.parametrize("rule", RULES)
def test_translations_are_set_as_chinese_is(domain: str, rule: str) -> None:
    texts = [text for message in _translated(domain) if message.id for text in _strings(message)]
    assert [text for text in texts if re.search(RULES[rule], text)] == []


def test_a_sentence_is_its_english_text_and_can_be_said_in_chinese() -> None:
    chinese = {"{path} is missing: {advice}.": "缺少 {path}：{advice}。", "make it": "请新建"}
    sentence = Sentence("{path} is missing: {advice}.", path="a{b}", advice=Sentence("make it"))
    for same in (sentence, pickle.loads(pickle.dumps(sentence))):
        assert (same, json.dumps(same)) == ("a{b} is missing: make it.", '"a{b} is missing: make it."')
        assert said(same, lambda message: chinese[message]) == "缺少 a{b}：请新建。"


def test_a_sentence_becomes_another_with_values() -> None:
    assert Sentence(Sentence("{count} files missing"), count=2) == "2 files missing"
    assert Sentence(Sentence("{count} files", count=2)).values == {"count": 2}


def test_other_text_is_said_as_the_catalog_has_it() -> None:
    chinese = {"sound": "完好"}
    assert [said(text, lambda message: chinese.get(message, message)) for text in ("sound", "{x}", "")] == [
        "完好",
        "{x}",
        "",
    ]


@pytest.mark.parametrize("language", ["zh", "zh_CN", "zh-TW", "ZH"])
def test_chinese_is_found_under_each_of_its_names(language: str) -> None:
    assert translation(language).gettext("Write no Markdown.") == "不写 Markdown。"


@pytest.mark.parametrize("language", ["en", "de", "", "../zh"])
def test_where_there_is_no_translation_english_stays(language: str) -> None:
    assert translation(language).gettext("Write no Markdown.") == "Write no Markdown."


@pytest.fixture
def spoken(environment: dict[str, str], tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `finews` in a locale that is given as environment variables."""

    def run(*arguments: str, **locale: str) -> subprocess.CompletedProcess[str]:
        names = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
        kept = {name: value for name, value in environment.items() if name not in names}
        return subprocess.run(
            [str(Path(sys.executable).with_name("finews")), *arguments],
            cwd=tmp_path,
            env={**kept, "PYTHONUTF8": "1", **locale},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )

    return run


@pytest.mark.parametrize(
    ("options", "locale", "language"),
    [
        ([], {}, "en"),
        ([], {"LANG": "zh_CN.UTF-8"}, "zh"),
        ([], {"LANG": "zh_TW.UTF-8"}, "zh"),
        ([], {"LANG": "de_DE.UTF-8"}, "en"),
        ([], {"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ([], {"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_CN.UTF-8"}, "zh"),
        ([], {"LANGUAGE": "de:zh_CN:en", "LANG": "en_US.UTF-8"}, "zh"),
        ([], {"FINEWS_LANG": "zh"}, "zh"),
        ([], {"FINEWS_LANG": "en", "LANG": "zh_CN.UTF-8"}, "en"),
        (["--lang", "zh"], {}, "zh"),
        (["--lang", "en"], {"LANG": "zh_CN.UTF-8", "FINEWS_LANG": "zh"}, "en"),
    ],
)
def test_the_language_is_that_of_the_option_or_else_of_the_environment(
    options: list[str],
    locale: dict[str, str],
    language: str,
    spoken: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    first = {"en": "Usage: ", "zh": "用法："}
    assert first.keys() == set(LANGUAGES)
    assert spoken(*options, "--help", **locale).stdout.startswith(first[language])


def test_help_is_in_chinese_throughout(spoken: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    assert (
        spoken("--lang", "zh", "backup", "--help").stdout
        == """\
用法： finews backup [OPTIONS] FILE

  把归档复制到 FILE，并校验副本。

  抓取期间也可以进行。已有的备份会被替换。

  示例：
    finews backup backups/archive.db

选项：
  --archive FILE  归档文件。  [环境变量：FINEWS_ARCHIVE; 默认值：output/archive.db]
  --json          只输出一个 JSON 文档。
  -h, --help      显示本帮助并退出。
"""
    )


def test_wrong_usage_is_said_in_chinese(spoken: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = spoken("seach", LANG="zh_CN.UTF-8")
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        done.stderr
        == """\
用法： finews [OPTIONS] COMMAND [ARGS]...
用法见“finews --help”。

错误：没有 'seach' 这个命令。 您要找的是不是 'search'？
"""
    )
