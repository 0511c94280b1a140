"""Front matter: read as it is meant where it is valid, to the letter where it is broken, refused if hostile."""

from __future__ import annotations

import json
import time
import tomllib
import tracemalloc
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import pytest
import yaml
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.jekyll.front_matter import FrontMatter, FrontMatterError, read


def front(*lines: str) -> FrontMatter:
    """Read the front matter of these lines, which must leave the body alone."""
    found, body = read("\n".join(["---", *lines, "---", "文。\n"]))
    assert body == "文。\n"
    return found


def toml(*lines: str) -> FrontMatter:
    found, body = read("\n".join(["+++", *lines, "+++", "文。\n"]))
    assert body == "文。\n"
    return found


# Where it begins and ends.


@pytest.mark.parametrize(
    ("text", "title", "body"),
    [
        pytest.param("---\ntitle: 题\n---\n文", "题", "文", id="the usual"),
        pytest.param("\n \n\t\n---\ntitle: 题\n---\n文", "题", "文", id="blank lines before it"),
        pytest.param("---  \ntitle: 题\n---\t\n文", "题", "文", id="spaces behind the fences"),
        pytest.param("---\ntitle: 题\n...\n文", "题", "文", id="dots at the end"),
        pytest.param("---\ntitle: 题\n---", "题", "", id="no line end"),
        pytest.param("---\ntitle: 题\n---\n", "题", "", id="no body"),
        pytest.param("---\ntitle: 题\n---\n\n\n文\n", "题", "\n\n文\n", id="blank lines behind it"),
        pytest.param("---\ntitle: 题\n---\n一\n---\n二\n---\n", "题", "一\n---\n二\n---\n", id="rules in the body"),
        pytest.param("---\ntitle: 题\n---\n---\na: b\n---\n", "题", "---\na: b\n---\n", id="another one behind it"),
        pytest.param("---\ntitle: 题 ---\n---\n文", "题 ---", "文", id="dashes in a value"),
        pytest.param("---\ntitle: >\n  一\n  ---\n---\n文", "一 ---", "文", id="indented dashes"),
        pytest.param("---\n---\n文", "", "文", id="empty"),
        pytest.param("---\n\n# nothing\n---\n文", "", "文", id="only a comment"),
        pytest.param('+++\ntitle = "题"\n+++\n文', "题", "文", id="TOML"),
        pytest.param('\n+++ \ntitle = "题"\n+++ \n文', "题", "文", id="TOML behind a blank line"),
        pytest.param('+++\ntitle = "题"\n---\n+++\n文', None, "", id="TOML does not end in dashes"),
        pytest.param("", "", "", id="nothing"),
        pytest.param("文\n---\ntitle: 题\n---\n", "", "文\n---\ntitle: 题\n---\n", id="text before it"),
        pytest.param(" \n 文", "", " \n 文", id="white space and text"),
        pytest.param("\n\n", "", "\n\n", id="white space"),
        pytest.param(" ---\ntitle: 题\n---\n", "", " ---\ntitle: 题\n---\n", id="an indented fence"),
        pytest.param("----\ntitle: 题\n----\n", "", "----\ntitle: 题\n----\n", id="four dashes"),
        pytest.param("--- 题\n---\n", "", "--- 题\n---\n", id="text behind the fence"),
        pytest.param("***\n题\n***\n", "", "***\n题\n***\n", id="another rule"),
    ],
)
def test_front_matter_is_what_stands_between_two_fences(text: str, title: str | None, body: str) -> None:
    if title is None:
        with pytest.raises(FrontMatterError):
            read(text)
    else:
        found, rest = read(text)
        assert (found.text("title"), rest) == (title, body)


# Titles as the site writes them: the raw text between two quotes, whatever is in it.


def titled(title: str) -> str:
    return (
        f'---\nlayout: post\ntitle: "{title}"\ndate: 2022-04-20 16:44:59 +0800\ncategories: dajiangwang\n'
        f"tags:\n  - 大江网新闻\n  - 江西\nweight: 3\n---\n\n文。\n"
    )


def is_yaml(text: str) -> bool:
    try:
        yaml.safe_load(text.partition("\n---\n")[0])
    except yaml.YAMLError:
        return False
    return True


@pytest.mark.parametrize(
    "title",
    [
        '他说"涨"了',
        '"涨"',
        '"',
        '""',
        '"""',
        '涨"',
        '"涨',
        "C:\\data\\new",
        '一\\"二"三',
        '"涨": 跌',
        '", "b',
        '" - "',
        '"] [',
        '"{% raw %}"',
        '"&a *b !c',
        "\t\"'",
        '一"二\x85三',
        '一"二\u2028三',
        '一"二\x0b三\x0c',
        '一"二\x00',
        '一"二 #三',
        '一"二\ufeff',
        '😀"𠮷',
        '"' * 300,
        '长"' * 10_000,
    ],
    ids=lambda title: ascii(title[:20]),
)
def test_a_quote_inside_of_a_quoted_title_is_kept(title: str) -> None:
    found, body = read(titled(title))

    assert not is_yaml(titled(title))
    assert found.text("title") == title.strip()
    assert found.others({"title"}) == {
        "layout": "post",
        "date": "2022-04-20 16:44:59 +0800",
        "categories": "dajiangwang",
        "tags": ["大江网新闻", "江西"],
        "weight": 3,
    }
    assert body == "\n文。\n"


raw_titles = st.one_of(
    st.text(),
    st.lists(
        st.sampled_from(['"', "'", "\\", ": ", " #", "涨", "a", " ", "- ", "[", "{", "*", "&", "!", "%", "|"])
    ).map("".join),
).filter(lambda title: "\n" not in title)


@settings(max_examples=examples(500), deadline=None)
@given(raw_titles, st.integers(0, 30))
@example("\\", 0)
@example("x\\", 0)
def test_a_title_that_breaks_yaml_is_recovered_exactly(title: str, at: int) -> None:
    title = f'{title[:at]}"{title[at:]}'
    text = titled(title)
    assume(not is_yaml(text))

    found, body = read(text)

    assert found.text("title") == title.strip()
    assert (found.texts("tags"), found.text("date")) == (("大江网新闻", "江西"), "2022-04-20 16:44:59 +0800")
    assert body == "\n文。\n"


@settings(max_examples=examples(300), deadline=None)
@given(st.one_of(raw_titles, st.text(st.characters())))
@example("\ud800")
@example("\n---\n")
@example("\n&a [*a]")
def test_a_title_of_any_kind_is_read_or_refused(title: str) -> None:
    try:
        found, _ = read(titled(title))
    except FrontMatterError:
        return
    assert isinstance(found.text("title"), str)


# Broken lines among good ones.


def test_a_broken_line_leaves_the_keys_around_it_as_they_are_meant() -> None:
    found = front(
        "layout: post",
        "# a comment",
        'title: "江西"5G+VR"领跑"',
        "",
        "tags: [一, '二, 三']",
        "categories:",
        "  - 四",
        "  - 五",
        "securities:",
        "- code: '1.600160'",
        "  name: 巨化股份",
        "note: |",
        "  一段。",
        "",
        "  二段。",
        "draft: false",
        "author name: 张三",
        "og:title: 六",
        "2022: 七",
        '"quoted key": 八',
    )

    assert found.text("title") == '江西"5G+VR"领跑'
    assert found.mappings("securities") == [{"code": "1.600160", "name": "巨化股份"}]
    assert found.others({"title", "securities"}) == {
        "layout": "post",
        "tags": ["一", "二, 三"],
        "categories": ["四", "五"],
        "note": "一段。\n\n二段。\n",
        "draft": False,
        "author name": "张三",
        "og:title": "六",
        "2022": "七",
        "quoted key": "八",
    }


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(["a: 'it's'"], {"a": "it's"}, id="single quotes"),
        pytest.param(['a: "it\'s" so'], {"a": '"it\'s" so'}, id="no quote at the end"),
        pytest.param(["a: b: c"], {"a": "b: c"}, id="a colon in a value"),
        pytest.param(["a: @b"], {"a": "@b"}, id="a sign that YAML keeps for itself"),
        pytest.param(["a: %b"], {"a": "%b"}, id="a percent sign"),
        pytest.param(["a: [b, c"], {"a": "[b, c"}, id="a list that never ends"),
        pytest.param(["a:\tb: c"], {"a": "b: c"}, id="a tab"),
        pytest.param(["a : b: c"], {"a": "b: c"}, id="a space before the colon"),
        pytest.param(["a: 'b", "c: d"], {"a": "'b", "c": "d"}, id="a quote that never ends"),
        pytest.param(["a:", "c: d: e"], {"a": None, "c": "d: e"}, id="a key without a value"),
        pytest.param(["a: 1", 'b: "c"d"', "a: 2"], {"a": 2, "b": 'c"d'}, id="a key that comes twice"),
        pytest.param(['a: "b"c', 'd"e"'], {"a": 'b"c d"e'}, id="a line break in a value"),
        pytest.param(['a: "b"c"', "# d"], {"a": 'b"c'}, id="a comment below"),
        pytest.param(["# d", "", 'a: "b"c"'], {"a": 'b"c'}, id="a comment above"),
        pytest.param(["a:", '  - "b"c"', "  - d"], {"a": ['b"c', "d"]}, id="a broken line in a list"),
        pytest.param(
            ["a:", '- "b"c"', "- 'd'e'", "- "], {"a": ['b"c', "d'e", ""]}, id="such a list without indentation"
        ),
        pytest.param(["a:", '  b: "c"d"'], {"a": 'b: "c"d"'}, id="a broken line in a mapping"),
    ],
)
def test_what_is_broken_is_read_to_the_letter(lines: list[str], expected: dict[str, Any]) -> None:
    assert front(*lines).others(()) == expected


def test_what_belongs_to_no_key_is_not_dropped_in_silence() -> None:
    for line in ("标题", "title:x", "- a", "  a: b"):
        with pytest.raises(FrontMatterError, match=r"^front matter that is no YAML$"):
            front(line, 'tags: "a"b"')


# Values.


def test_generic_jekyll_front_matter_is_read() -> None:
    found = front(
        "title: 'Tools: a list'",
        "date: 2020-01-02 03:04:05 +0000",
        "categories: [Garden, tools]",
        "tags:",
        "  - spade",
        "  - old rake",
        "slug: 工具",
    )

    assert (found.text("title"), found.text("slug")) == ("Tools: a list", "工具")
    assert found.text("date") == "2020-01-02 03:04:05 +0000"
    assert (found.texts("categories"), found.texts("tags")) == (("Garden", "tools"), ("spade", "old rake"))


def test_generic_hugo_front_matter_is_read() -> None:
    found = toml(
        'title = "工具"',
        "date = 2020-01-02T03:04:05+08:00",
        "lastmod = 2020-01-03",
        'tags = ["spade", "old rake"]',
        "weight = 3",
        "ratio = 1.5",
        "draft = false",
        "at = 07:32:00",
        "[params]",
        'author = "张三"',
        "[[params.links]]",
        'url = "a"',
    )

    assert (found.text("title"), found.texts("tags")) == ("工具", ("spade", "old rake"))
    assert found.text("date") == "2020-01-02 03:04:05+08:00"
    assert (found.text("lastmod"), found.text("weight"), found.text("draft")) == ("2020-01-03", "3", "false")
    assert found.others({"title", "tags"}) == {
        "date": "2020-01-02 03:04:05+08:00",
        "lastmod": "2020-01-03",
        "weight": 3,
        "ratio": 1.5,
        "draft": False,
        "at": "07:32:00",
        "params": {"author": "张三", "links": [{"url": "a"}]},
    }


@pytest.mark.parametrize(
    ("written", "text", "other"),
    [
        pytest.param("3", "3", 3, id="a number"),
        pytest.param("-3", "-3", -3, id="a negative number"),
        pytest.param("1.5", "1.5", 1.5, id="a fraction"),
        pytest.param("007", "007", "007", id="a number with zeros before it"),
        pytest.param("000725", "000725", "000725", id="a security's code"),
        pytest.param("1.10", "1.10", "1.10", id="a version"),
        pytest.param("1_000", "1_000", "1_000", id="a number in groups"),
        pytest.param("0x10", "0x10", "0x10", id="hexadecimal"),
        pytest.param("0b_", "0b_", "0b_", id="what only looks like a number"),
        pytest.param("12:30", "12:30", "12:30", id="a time of day"),
        pytest.param("1:30.5", "1:30.5", "1:30.5", id="minutes and seconds"),
        pytest.param(".inf", ".inf", ".inf", id="infinity"),
        pytest.param(".nan", ".nan", ".nan", id="no number"),
        pytest.param("1.0e+999", "1.0e+999", "1.0e+999", id="too large a number"),
        pytest.param("'3'", "3", "3", id="a number in quotes"),
        pytest.param("true", "true", True, id="true"),
        pytest.param("No", "No", False, id="no"),
        pytest.param("'no'", "no", "no", id="no in quotes"),
        pytest.param("null", "", None, id="null"),
        pytest.param("~", "", None, id="a tilde"),
        pytest.param("", "", None, id="nothing"),
        pytest.param("'null'", "null", "null", id="null in quotes"),
        pytest.param("''", "", "", id="an empty text"),
        pytest.param("2020-01-02", "2020-01-02", "2020-01-02", id="a date"),
        pytest.param("2020-13-99", "2020-13-99", "2020-13-99", id="no date"),
        pytest.param("=", "=", "=", id="an equals sign"),
        pytest.param("<<", "<<", "<<", id="the sign for merging"),
        pytest.param("'  涨  '", "涨", "  涨  ", id="spaces in quotes"),
        pytest.param("&a 3", "3", 3, id="an anchor that nothing refers to"),
        pytest.param("[a, 1, [b], {c: ~}]", "a", ["a", 1, ["b"], {"c": None}], id="a list"),
        pytest.param("{b: 007, 3: x}", "", {"b": "007", "3": "x"}, id="a mapping"),
    ],
)
def test_a_value_is_text_to_the_letter_and_otherwise_what_json_has_for_it(
    written: str, text: str, other: Any
) -> None:
    found = front(f"a: {written}")

    assert found.text("a") == text
    assert found.others(()) == {"a": other}
    assert type(found.others(())["a"]) is type(other)


def test_the_last_of_two_equal_keys_counts() -> None:
    assert front("a: 1", "b: 2", "a: 3").others(()) == {"a": 3, "b": 2}


def test_the_first_of_several_names_that_has_a_value_is_taken() -> None:
    found = front("tags: []", "tag: ''", "keywords: [null, x, '', y]", "category: z")

    assert found.texts("tags", "tag", "keywords", "category") == ("x", "y")
    assert found.text("tag", "category") == "z"
    assert (found.text("none"), found.texts("none"), found.mappings("none")) == ("", (), [])


def test_only_mappings_in_a_list_are_mappings() -> None:
    found = front("a: [{b: 1, c: [2]}, d, {}]", "e: {f: 3}", "g: h")

    assert found.mappings("a") == [{"b": "1", "c": ""}, {}]
    assert (found.mappings("e"), found.mappings("g")) == ([], [])


# What is refused.


def bomb() -> list[str]:
    letters = "abcdefghi"
    pairs = pairwise(letters)
    return ["a: &a [x, x, x]", *(f"{new}: &{new} [*{old}, *{old}, *{old}, *{old}]" for old, new in pairs)]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        pytest.param(bomb(), "front matter with YAML aliases", id="an alias bomb"),
        pytest.param(["a: &a [*a]"], "front matter with YAML aliases", id="a list in itself"),
        pytest.param(["a: !!python/object/apply:os.getcwd []"], "front matter with YAML tags", id="Python"),
        pytest.param(["a: !!binary aGk="], "front matter with YAML tags", id="binary"),
        pytest.param(["!!map", "a: b"], "front matter with YAML tags", id="a tag on all of it"),
        pytest.param(["a: !ruby/object:Gem {}", 'b: "c"d"'], "front matter with YAML tags", id="in broken YAML"),
        pytest.param(["a: b", "--- # c", "d: e"], "front matter of several documents", id="documents"),
        pytest.param(["- a", "- b"], "front matter that is no mapping", id="a list"),
        pytest.param(["文章"], "front matter that is no mapping", id="words"),
        pytest.param(['"'], "front matter that is no YAML", id="a quote"),
        pytest.param(["a: " + "[" * 200_000], "front matter of more than 64 kB", id="two hundred thousand lists"),
        pytest.param(["a: " + "[" * 60_000], "front matter nested too deeply", id="lists"),
        pytest.param(["a: " + "{b: " * 15_000], "front matter nested too deeply", id="mappings"),
        pytest.param([" " * n + "a:" for n in range(300)], "front matter nested too deeply", id="blocks"),
        pytest.param(["? " * 30_000], "front matter nested too deeply", id="keys"),
        pytest.param(["- " * 30_000], "front matter nested too deeply", id="dashes"),
        pytest.param(["a: b" * 20_000], "front matter of more than 64 kB", id="length"),
    ],
)
def test_hostile_yaml_is_refused_in_words(lines: list[str], reason: str) -> None:
    with pytest.raises(FrontMatterError, match=f"^{reason}$"):
        front(*lines)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        pytest.param(["title: x"], "front matter that is no TOML: ", id="YAML"),
        pytest.param(['a = "b"c"'], "front matter that is no TOML: ", id="a quote"),
        pytest.param(["a = 1", "a = 2"], "front matter that is no TOML: ", id="a key that comes twice"),
        pytest.param(["a = 2020-13-99"], "front matter that is no TOML: ", id="no date"),
        pytest.param(["a = " + "9" * 60_000], "front matter that is no TOML: ", id="digits"),
        pytest.param(["a = 0x" + "f" * 60_000], "front matter with a number that is too large", id="hexadecimal"),
        pytest.param(["a = [9223372036854775808]"], "front matter with a number that is too large", id="65 bits"),
        pytest.param(["a = " + "[" * 60_000], "front matter nested too deeply", id="lists"),
        pytest.param(["a = " + "[" * 17 + "]" * 17], "front matter nested too deeply", id="a few lists too many"),
        pytest.param(["a = " + "{b = " * 12_000], "front matter nested too deeply", id="mappings"),
        pytest.param(["a." * 30_000 + "a = 1"], "front matter nested too deeply", id="dots"),
        pytest.param(["a." * 500 + f"b{n} = 1" for n in range(60)], "front matter nested too deeply", id="many dots"),
        pytest.param(["[" + "a." * 30_000 + "a]"], "front matter nested too deeply", id="dots in a heading"),
        pytest.param(["#" * 65 * 1024], "front matter of more than 64 kB", id="length"),
    ],
)
def test_hostile_toml_is_refused_in_words(lines: list[str], reason: str) -> None:
    with pytest.raises(FrontMatterError, match=f"^{reason}"):
        toml(*lines)


def test_numbers_of_toml_that_json_has_not_are_text() -> None:
    assert toml("a = inf", "b = [-inf]", "c = nan").others(()) == {"a": "inf", "b": ["-inf"], "c": "nan"}


@pytest.mark.parametrize("fence", ["---", "+++"])
@pytest.mark.parametrize("rest", ["", "\n", "\na: b\n", f"\n{'文。' * 500_000}\n", "\n" * 500_000])
def test_front_matter_that_never_ends_is_refused(fence: str, rest: str) -> None:
    with pytest.raises(FrontMatterError, match=r"^front matter that never ends$"):
        read(fence + rest)


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(['a: "b"c"', "d" + " " * 60_000 + "d"], id="spaces"),
        pytest.param(['a: "b"c"', "d : " * 15_000], id="colons"),
        pytest.param(['a: "b"c"', "d:" * 30_000 + "d"], id="colons without spaces"),
        pytest.param(['a: "b"c"', "d  " * 20_000], id="words"),
        pytest.param(['a: "b"c"', *(f"a{n}:" for n in range(8000))], id="keys"),
        pytest.param(["a: " + '"' * 60_000], id="quotes"),
        pytest.param(["a: 1" + ":59" * 20_000], id="minutes"),
        pytest.param(["a: 1" + ":59" * 20_000 + ".5"], id="minutes and a fraction"),
        pytest.param(["a: 0x" + "f" * 60_000], id="hexadecimal"),
        pytest.param(["a: " + "9" * 60_000], id="digits"),
        pytest.param(["a: [" + "b, " * 20_000 + "]"], id="a long list"),
    ],
)
def test_what_could_take_long_is_read_in_little_time_and_memory(lines: list[str]) -> None:
    tracemalloc.start()
    began = time.process_time()
    found = front(*lines)
    assert json.dumps([found.others(()), found.text("a"), found.texts("a")], allow_nan=False)
    seconds, peak = time.process_time() - began, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seconds < 20  # of the processor's time; the slowest takes one
    assert peak < 32 * 1024 * 1024


def test_reading_many_numbers_keeps_none_of_them() -> None:
    found = front("a: [" + "123, " * 1000 + "]")
    found.others(())
    tracemalloc.start()
    for _ in range(10):
        found.others(())
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert kept < 100_000


# Properties.


plain_texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"]))
keys = st.text("abcXYZ_题目", min_size=1, max_size=8)
values = st.one_of(plain_texts, st.lists(plain_texts, max_size=4))
fronts = st.dictionaries(keys, values, max_size=6)


def checked(text: str) -> None:
    """Read a text and look at all of it; only a `FrontMatterError` may come of it, and JSON must have the rest."""
    try:
        found, body = read(text)
    except FrontMatterError:
        return
    assert text.endswith(body)
    assert json.loads(json.dumps(found.others(()), allow_nan=False)) == found.others(())
    for name in found.values:
        assert all(isinstance(value, str) for value in (found.text(name), *found.texts(name)))
        assert all(isinstance(value, str) for item in found.mappings(name) for value in item.values())


pieces = st.lists(
    st.sampled_from(
        [
            *("\n", "\n", "\n", ": ", ":", "- ", "  ", "? ", '"', "'", "a", "b", "题", "[", "]", "{", "}", ", ", "#"),
            *(
                "&a",
                "*a",
                "!a",
                "!!",
                "|",
                ">",
                "%",
                "@",
                "`",
                "\t",
                "---",
                "...",
                "+++",
                " = ",
                "=",
                ".",
                "[[",
                "]]",
            ),
            *(
                "1",
                "0x",
                "_",
                "e",
                "inf",
                "nan",
                "2020-01-02",
                "T",
                "12:30",
                "null",
                "true",
                "\\",
                "\\u",
                "\x85",
                "\0",
            ),
        ]
    ),
    max_size=40,
).map("".join)


@settings(max_examples=examples(500), deadline=None)
@given(st.one_of(st.text(st.characters()), pieces))
@example("---\n? [a]\n: b\n---\n")
@example("---\n<<: {a: b}\n---\n")
@example("---\n? ? a\n---\n")
@example('---\na: "\\ud800\\UFFFFFFFF"\n---\n')
@example("---\na: \ud800\n---\n")
def test_any_text_is_read_or_refused(text: str) -> None:
    for fenced in (text, f"---\n{text}\n---\nbody", f"+++\n{text}\n+++\nbody"):
        checked(fenced)


@settings(max_examples=examples(200), deadline=None)
@given(fronts.filter(bool), st.one_of(st.text(), pieces), st.sampled_from(["---", "..."]))
def test_valid_yaml_reads_back_and_the_body_is_what_follows(front: dict[str, Any], body: str, end: str) -> None:
    written = yaml.safe_dump(front, allow_unicode=True, sort_keys=False, width=200)
    assume("\n---\n" not in written and "\n...\n" not in written)

    found, rest = read(f"---\n{written}{end}\n{body}")

    assert rest == body
    assert found.others(()) == front
    for name, value in front.items():
        one_or_more = value if isinstance(value, list) else [value]
        assert found.texts(name) == tuple(text.strip() for text in one_or_more if text.strip())


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), plain_texts
)
trees = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=examples(200), deadline=None)
@given(st.dictionaries(keys, trees, min_size=1, max_size=4))
def test_values_of_any_kind_come_back_as_they_were(front: dict[str, Any]) -> None:
    written = yaml.safe_dump(front, allow_unicode=True, sort_keys=False, width=200)
    assume("\n---\n" not in written and "\n...\n" not in written)

    found, _ = read(f"---\n{written}---\n")

    assert json.loads(json.dumps(found.others(()), allow_nan=False)) == json.loads(json.dumps(_as_read(front)))
    assert found.others(front) == {}


def _as_read(value: Any) -> Any:
    """Return a value as it is read: a number that YAML writes otherwise than Python is text."""
    match value:
        case dict():
            return {key: _as_read(inner) for key, inner in value.items()}
        case list():
            return [_as_read(inner) for inner in value]
        case float():
            written = yaml.safe_dump(value).split("\n")[0]
            return value if written == str(value) else written
        case _:
            return value


toml_values = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.dates(),
    st.datetimes(timezones=st.just(UTC)).map(lambda at: at.replace(microsecond=0)),
    plain_texts,
)


@settings(max_examples=examples(200), deadline=None)
@given(st.dictionaries(st.text("abcXYZ_", min_size=1, max_size=8), toml_values, max_size=6))
def test_valid_toml_reads_back(front: dict[str, Any]) -> None:
    lines = [f"{key} = {_in_toml(value)}" for key, value in front.items()]
    assert tomllib.loads("\n".join(lines)) == front

    assert toml(*lines).others(()) == {
        key: str(value) if isinstance(value, date) else value for key, value in front.items()
    }


def _in_toml(value: Any) -> str:
    match value:
        case datetime() | date():
            return value.isoformat()
        case str():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value).lower()


# Hugo's JSON, Hexo's without a first fence, and keys in any case.


@pytest.mark.parametrize(
    ("text", "title", "body"),
    [
        pytest.param('{\n  "title": "题",\n  "n": 1\n}\n文\n', "题", "文\n", id="JSON"),
        pytest.param('\n{"title": "题", "a": {"b": ["}"]}}\n\n文\n', "题", "\n文\n", id="JSON on a line"),
        pytest.param('{"title": "题"}', "题", "", id="JSON alone"),
        pytest.param("{}\n文\n", "", "文\n", id="empty JSON"),
        pytest.param("{% raw %}\n文\n", "", "{% raw %}\n文\n", id="Liquid"),
        pytest.param("{: .note}\n文\n", "", "{: .note}\n文\n", id="kramdown"),
        pytest.param("title: 题\ndate: 2022-04-20\n---\n文\n", "题", "文\n", id="no first fence"),
        pytest.param("\ntitle: 题\ntags:\n- 一\n- 二\n---\n\n文\n", "题", "\n文\n", id="no first fence, with a list"),
        pytest.param("title: 题\n---\n文\n---\n", "题", "文\n---\n", id="a rule behind it"),
        pytest.param("Note: a heading\n---\n文\n", "", "Note: a heading\n---\n文\n", id="a heading"),
        pytest.param("title: 题\n\n文\n---\n", "", "title: 题\n\n文\n---\n", id="text before the fence"),
        pytest.param("title: 题\n文\n", "", "title: 题\n文\n", id="no fence at all"),
    ],
)
def test_front_matter_needs_no_first_fence_where_it_is_plain(text: str, title: str, body: str) -> None:
    found, rest = read(text)
    assert (found.text("title"), rest) == (title, body)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"title": "题",}\n文\n', id="a comma too many"),
        pytest.param('{\n"title": "题"\n文\n', id="no end"),
        pytest.param('{"title": "题"} 文\n', id="text behind it"),
        pytest.param('{"a": ' + "[" * 100_000, id="nested without end"),
        pytest.param('{"a": ' + "[" * 20 + "]" * 20 + "}\n", id="nested deeply"),
        pytest.param('{"a": ' + "9" * 30 + "}\n", id="a number without bounds"),
        pytest.param('{"a": ' + "9" * 10_000 + "}\n", id="a number of thousands of digits"),
        pytest.param('{"a": "' + "x" * 70_000 + '"}\n', id="too long"),
    ],
)
def test_json_that_cannot_be_read_is_refused_and_no_body(text: str) -> None:
    with pytest.raises(FrontMatterError):
        read(text)


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("!important 公告", "!important 公告"),
        ("!important", "!important"),
        ("!重要 公告", "!重要 公告"),
        ("! 公告", "公告"),
        ("*ST康美 涨停", "*ST康美 涨停"),
        ("*ST 摘帽", "*ST 摘帽"),
        ("*important* news", "*important* news"),
        ("*ST", "*ST"),
    ],
)
def test_words_that_look_like_tags_and_aliases_are_words(written: str, title: str) -> None:
    found = front(f"title: {written}", "date: 2022-04-20")
    assert (found.text("title"), found.text("date")) == (title, "2022-04-20")


def test_keys_are_found_in_any_case_and_the_one_in_lower_case_is_meant() -> None:
    found = front("Title: 一", "TAGS: [a]", "date: x", "Date: y")
    assert (found.text("title"), found.texts("tags"), found.text("date")) == ("一", ("a",), "x")
    assert found.others({"title", "tags", "date"}) == {"Date": "y"}
