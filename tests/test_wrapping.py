"""Wrapping help by columns: nothing is lost, nothing is too wide, no line begins with a comma."""

from __future__ import annotations

import click
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.cli.shell.help import HelpContext, in_language
from crawler.cli.shell.wrapping import columns, wrapped

MIXED = st.text(st.sampled_from("中文江，。（）“”：ab5- .、…\n"), max_size=60)


def test_a_wide_character_takes_two_columns() -> None:
    assert [columns(text) for text in ("ab", "中文", "，a", "…")] == [2, 4, 3, 1]


def test_chinese_is_broken_between_characters_and_keeps_its_punctuation_and_words() -> None:
    text = "把归档复制到 FILE，并校验副本（抓取期间\n也可以进行），已有的 backups/archive.db 会被替换。"
    assert wrapped(text, 20) == [
        "把归档复制到 FILE，",
        "并校验副本（抓取期间",
        "也可以进行），已有的",
        "backups/archive.db",
        "会被替换。",
    ]


@settings(max_examples=examples(200))
@given(MIXED, st.integers(1, 30))
def test_nothing_but_spaces_is_lost(text: str, width: int) -> None:
    assert "".join("".join(wrapped(text, width)).split()) == "".join(text.split())


@settings(max_examples=examples(200))
@given(st.lists(st.sampled_from(["中", "文，", "（中）", "5G ", " ab"])).map("".join), st.integers(12, 30))
def test_no_line_is_too_wide_or_begins_with_a_comma(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert [line for line in lines if columns(line) > width or line[0] in "，） "] == []


def test_help_keeps_paragraphs_and_examples_and_aligns_what_options_say() -> None:
    @click.command(context_settings={"terminal_width": 40})
    @click.option("--long-option", help="First comes the one, then comes the other.")
    @click.option("-x", is_flag=True, help="短。")
    def command() -> None:
        """Do one thing after the other, never both.

        Then stop.

        \b
        Example:
          command   -x
        """

    command = in_language(command)
    assert (
        command.get_help(HelpContext(command, info_name="command", terminal_width=40))
        == """\
Usage: command [OPTIONS]

  Do one thing after the other, never
  both.

  Then stop.

  Example:
    command   -x

Options:
  --long-option TEXT  First comes the
                      one, then comes
                      the other.
  -x                  短。
  --help              Show this message
                      and exit."""
    )
