"""What is said of a query that finds nothing: how it was understood, and what is near."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import made
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.archive import Archive
from crawler.archive.ledger import links, runs
from crawler.archive.ledger.links import End
from crawler.archive.search.hints import on_query, understood
from crawler.archive.search.query import parse
from crawler.archive.store import posts
from crawler.cli import main
from crawler.errors import SiteError
from crawler.items import Address, Category, Mention

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY = timedelta(days=1)
GARDEN = Category(slug="roses", name="Roses", url="https://garden.example/roses/")
AND = "{} is searched as a word: words must all occur anyway."
OR = "{} is searched as a word: OR in capitals, between two terms, accepts either."
NOT = "{} is searched as a word: a minus right before a term excludes it: -广告."
NEAR = '{} is searched as a word: "…" finds what stands side by side.'
STAR = "* only separates words: a term is whole words, and each CJK character is one."


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """An archive of two sites, with a post each that has the word 江西."""
    with Archive(tmp_path_factory.mktemp("hints") / "a.db", create=True) as opened:
        with opened.db.atomic():
            run = runs.begin(opened.db, "finews", made.SEEN)
            mentions = (Mention(code="0.000001", name="平安银行", count=1),)
            posts.store(opened.db, made.article("NW1", mentions=mentions), run)
            garden: dict[str, Any] = {"site": "garden", "source": "园艺报", "category": GARDEN, "mentions": ()}
            url = "https://garden.example/roses/NW1.html"
            posts.store(opened.db, made.article("NW1", url=url, published_at=made.PUBLISHED + DAY, **garden), run)
            for site, address, row in (("finews", made.post_address("NW1").url, 1), ("garden", url, 2)):
                fetch = made.fetch(Address(url=address, kind="post", key="NW1"))
                links.record_outcome(opened.db, site, fetch, End(state="stored", article_id=row), run_id=run)
        yield opened


# The query.


@pytest.mark.parametrize(
    ("query", "hints"),
    [
        ("江西 5G", []),
        ("江西 OR 湖北 -广告", []),
        ("江西 AND 5G", [AND.format("AND")]),
        ("江西 and 5G", [AND.format("and")]),
        ("江西 or 湖北", [OR.format("or")]),
        ("江西 Or 湖北", [OR.format("Or")]),
        ("江西 ＯＲ 湖北", []),
        ("江西 NOT 广告", [NOT.format("NOT")]),
        ("江西 NEAR 5G", [NEAR.format("NEAR")]),
        ("江西 AND 5G AND VR", [AND.format("AND")]),
        ("江西 AND 5G or VR", [AND.format("AND"), OR.format("or")]),
        ('"江西 AND 5G"', []),
        ("江西 -or", []),
        ("江西，and；5G", [AND.format("and")]),
        ("江西*", [STAR]),
        ("江西＊", [STAR]),
        ("*", ["The query has no word in it, only signs: give a word, or part of a sentence in quotes.", STAR]),
        ('"*"', ["The query has no word in it, only signs: give a word, or part of a sentence in quotes."]),
        ("江西|湖北", ["| only separates words: OR in capitals, between two terms, accepts either."]),
        ("+江西 && 5G", ["+ only separates words: words must all occur anyway.",
                        "& only separates words: words must all occur anyway."]),
        ("5G+VR AT&T", []),
        ("", ["The query is empty: give a word."]),
        (" \u3000", ["The query is empty: give a word."]),
        ("，。！", ["The query has no word in it, only signs: give a word, or part of a sentence in quotes."]),
        ("-广告", ["The query only excludes: give a word that must occur as well."]),
    ],
)  # fmt: skip
def test_what_is_no_operator_is_said_to_be_a_word(query: str, hints: list[str]) -> None:
    assert on_query(query) == hints


@pytest.mark.parametrize(
    ("query", "meaning"),
    [
        ("江西", '"江西"'),
        ("江西 ５Ｇ", '"江西" and "5g"'),
        ("江西，5G。", '"江西" and "5g"'),
        ("江西 and 5G", '"江西" and "and" and "5g"'),
        ("5G+VR", '"5g vr"'),
        ("江西 OR 湖北 5G -广告 -推广", '("江西" or "湖北") and "5g", without "广告" or "推广"'),
        ('="萬科" 臺灣', '="萬科" and "台湾"'),
        ("-广告", 'without "广告"'),
        ("，", ""),
    ],
)
def test_a_query_is_said_as_it_was_understood(query: str, meaning: str) -> None:
    assert understood(query) == meaning


@settings(max_examples=examples(200), deadline=None)
@given(st.text('江西 5GV+-*"＂=，ORAND', max_size=12))
def test_anything_typed_can_be_told(query: str) -> None:
    meant = parse(query)
    assert bool(understood(query)) is bool(meant.wanted or meant.unwanted)
    assert all(hint.endswith(".") for hint in on_query(query))
    assert meant.wanted or on_query(query)


@pytest.mark.parametrize("sign", list("，、；。！？"))
def test_chinese_punctuation_parts_words_as_a_space_does(archive: Archive, sign: str) -> None:
    for query in (f"江西{sign}5G", f"江西 {sign}5G{sign}", f"{sign}江西{sign}{sign}5G"):
        assert archive.search(query)["total"] == 2
    assert parse(f'"江西{sign}5G"') == parse('"江西5G"')


# The filters.


@pytest.mark.parametrize(
    ("asked", "hints"),
    [
        ({"source": "大江"}, ["No outlet is called 大江: did you mean 大江网?"]),
        ({"source": "人民"}, ["No outlet is called 人民: known are 园艺报, 大江网."]),
        ({"author": "张三"}, ["No author is called 张三: the archive has none."]),
        ({"category": "dajiangwng"},
         ["No category is called dajiangwng: did you mean dajiangwang (大江网新闻)?"]),
        ({"category": "财经"},
         ["No category is called 财经: known are dajiangwang (大江网新闻), roses (Roses)."]),
        ({"stock": "pingna"}, ["No post mentions a security pingna: did you mean 平安银行 (000001.SZ)?"]),
        ({"stock": "贵州茅台"}, ["No post mentions a security 贵州茅台."]),
        ({"site": "finew"}, ["No site is called finew: did you mean finews?"]),
        ({"site": "blog"}, ["No site is called blog: known are finews, garden."]),
        ({"since": "2022-05", "until": "2022-04"},
         ["2022-05-01 00:00:00 is after 2022-04-30 23:59:59: nothing lies between.",
          "The latest post is of 2022-04-21 16:44:59."]),
        ({"since": "2023"}, ["The latest post is of 2022-04-21 16:44:59."]),
        ({"until": "2021"}, ["The earliest post is of 2022-04-20 16:44:59."]),
        ({"until": "0001"}, ["The earliest post is of 2022-04-20 16:44:59."]),
        ({"as_of": "2022-04-20"}, ["Nothing was archived yet: the first post was seen 2022-04-21 09:00:00."]),
    ],
)  # fmt: skip
def test_a_filter_that_fits_nothing_is_said_to(archive: Archive, asked: dict[str, str], hints: list[str]) -> None:
    found = archive.search("江西", **asked)  # type: ignore[arg-type]
    assert (found["total"], found["hints"]) == (0, hints)


def test_what_was_asked_for_is_told_where_nothing_is_found(archive: Archive) -> None:
    found = archive.search(
        "江西，没有",
        source=["大江网", "园艺报"],
        category="dajiangwang",
        site="finews",
        since="2022-04",
        as_of="2023",
    )
    assert found == {
        "query": "江西，没有",
        "total": 0,
        "results": [],
        "understood": (
            '"江西" and "没有"; site finews; source 大江网 or 园艺报; category dajiangwang;'
            " since 2022-04-01 00:00:00; as of 2023-12-31 23:59:59"
        ),
    }
    assert archive.search("没有") == {"query": "没有", "total": 0, "results": []}


@pytest.mark.parametrize("typed", ["大江网", "大江网新闻", "DaJiangWang", "大江網新聞"])
def test_a_category_is_taken_by_its_name(archive: Archive, typed: str) -> None:
    found = archive.search("江西", category=typed)
    assert [hit["site"] for hit in found["results"]] == ["finews"]
    assert found["hints"] == [f"{typed} is taken for the category dajiangwang (大江网新闻)."]


def test_of_several_values_any_will_do_and_an_unknown_one_is_told(archive: Archive) -> None:
    found = archive.search("江西", source=["大江网", "园艺"])
    assert [hit["site"] for hit in found["results"]] == ["finews"]
    assert found["hints"] == ["No outlet is called 园艺: did you mean 园艺报?"]
    assert archive.search("江西", source=["大江网", "园艺报"], sort="date")["total"] == 2
    assert archive.search("江西", category=["roses", "dajiangwang"])["total"] == 2
    assert archive.search("江西", site=["garden", "finews"])["total"] == 2
    assert archive.search("江西", stock=["000001", "600519"])["total"] == 1


def test_a_site_the_archive_does_not_have_is_refused_where_there_is_nothing_to_find(archive: Archive) -> None:
    for ask in (archive.stats, archive.coverage, lambda site: list(archive.posts(site=site)), archive.runs):
        with pytest.raises(SiteError) as refused:
            ask(site="gardn")
        assert str(refused.value) == f"gardn: is not a site in {archive.path}; did you mean garden?"


# On the command line.


def ask(archive: Archive, *arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, arguments, env={"FINEWS_ARCHIVE": str(archive.path)})
    return result.exit_code, result.stdout, result.stderr


def test_hints_go_to_standard_error_and_into_the_json(archive: Archive) -> None:
    assert ask(archive, "search", "江西 AND 湖北", "--source", "大江") == (
        0,
        "\n0 found for 江西 AND 湖北\n",
        (
            'Looked for: "江西" and "and" and "湖北"; source 大江\n'
            f"{AND.format('AND')}\n"
            "No outlet is called 大江: did you mean 大江网?\n"
        ),
    )
    code, shown, error = ask(archive, "search", "江西", "--source", "大江", "--json")
    assert (code, error) == (0, "")
    assert '"hints": [\n    "No outlet is called 大江: did you mean 大江网?"\n  ]' in shown


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--source", "大江"], "Looked for: source 大江\nNo outlet is called 大江: did you mean 大江网?\n"),
        (
            ["--category", "dajiangwng"],
            (
                "Looked for: category dajiangwng\n"
                "No category is called dajiangwng: did you mean dajiangwang (大江网新闻)?\n"
            ),
        ),
        (["--stock", "pingna"], "No post mentions a security pingna: did you mean 平安银行 (000001.SZ)?\n"),
        (
            ["--since", "2023"],
            "Looked for: since 2023-01-01 00:00:00\nThe latest post is of 2022-04-21 16:44:59.\n",
        ),
        (["--query", "江西 AND 湖北"], f'Looked for: "江西" and "and" and "湖北"\n{AND.format("AND")}\n'),
        (["--query", ""], "The query is empty: give a word.\n"),
        (["--query", "没有"], ""),
    ],
)
def test_an_export_of_nothing_is_explained_as_a_search_is(
    archive: Archive, asked: list[str], said: str, tmp_path: Path
) -> None:
    code, shown, error = ask(archive, "export", str(tmp_path), *asked)
    assert (code, shown, error) == (0, f"0 posts as markdown in {tmp_path}, 0 files written\n", said)
    if "--query" not in asked:
        assert ask(archive, "search", "江西", *asked)[2] == said.replace("Looked for: ", 'Looked for: "江西"; ')
    code, shown, error = ask(archive, "export", str(tmp_path), *asked, "--json")
    assert (code, error) == (0, "")
    assert json.loads(shown).get("hints", []) == [line for line in said.splitlines() if ": " not in line[:12]]


def test_an_export_says_what_a_name_was_taken_for(archive: Archive, tmp_path: Path) -> None:
    code, shown, error = ask(archive, "export", str(tmp_path), "--category", "大江网", "--source", "大江网")
    assert (code, shown) == (0, f"1 post as markdown in {tmp_path}, 1 file written\n")
    assert error == "大江网 is taken for the category dajiangwang (大江网新闻).\n"


def test_what_has_no_posts_in_a_time_is_said_to(archive: Archive) -> None:
    said = "Looked for: since 2023-01-01 00:00:00\nThe latest post is of 2022-04-21 16:44:59.\n"
    assert ask(archive, "stock", "000001", "--since", "2023")[2] == said
    found = json.loads(ask(archive, "top", "days", "--since", "2023", "--json")[1])
    assert found == {
        "kind": "days",
        "total": 0,
        "results": [],
        "understood": "since 2023-01-01 00:00:00",
        "hints": ["The latest post is of 2022-04-21 16:44:59."],
    }


def test_a_query_that_is_plain_needs_no_explaining(archive: Archive) -> None:
    for query in ("没有", "没有 江西", '="萬科" OR 没有', "没有 -广告"):
        assert ask(archive, "search", query) == (0, f"\n0 found for {query}\n", "")
    assert archive.search("没有 江西")["understood"] == '"没有" and "江西"'


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--sicne", "2022"], "No such option '--sicne'. (Did you mean one of: '--since', '--site', '--source'?)"),
        (["--categroy=x"], "No such option '--categroy'. Did you mean '--category'?"),
        (
            ["--xyzzy"],
            "No such option '--xyzzy'. To exclude a word, write -xyzzy; what comes after -- is part of the query.",
        ),
    ],
)
def test_a_misspelt_option_is_no_word_of_the_query(archive: Archive, arguments: list[str], sentence: str) -> None:
    for typed in (["江西", *arguments], [*arguments, "江西"]):
        code, shown, error = ask(archive, "search", *typed)
        assert (code, shown) == (2, "")
        assert sentence in " ".join(error.split())


@pytest.mark.parametrize(
    "arguments",
    [
        ["江西", "-广告"],
        ["江西", "--广告"],
        ["-foo", "江西"],
        ["江西", "--", "--foo"],
        ["江西", "--source", "大江网", "-foo"],
        ["--foo 江西"],
        ["江西", "--sort=date"],
    ],
)
def test_a_word_that_is_excluded_is_no_option(archive: Archive, arguments: list[str]) -> None:
    code, shown, error = ask(archive, "search", *arguments)
    assert (code, error) == (0, "")
    assert " found for " in shown


def test_the_help_says_how_many_in_words(archive: Archive) -> None:
    for command in ([], *([name] for name in main.commands)):
        code, shown, _ = ask(archive, *command, "--help")
        assert (code, "<=" in shown, "x>=" in shown) == (0, False, False)


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        (["search", "江西", "--limit", "-1"], "'--limit': '-1' is not a number from 0 up."),
        (["serve", "--port", "65536"], "'--port': '65536' is not a number from 0 to 65535."),
        (["demo", "--port", "a"], "'--port': 'a' is not a number from 0 to 65535."),
        (["import", "--undo", "0"], "'--undo': '0' is not a number from 1 up."),
        (["--time-limit", "-1", "stats"], "'--time-limit' (env var: 'FINEWS_TIME_LIMIT'): '-1' is not a number of"),
        (["stats", "--time-limit", "nan"], "'--time-limit' (env var: 'FINEWS_TIME_LIMIT'): 'nan' is not a number of"),
    ],
)
def test_a_number_out_of_range_is_said_to_be(archive: Archive, arguments: list[str], wrong: str) -> None:
    code, _, error = ask(archive, *arguments)
    assert (code, error.splitlines()[-1]) == (
        2,
        f"Error: Invalid value for {wrong}" + (" seconds, 0 or more." if wrong.endswith(" of") else ""),
    )


def test_a_security_that_no_post_mentions_is_a_sentence_with_what_is_near(archive: Archive) -> None:
    assert ask(archive, "stock", "pingna") == (
        1,
        "",
        f"Error: No post in {archive.path} mentions a security pingna: did you mean 平安银行 (000001.SZ)?\n",
    )


# Which site.


@pytest.mark.parametrize("command", ["show", "history"])
def test_an_id_of_two_sites_is_asked_about(archive: Archive, command: str) -> None:
    assert ask(archive, command, "NW1") == (
        2,
        "",
        "Error: NW1 is a post of finews and of garden: say which with --site.\n",
    )
    for site in ("finews", "garden"):
        code, shown, _ = ask(archive, command, "NW1", "--site", site, "--json")
        assert (code, bool(shown)) == (0, True)
    code, _, error = ask(archive, command, "NW1", "--site", "gardn")
    assert (code, error) == (2, f"Error: gardn: is not a site in {archive.path}; did you mean garden?\n")


def test_why_tells_of_the_posts_of_all_sites_or_of_one(archive: Archive) -> None:
    for typed, sites in (([], ["finews", "garden"]), (["--site", "finews"], ["finews"])):
        code, shown, _ = ask(archive, "why", "NW1", *typed, "--json")
        assert (code, [each["site"] for each in json.loads(shown)["addresses"]]) == (0, sites)
    code, _, error = ask(archive, "why", "NW1", "--site", "x.yaml")
    assert (code, error[:22]) == (2, "Error: x.yaml: cannot ")
    code, _, error = ask(archive, "why", "NW1", "--site", "finew")
    known = "Else give finews, minima, notes, or a .yaml file."
    assert (code, error) == (2, f"Error: finew: is not a site; did you mean finews? {known}\n")


def test_posts_say_their_site_where_the_archive_holds_several(archive: Archive) -> None:
    code, shown, error = ask(archive, "search", "江西", "--sort", "date")
    assert (code, error) == (0, "")
    assert "2022-04-21 16:44 · 园艺报 · garden · NW1\n" in shown
    assert "2022-04-20 16:44 · 大江网 · finews · NW1\n" in shown
    _, shown, error = ask(archive, "show", "NW1", "--site", "garden", "--format", "text")
    assert "2022-04-21 16:44 · 园艺报 · garden\n" in shown
    assert error.startswith("Of the site garden.\n")


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (["search", "江西", "--site", "garden"], ["1 found for 江西"]),
        (["stock", "000001", "--site", "garden"], ["平安银行 000001.SZ (0.000001): 0 posts"]),
        (["stock", "000001", "--site", "finews"], ["平安银行 000001.SZ (0.000001): 1 post"]),
        (["stats", "--site", "garden"],
         ["sites: garden 1", "categories: roses 1", "sources: 园艺报 1", "links: stored 1",
          "1 post (0 gone from the site), 1 revision, 0 securities in 0 mentions, 0 runs"]),
        (["stats", "--site", "finews"],
         ["sites: finews 1", "1 post (0 gone from the site), 1 revision, 1 security in 1 mention, 1 run"]),
        (["stats", "--site", "finews", "--site", "garden"], ["sites: finews 1, garden 1"]),
        (["export", "{folder}/one", "--site", "garden"], ["1 post as markdown in {folder}/one, 1 file written"]),
        (["export", "{folder}/all"], ["2 posts as markdown in {folder}/all, 2 files written"]),
    ],
)  # fmt: skip
def test_a_site_narrows_down(archive: Archive, arguments: list[str], lines: list[str], tmp_path: Path) -> None:
    code, shown, _ = ask(archive, *(argument.format(folder=tmp_path) for argument in arguments))
    assert code == 0
    assert {line.format(folder=tmp_path) for line in lines} <= set(shown.splitlines())


def test_stats_show_times_as_all_commands_do(archive: Archive) -> None:
    code, shown, _ = ask(archive, "stats")
    assert (code, shown.splitlines()[2]) == (0, "from 2022-04-20 16:44:59 to 2022-04-21 16:44:59")


def test_the_runs_of_a_site_are_listed(archive: Archive) -> None:
    code, shown, _ = ask(archive, "runs", "--site", "finews", "--json")
    assert (code, '"started_at": "2022-04-21T09:00:00+08:00"' in shown) == (0, True)
    assert ask(archive, "runs", "--site", "garden", "--json")[:2] == (0, "[]\n")
