"""Words from outside: short and printable where they are noted, harmless where they are shown."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any

import costly
import made
import pytest
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.archive.store.derived import DerivedArticle
from crawler.cli import main
from crawler.extraction.post import read_post
from crawler.items import Missed, Post, Refused
from crawler.recording.normalise import normalise
from crawler.run import Run
from crawler.text.outside import escaped_in_json, one_line, terminal_safe
from crawler.urls import as_written, canonical

if TYPE_CHECKING:
    from pathlib import Path

STEERING = (
    "\x1b]0;pwned\x07",
    "\x1b[2J",
    "\x9b31m",
    "\x00",
    "\x85",
    "\u202e",
    "\u2066",
    "\x7f",
    "\r",
    "\u2028",
    "\ud800",
)
outside = st.lists(st.one_of(st.sampled_from(STEERING), st.text(max_size=5)), max_size=12).map("".join)


def steers(text: str) -> list[str]:
    return [
        sign
        for sign in text
        if unicodedata.category(sign) in {"Cc", "Cs"} or sign in "\u202e\u202d\u2066\u2067\u2068"
    ]


@settings(max_examples=examples(500))
@given(outside)
@example("x:" + "\x1b]0;pwned\x07" * 1000)
def test_what_is_noted_is_one_short_printable_line(words: str) -> None:
    line = one_line(words)

    assert (steers(line), len(line) <= 300, one_line(line)) == ([], True, line)


def test_what_is_too_long_to_be_noted_ends_in_an_ellipsis() -> None:
    assert one_line("长" * 400) == "长" * 299 + "…"


@settings(max_examples=examples(500))
@given(outside)
def test_what_is_shown_steers_nothing_and_keeps_its_lines(words: str) -> None:
    without_styles = re.sub(r"\x1b\[\d{0,3}m", "", terminal_safe(f"{words}\n\t"))

    assert [sign for sign in steers(without_styles) if sign not in "\n\t"] == []
    assert without_styles.endswith("\n\t")


def test_the_programs_own_styles_are_shown() -> None:
    assert terminal_safe("\x1b[1m标题\x1b[22m\x1b[2J") == "\x1b[1m标题\x1b[22m[2J"


@settings(max_examples=examples(500))
@given(outside)
def test_json_says_the_same_and_steers_nothing(words: str) -> None:
    written = escaped_in_json(json.dumps({"title": words}, ensure_ascii=False))

    assert (json.loads(written), steers(written)) == ({"title": words}, [])


@settings(max_examples=examples(500))
@given(
    st.lists(
        st.sampled_from([*STEERING, "/", "a", " ", "\n", "<script>", "{{x}}", "?q=", "#", "http://a.example", "中"])
    ).map("".join)
)
@example("http://finews.zning.xyz/html_News/NewsShare.html?infoCode=NW1\n<script>{{ x }}\x1b[2J")
def test_an_address_as_written_holds_nothing_but_an_address(href: str) -> None:
    written = as_written(href, "https://site.example/a/")

    assert written is None or not set(written) & set(' \n\r\t<>"{}\\^`|\x1b')


def test_a_sites_own_form_of_an_address_is_kept() -> None:
    href = "http://finews.zning.xyz/html_News/NewsShare.html?infoCode=NW202204202350104915"

    assert (as_written(href, "https://site.example/"), canonical(href)) == (href, href)


def test_a_share_link_with_more_than_an_address_in_it_is_written_canonically() -> None:
    link = "http://finews.zning.xyz/html_News/NewsShare.html?infoCode=NW202204202350104915"
    link += "&amp;x=&#10;&lt;script>&#27;[2J{{ x }}"
    read = read_post(costly.page(f'{costly.HEAD}<p>文</p><a href="{link}">分享</a>{costly.END}'), costly.SITE)

    assert isinstance(read, Post)
    assert read.share_url == (
        "http://finews.zning.xyz/html_News/NewsShare.html?infoCode=NW202204202350104915&x=%3Cscript%3E[2J%7B%7B%20x%20%7D%7D"
    ).replace("[", "%5B")


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(
            Refused(fetch=made.fetch(), reason="redirected to x:\x1b]0;pwned\x07" + "a" * 8000, rule="another page"),
            id="refused",
        ),
        pytest.param(Missed(fetch=made.fetch(), state="failed", reason="\u202e\x9b" + "a" * 8000), id="failed"),
    ],
)
def test_a_reason_is_noted_as_a_short_printable_line(record: Any, tmp_path: Path) -> None:
    with Run(tmp_path / "archive.db", made.SITE, "usual") as run:
        [recorded] = run.recorder.write([record])
        assert not isinstance(recorded, Exception), recorded
        [row] = run.archive.db.query("SELECT reason FROM links")
        report = run.end("finished")

    assert row["reason"] == recorded.reason == one_line(record.reason)
    assert report["reasons"] == {f"{recorded.outcome}: {row['reason']}": 1}


def test_nothing_that_is_shown_of_a_post_steers_a_terminal(tmp_path: Path) -> None:
    post = made.post(html="<p>正\x1b]0;pwned\x07文\x9b31m</p>", title="题\u202e目")
    with Run(tmp_path / "archive.db", made.SITE, "usual") as run:
        run.recorder.write([DerivedArticle(normalise(post, made.SITE))])
        run.end("finished")

    for arguments in (["--format", "html"], ["--format", "text"], ["--format", "markdown"], ["--json"]):
        shown = CliRunner().invoke(main, ["show", made.ID, "--archive", str(tmp_path / "archive.db"), *arguments])
        assert (shown.exit_code, [sign for sign in steers(shown.output) if sign != "\n"]) == (0, [])
