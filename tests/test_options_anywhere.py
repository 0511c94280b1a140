"""Options of `finews` itself are read wherever they stand, and what only looks like one is left alone."""

from __future__ import annotations

import os

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.cli import main
from crawler.cli.shell.anywhere import NoValue, options_with_value, own_first

OWN, WITH_VALUE = ("--lang", "--time-limit"), ("--query", "--limit")


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("search 江西", "search 江西"),
        ("search --lang zh 江西", "--lang zh search 江西"),
        ("search 江西 --lang=zh", "--lang=zh search 江西"),
        ("search 江西 --limit 5 --time-limit 3 --lang zh", "--time-limit 3 --lang zh search 江西 --limit 5"),
        ("--lang en search --lang zh", "--lang en --lang zh search"),
        ("export x --query --lang --lang zh", "--lang zh export x --query --lang"),
        ("export x --query=a --lang zh", "--lang zh export x --query=a"),
        ("search -- --lang zh", "search -- --lang zh"),
        ("search --language zh", "search --language zh"),
    ],
)
def test_own_options_come_first_with_their_values(given: str, read: str) -> None:
    assert own_first(given.split(), OWN, WITH_VALUE) == read.split()


@pytest.mark.parametrize("given", ["search 江西 --lang", "--time-limit", "--lang zh show --lang"])
def test_an_own_option_without_a_value_is_told(given: str) -> None:
    with pytest.raises(NoValue, match=given.rsplit(maxsplit=1)[-1]):
        own_first(given.split(), OWN, WITH_VALUE)


@settings(max_examples=examples(200), deadline=None)
@given(st.lists(st.sampled_from(["search", "--", "--query", "--all", "--lang=zh", "--limit=1", "江西", "-x"])))
def test_no_argument_is_lost_and_others_keep_their_order(arguments: list[str]) -> None:
    read = own_first(arguments, OWN, WITH_VALUE)
    assert sorted(read) == sorted(arguments)
    own = [argument for argument in read if argument == "--lang=zh"]
    assert [each for each in read if each not in own] == [each for each in arguments if each not in own]


def test_an_option_that_may_have_a_value_takes_none_that_is_an_option() -> None:
    assert {"--limit", "--site"} <= options_with_value(main.commands["crawl"])
    assert {"--selftest", "--full"}.isdisjoint(options_with_value(main.commands["crawl"]))


@pytest.mark.parametrize("command", [[], *([name] for name in main.commands)])
def test_every_command_is_asked_for_its_help_in_a_language(command: list[str]) -> None:
    known = dict(os.environ)
    for language, first in (("zh", "用法："), ("en", "Usage:")):
        for arguments in ([*command, "--lang", language, "--help"], [*command, "--help", f"--lang={language}"]):
            result = CliRunner().invoke(main, arguments)
            assert (result.exit_code, result.stdout.split()[0], dict(os.environ)) == (0, first, known)


def test_a_time_limit_may_stand_anywhere() -> None:
    for arguments in (["stats", "--time-limit", "-1"], ["--time-limit", "-1", "stats"], ["stats", "--time-limit=-1"]):
        result = CliRunner().invoke(main, arguments)
        assert (result.exit_code, result.stderr.splitlines()[-1]) == (
            2,
            (
                "Error: Invalid value for '--time-limit' (env var: 'FINEWS_TIME_LIMIT'): '-1' is not a number of"
                " seconds, 0 or more."
            ),
        )


def test_an_option_without_its_value_is_said_to_need_one() -> None:
    result = CliRunner().invoke(main, ["search", "江西", "--lang"])
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (2, "Error: Option '--lang' requires an argument.")
