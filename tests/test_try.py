"""Trying out a definition: what is told of a page is what a crawl makes of it, and nothing is stored."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import fixture_pages
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from test_definition_files import GARDEN

from crawler.cli import main
from crawler.ops.trying.local import local_page
from crawler.ops.trying.trial import Trial, trial_of
from crawler.sites.loading import load_site

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CANONICAL = "<link rel=canonical href=https://blog.example/moss.html>"
POST = (
    f"{CANONICAL}<h1> All about <i>moss</i></h1><time datetime='2024-03-04 10:00'>4 March</time>"
    "<article><p>Moss is old.</p><p>Moss is green.</p></article>"
)

Try = "Callable[..., list[dict[str, Any]]]"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run `finews try --site my.yaml` in a folder of its own, with keys of the garden's definition changed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.yaml").write_text(GARDEN, encoding="utf-8")

    def asked(*arguments: str, stdin: bytes | None = None) -> Result:
        return CliRunner().invoke(main, ["try", "--site", "my.yaml", *arguments], input=stdin)

    return asked


@pytest.fixture
def trial(run: Callable[..., Result], tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Try one page by the garden's definition; return what `--json` says of it."""

    def tried(source: str, *options: str, definition: str = GARDEN) -> dict[str, Any]:
        (tmp_path / "my.yaml").write_text(definition, encoding="utf-8")
        (tmp_path / "page.html").write_text(source, encoding="utf-8")
        load_site.cache_clear()
        result = run("page.html", "--json", *options)
        (told,) = json.loads(result.stdout)
        assert (result.exit_code, result.stderr) == (0 if told["outcome"] == "read" else 1, "")
        return told  # type: ignore[no-any-return]

    return tried


# What is told.


def test_a_post_is_told_field_by_field(trial: Callable[..., dict[str, Any]]) -> None:
    definition = GARDEN.replace("title: [", "title: [{css: h2}, ") + "    tags: [{css: .tag}]\n"
    assert trial(POST, definition=definition) == {
        "page": "page.html",
        "address": "https://blog.example/moss.html",
        "kind": "post",
        "id": "moss",
        "layout": "post",
        "outcome": "read",
        "reason": None,
        "rule": None,
        "advice": None,
        "is_unlikely": False,
        "fields": {
            "title": {
                "rule": "title[1] css: h1",
                "found": "All about moss",
                "value": "All about moss",
                "empty": ["title[0] css: h2"],
            },
            "date": {
                "rule": "date[0] css: time, attribute: datetime",
                "found": "2024-03-04 10:00",
                "value": "2024-03-04T10:00:00+08:00",
                "empty": [],
            },
            "tags": {"rule": None, "found": None, "value": None, "empty": ["tags[0] css: .tag"]},
            "body": {
                "rule": "body[0] css: article",
                "found": "<p>Moss is old.</p><p>Moss is green.</p>",
                "value": "Moss is old.\n\nMoss is green.",
                "empty": [],
            },
        },
        "links": {},
    }


@pytest.mark.parametrize(
    ("source", "reason", "rule", "advice"),
    [
        (
            POST.replace("h1", "h3"),
            "no title",
            "layouts[post].title",
            "No rule of layouts[post].title has found any.",
        ),
        (
            POST.replace("datetime=", "title="),
            "no date",
            "layouts[post].date",
            "No rule of layouts[post].date has found any.",
        ),
        (
            POST.replace("2024-03-04 10:00", "3/4/2024"),
            "date cannot be read: 3/4/2024",
            "layouts[post].date",
            (
                "Have the rule keep only the date, with `pattern`, or say with `order` in which order day and month"
                " are written."
            ),
        ),
        (
            POST.replace("article", "section"),
            "unknown layout",
            "layouts.sign",
            "The page contains the sign of no layout (post: <article>).",
        ),
    ],
)
def test_a_refusal_is_told_in_the_words_of_a_crawl(
    trial: Callable[..., dict[str, Any]], source: str, reason: str, rule: str, advice: str
) -> None:
    told = trial(source)
    assert {key: told[key] for key in ("outcome", "reason", "rule", "advice")} == {
        "outcome": "refused",
        "reason": reason,
        "rule": rule,
        "advice": advice,
    }


def test_what_can_be_read_is_told_of_a_page_whose_date_cannot(trial: Callable[..., dict[str, Any]]) -> None:
    fields = trial(POST.replace("2024-03-04 10:00", "3/4/2024"))["fields"]
    assert {name: (field["found"], field["value"]) for name, field in fields.items()} == {
        "title": ("All about moss", "All about moss"),
        "date": ("3/4/2024", None),
        "body": ("<p>Moss is old.</p><p>Moss is green.</p>", "Moss is old.\n\nMoss is green."),
    }


def test_an_id_that_cannot_be_a_name_is_told_with_what_can(trial: Callable[..., dict[str, Any]]) -> None:
    definition = GARDEN.replace("[a-z0-9-]+", ".+")
    told = trial(POST.replace("moss.html", "a%20b.html"), definition=definition)
    assert (told["id"], told["reason"], told["rule"]) == (
        "a b",
        (
            "unsafe id 'a b': letters, digits and _ . + ~ - are allowed (. + ~ - not first, and no two dots"
            " together), up to 200 bytes"
        ),
        "addresses.post",
    )


def test_the_links_of_a_listing_are_told_by_kind(trial: Callable[..., dict[str, Any]]) -> None:
    source = """<link rel=canonical href=/><a href=/moss.html>x</a><a href=/moss.html#more>x</a>
    <a href=/fern.html>x</a><a href=/about/>x</a><a href=/>x</a>
    <a href=https://else.example/x.html>x</a><a href=mailto:x@y.z>x</a>"""
    told = trial(source)
    assert (told["kind"], told["outcome"], told["fields"], told["links"]) == (
        "home",
        "read",
        {},
        {
            "post": ["https://blog.example/moss.html", "https://blog.example/fern.html"],
            "nobody": ["https://blog.example/about/"],
            "home": ["https://blog.example/"],
            "elsewhere": ["https://else.example/x.html"],
        },
    )


def test_a_home_page_that_names_no_post_is_told_with_the_links_that_are_nobodys(
    trial: Callable[..., dict[str, Any]],
) -> None:
    told = trial("<link rel=canonical href=/><a href=/2024/moss>x</a><a href=/2024/fern>x</a>")
    assert (told["outcome"], told["reason"], told["rule"], told["advice"]) == (
        "refused",
        "names no post",
        "addresses.post",
        (
            "None of its links has the form of a post's address (`addresses.post`). 2 lead to other pages of the"
            " site, such as /2024/moss, /2024/fern."
        ),
    )
    assert trial("<link rel=canonical href=/><script></script>")["advice"] == (
        "It has no link to a page of the site: posts may be listed by a script, or elsewhere."
    )


def test_a_feed_is_told_with_what_it_lists(trial: Callable[..., dict[str, Any]]) -> None:
    feed = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><link rel="self" href="/atom.xml"/>'
        '<entry><link href="/moss.html"/></entry><entry><link href="/about/"/></entry></feed>'
    )
    told = trial(feed, definition=f"{GARDEN}feed: /atom.xml\n")
    assert (told["address"], told["kind"], told["links"]) == (
        "https://blog.example/atom.xml",
        "feed",
        {"post": ["https://blog.example/moss.html"], "nobody": ["https://blog.example/about/"]},
    )
    assert trial("<html>", "--address", "/atom.xml", definition=f"{GARDEN}feed: /atom.xml\n")["reason"] == (
        "no feed and no sitemap, but <html>"
    )


def test_a_sitemap_index_is_told_with_the_sitemaps_it_names(trial: Callable[..., dict[str, Any]]) -> None:
    index = "<sitemapindex><sitemap><loc>https://blog.example/1.xml</loc></sitemap></sitemapindex>"
    told = trial(index, "--address", "https://blog.example/map.xml", definition=f"{GARDEN}sitemap: /map.xml\n")
    assert told["links"] == {"feed": ["https://blog.example/1.xml"]}


# Addresses.


def test_an_address_that_is_nobodys_is_refused_and_read_all_the_same(trial: Callable[..., dict[str, Any]]) -> None:
    told = trial(POST, "--address", "https://blog.example/2024/moss")
    assert (told["kind"], told["outcome"], told["reason"], told["fields"]["title"]["value"], told["advice"]) == (
        None,
        "refused",
        "not an address of the site",
        "All about moss",
        (
            "No form in `addresses` matches /2024/moss, and it is no start page, feed or sitemap, so that no crawl"
            " would request it."
        ),
    )
    told = trial(POST, "--address", "https://else.example/moss.html")
    assert told["advice"] == "Its host is none of the site's (blog.example): add it to `hosts` if it is."


def test_a_file_says_its_address_in_several_ways(trial: Callable[..., dict[str, Any]]) -> None:
    body = POST.removeprefix(CANONICAL)
    meta = '<meta property="og:url" content="https://blog.example/moss.html">'
    assert trial(meta + body)["address"] == "https://blog.example/moss.html"
    assert trial(f"<link rel=canonical href=''>{meta}{body}")["address"] == "https://blog.example/moss.html"
    assert trial(POST, "--address", "/fern.html")["id"] == "fern"


def test_a_file_that_does_not_say_its_address_is_read_without(trial: Callable[..., dict[str, Any]]) -> None:
    told = trial(POST.removeprefix(CANONICAL))
    assert (told["address"], told["kind"], told["id"], told["reason"], told["fields"]["title"]["value"]) == (
        None,
        None,
        None,
        "no id",
        "All about moss",
    )
    assert told["advice"] == (
        "The file does not say at which address it was served, from which its id and perhaps its date are read: name"
        " it with --address."
    )


# What is given.


def test_standard_input_is_a_page_too(run: Callable[..., Result]) -> None:
    result = run("-", "--json", stdin=POST.replace("moss is", "苔藓").encode("gb18030"))
    assert json.loads(result.stdout)[0]["id"] == "moss"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["none.html"],
            (
                "none.html cannot be read (No such file or directory): give a file, or an address that begins with"
                " http:// or https://."
            ),
        ),
        (["."], ". is not a regular file: give a page that was saved, or - for standard input."),
        (
            ["ftp://blog.example/"],
            "'ftp://blog.example/' is not an address: give one such as https://blog.example/a-post.html.",
        ),
        (["my.yaml", "x.html", "--address", "/x"], "--address is that of one page in a file: give one file."),
        (["my.yaml", "--site", "notes"], "The site notes has no addresses to crawl: "),
    ],
)
def test_what_cannot_be_tried_is_a_sentence(run: Callable[..., Result], arguments: list[str], sentence: str) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: {sentence}")


def test_a_file_larger_than_any_page_is_refused(run: Callable[..., Result], tmp_path: Path) -> None:
    with (tmp_path / "large.html").open("wb") as file:
        file.truncate(16 * 1024 * 1024 + 1)
    assert run("large.html").stderr == "Error: large.html is larger than 16 MB: no page of a site is.\n"


def test_nothing_is_stored(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(POST, encoding="utf-8")
    run("page.html")
    assert {path.name for path in tmp_path.iterdir()} == {"my.yaml", "page.html"}


# It is what a crawl makes of a page.


@pytest.mark.parametrize("case", fixture_pages.cases())
def test_a_trial_tells_what_a_crawl_makes_of_a_page(case: str) -> None:
    site = load_site(case.partition("/")[0])
    folder = fixture_pages.PAGES / case
    url = json.loads((folder / "meta.json").read_text(encoding="utf-8"))["url"]
    page, has_address = local_page(str(folder / "page.html"), base="https://x.example/", url=url)
    told = trial_of(case, page, site, has_address=has_address)
    assert _comparable(told) == _expected(*fixture_pages.expected(case), values=told.fields)


def _comparable(told: Trial) -> dict[str, Any]:
    if told.outcome == "gone":  # by the sign of the error page, which a reader of posts does not look at
        return {"reason": "unknown layout", "rule": "layouts.sign"}
    if told.outcome == "refused":
        return {"reason": told.reason, "rule": told.rule}
    if told.links:
        return {kind: list(told.links.get(kind, ())) for kind in ("post", "category")}
    return {name: field.value for name, field in told.fields.items()}


def _expected(sort: str, value: Any, values: Any) -> dict[str, Any]:
    if sort == "refused":
        return value  # type: ignore[no-any-return]
    if sort == "listing":
        urls = [(kind, url) for kind, _, url, _ in value["links"]]
        return {sort: [url for kind, url in urls if kind == sort] for sort in ("post", "category")}
    category = value["category"] or {}
    # The category's name and slug may come from the page that named the post, which is not at hand.
    by_name = {
        **value,
        "date": value["published_at"],
        "body": value["markdown"],
        "category": category.get("slug"),
        "category_name": category.get("name"),
    }
    return {name: by_name[name] or None for name in values}


@given(st.text(max_size=300), st.sampled_from(["{}", "<article>{}</article>", f"{POST}{{}}", "<rss>{}</rss>"]))
def test_any_page_can_be_tried(text: str, form: str) -> None:
    site = load_site("minima")
    page, has_address = local_page("-", base="https://blog.example/", stdin=_Bytes(form.format(text)))
    told = trial_of("-", page, site, has_address=has_address)
    assert told.outcome in {"read", "refused", "failed", "gone"}


class _Bytes:
    """Standard input that holds a text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def read(self, most: int) -> bytes:
        return self.text.encode("utf-8", "surrogatepass")[:most]
