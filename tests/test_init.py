"""Beginning a definition from one post: it loads, and reads title, date and body of that post as they are."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import fixture_pages
import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.cli import main
from crawler.items import Address
from crawler.ops.drafting.addresses import form_of
from crawler.ops.drafting.definition import draft
from crawler.ops.drafting.quoting import comment, listed, quoted
from crawler.ops.trying.local import local_page
from crawler.ops.trying.trial import Trial, trial_of
from crawler.sites.addresses import address_of
from crawler.sites.loading import load_site
from crawler.urls import canonical

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crawler.sites.definition import Site

PARAGRAPHS = "".join(f"<p>Paragraph {number} tells of moss, of ferns and of the pond.</p>" for number in range(4))
BODY = "\n\n".join(f"Paragraph {number} tells of moss, of ferns and of the pond." for number in range(4))
ABOUT = "<aside><p>About the author: she gardens.</p></aside><footer><p>© 2024 Moss &amp; Fern</p></footer>"

HUGO = f"""<!doctype html><html lang="en-us"><head><title>On moss | Moss &amp; Fern</title>
<meta property="og:title" content="On moss"><meta property="og:site_name" content="Moss & Fern">
<meta property="article:published_time" content="2024-03-05T08:30:00+01:00">
<link rel="alternate" type="application/rss+xml" href="/index.xml"></head>
<body><header><h1 class="site-title">Moss &amp; Fern</h1></header><main><article>
<h1>On moss</h1><time datetime="2024-03-05T08:30:00+01:00">March 5, 2024</time>{PARAGRAPHS}</article></main>{ABOUT}"""

WORDPRESS = f"""<!doctype html><html lang="de-DE"><head><title>On moss – Moss &amp; Fern</title>
<link rel="alternate" type="application/rss+xml" title="Feed" href="https://blog.example/feed/">
<link rel="alternate" type="application/rss+xml" title="Kommentar-Feed" href="https://blog.example/comments/feed/">
<script type="application/ld+json">{{"@context":"https://schema.org","@graph":[
{{"@type":"WebSite","name":"Moss & Fern","url":"https://blog.example/"}},
{{"@type":"Article","headline":"On moss","author":{{"name":"A. Gardener"}},
"datePublished":"2024-03-05T07:30:00+00:00"}}
]}}</script></head><body class="post-template-default single postid-123 sidebar">
<article id="post-123" class="post-123 post type-post"><header class="entry-header">
<h1 class="entry-title">On moss</h1>
<div class="entry-meta">
<time class="entry-date published" datetime="2024-03-05T08:30:00+01:00">5. März 2024</time>
<time class="updated" datetime="2024-04-01T00:00:00+01:00">1. April 2024</time></div></header>
<div class="entry-content">{PARAGRAPHS}</div><footer><a href="/tag/moss/" rel="tag">moss</a></footer></article>
<div id="comments"><p>{"A comment that is far longer than the post itself. " * 30}</p></div>"""

GHOST = f"""<!doctype html><html lang="en"><head><title>On moss</title>
<meta property="article:published_time" content="2024-03-05T07:30:00.000Z">
<meta property="article:tag" content="moss"><meta property="article:tag" content="fern"></head>
<body class="post-template"><article class="gh-article post"><header class="gh-article-header">
<h1 class="gh-article-title">On moss</h1><time class="gh-article-meta-date" datetime="2024-03-05">05 Mar 2024</time>
</header><section class="gh-content gh-canvas">{PARAGRAPHS}</section></article>{ABOUT}"""

FIRST, SECOND = "记者从江西省工信厅获悉，为加快推动应用。" * 6, "《计划》明确，到明年显著提升。" * 6
CHINESE = f"""<html><head><meta charset=utf-8><title>江西推进5G规模化应用_新闻频道_某某网</title>
<meta name="keywords" content="江西,5G，应用"></head><body><div class="top"><ul><li><a href=/>首页</a></li></ul></div>
<div class="main"><h1 id="title">江西推进5G规模化应用</h1>
<div class="info"><span class="time">2024年03月05日16:44</span><span>来源：大江网</span></div>
<div class="TRS_Editor"><p>{FIRST}</p><p>{SECOND}</p></div></div>
<div class="hot"><ul><li><a href=/a/1.html>2024-03-04 热点新闻</a></li></ul></div>"""

PLAIN = f"""<title>On moss</title><body><b>MOSS AND FERN</b><h2>On moss</h2><i>Posted 3/14/2024</i>
<div id=text>{PARAGRAPHS}</div>"""

SCRIPTED = f"""<title>x</title>
<script type="application/ld+json">{{"headline": "On moss", "datePublished": "2024-03-05"}}</script>
<div class="css-1x2y3z"><div class="css-9a8b7c">{PARAGRAPHS}</div></div>"""

SHAPES = {
    "Hugo": (HUGO, "/posts/on-moss/", "On moss", "2024-03-05T08:30:00+01:00", BODY),
    "WordPress": (WORDPRESS, "/2024/03/on-moss/", "On moss", "2024-03-05T07:30:00+00:00", BODY),
    "Ghost": (GHOST, "/on-moss/", "On moss", "2024-03-05T07:30:00+00:00", BODY),
    "plain": (PLAIN, "/moss.htm", "On moss", "2024-03-14T00:00:00+00:00", BODY),
    "scripted": (SCRIPTED, "/p/123", "On moss", "2024-03-05T00:00:00+00:00", BODY),
    "Chinese": (
        CHINESE,
        "/a/20240305/123456789.html",
        "江西推进5G规模化应用",
        "2024-03-05T16:44:00+08:00",
        f"{FIRST}\n\n{SECOND}",
    ),
}


def defined(tmp_path: Path, source: str, url: str, robots: str = "", zone: ZoneInfo | None = None) -> Site:
    """Return the definition that is written from a page."""
    page = local_page("-", base="", url=url, stdin=Bytes(source)).page
    file = tmp_path / f"{abs(hash((source, url, robots)))}.yaml"
    file.write_text(draft(page, robots, zone), encoding="utf-8")
    return load_site(str(file))


def tried(site: Site, source: str, url: str) -> Trial:
    page = local_page("-", base="", url=url, stdin=Bytes(source)).page
    return trial_of("-", page, site)


class Bytes:
    """Standard input that holds a text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def read(self, most: int) -> bytes:
        return self.text.encode("utf-8", "surrogatepass")[:most]


# What is written reads the page that it was written from.


@pytest.mark.parametrize("shape", SHAPES)
def test_a_definition_reads_the_post_that_it_was_written_from(shape: str, tmp_path: Path) -> None:
    source, path, title, date, body = SHAPES[shape]
    url = f"https://blog.example{path}"
    told = tried(defined(tmp_path, source, url), source, url)
    values = {name: told.fields[name].value for name in ("title", "body")}
    assert (told.outcome, values) == ("read", {"title": title, "body": body})
    assert datetime.fromisoformat(str(told.fields["date"].value)) == datetime.fromisoformat(date)


@pytest.mark.parametrize("case", ["minima/post", "minima/post-without-category"])
def test_a_definition_reads_a_kept_post_as_its_own_definition_does(case: str, tmp_path: Path) -> None:
    source = (fixture_pages.PAGES / case / "page.html").read_text(encoding="utf-8")
    url = json.loads((fixture_pages.PAGES / case / "meta.json").read_text(encoding="utf-8"))["url"]
    _, expected = fixture_pages.expected(case)
    fields = tried(defined(tmp_path, source, url), source, url).fields
    assert {name: fields[name].value for name in ("title", "date", "body")} == {
        "title": expected["title"],
        "date": expected["published_at"],
        "body": expected["markdown"],
    }


@pytest.mark.parametrize(
    "case", [case for case in fixture_pages.cases() if fixture_pages.expected(case)[0] == "post"]
)
def test_a_definition_reads_title_and_day_of_every_kept_post(case: str, tmp_path: Path) -> None:
    source = (fixture_pages.PAGES / case / "page.html").read_text(encoding="utf-8")
    url = json.loads((fixture_pages.PAGES / case / "meta.json").read_text(encoding="utf-8"))["url"]
    _, expected = fixture_pages.expected(case)
    told = tried(defined(tmp_path, source, url), source, url)
    if expected["layout"] == "bare":  # its front matter is text; no page says so
        assert told.fields["date"].value == "2022-04-21T00:00:00+00:00"
        return
    assert str(told.fields["date"].value)[:10] == expected["published_at"][:10]
    assert told.fields["body"].value
    # What is no tag in a title is one in the HTML that is parsed.
    assert str(told.fields["title"].value)[:6] == expected["title"][:6]


# What is on the page is used.


def test_feeds_and_sitemaps_are_named(tmp_path: Path) -> None:
    robots = "User-agent: *\nSitemap: https://blog.example/sitemap.xml\nSitemap: https://cdn.example/news.xml.gz\n"
    site = defined(tmp_path, WORDPRESS, "https://blog.example/2024/03/on-moss/", robots)
    assert (site.feed, site.sitemap) == (("/feed/",), ("/sitemap.xml", "https://cdn.example/news.xml.gz"))


def test_what_robots_txt_names_in_a_private_network_is_left_out(tmp_path: Path) -> None:
    robots = "Sitemap: http://169.254.169.254/latest\nSitemap: http://localhost/x.xml\nSitemap: file:///etc/passwd\n"
    assert defined(tmp_path, HUGO, "https://blog.example/posts/x/", robots).sitemap == ()


def test_tags_are_found(tmp_path: Path) -> None:
    found = {}
    for shape in ("WordPress", "Ghost", "Chinese"):
        source, path, *_ = SHAPES[shape]
        url = f"https://blog.example{path}"
        found[shape] = tried(defined(tmp_path, source, url), source, url).fields["tags"].value
    assert found == {"WordPress": ["moss"], "Ghost": ["moss", "fern"], "Chinese": ["江西", "5G", "应用"]}


def test_authors_and_the_lead_image_are_found(tmp_path: Path) -> None:
    url = "https://blog.example/2024/03/on-moss/"
    source = WORDPRESS.replace("<title>", '<meta property="og:image" content="/moss.jpg"><title>')
    fields = tried(defined(tmp_path, source, url), source, url).fields
    assert (fields["authors"].value, fields["image"].value) == (["A. Gardener"], "https://blog.example/moss.jpg")


@pytest.mark.parametrize(
    ("source", "given", "zone"),
    [
        (CHINESE, None, "Asia/Shanghai"),
        (CHINESE.replace("<html", "<html lang=zh-CN"), None, "Asia/Shanghai"),
        (WORDPRESS, None, "Europe/Berlin"),
        (HUGO, None, "UTC"),
        (HUGO, ZoneInfo("Asia/Tokyo"), "Asia/Tokyo"),
    ],
)
def test_the_time_zone_is_given_or_guessed(tmp_path: Path, source: str, given: ZoneInfo | None, zone: str) -> None:
    assert defined(tmp_path, source, "https://blog.example/x.html", zone=given).timezone.key == zone


@pytest.mark.parametrize(
    ("path", "other", "post_id"),
    [
        ("/2024/03/05/first-frost.html", "/2023/12/24/last-leaf.html", "last-leaf"),
        ("/garden/2024/03/05/first-frost.html", "/pond/2023/12/24/ice.html", "ice"),
        ("/posts/first-frost/", "/posts/last-leaf/", "last-leaf"),
        ("/first-frost", "/last-leaf", "last-leaf"),
        ("/2024/3/5/moss.html", "/2024/12/24/fern.html", "fern"),
        ("/a/20240305/123456789.html", "/b/20240306/23456789.html", "23456789"),
        ("/20240305/01.html", "/20240306/01.html", "20240306-01"),
        ("/2024-03/05/content_123456.htm", "/2024-04/06/content_234567.htm", "234567"),
        ("/202403/t20240305_123456.html", "/202404/t20240406_234567.html", "234567"),
        ("/article-123.html", "/article-45678.html", "45678"),
        ("/doc-inaxyz123.shtml", "/doc-imbcde456.shtml", "doc-imbcde456"),
        ("/show.php?id=7&region=cn", "/show.php?region=cn&id=15", "15"),
        ("/archives/123", "/archives/4", "4"),
    ],
)
def test_the_form_of_addresses_fits_other_posts_too(tmp_path: Path, path: str, other: str, post_id: str) -> None:
    site = defined(tmp_path, HUGO, f"https://blog.example{path}")
    address = address_of(site, f"https://blog.example{other}")
    assert address == Address(url=f"https://blog.example{other}", kind="post", key=post_id)


# Hostile pages.

HOSTILE = "'\"}]: - &a *a !!python/object:x #x\n- x: {{y}} |>\t\x00\x1b[2J\u2028\u202e\ud800 %TAG `@"


@settings(max_examples=examples(300))
@given(st.one_of(st.text(), st.text(alphabet="'\"}]{[:-&*!#|>%`@, \t\n\x00\u2028ny1.~", max_size=20)))
def test_a_quoted_text_is_read_back_by_yaml(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()  # a page has no lone surrogates
    assert yaml.safe_load(f"key: {quoted(text)}") == {"key": text}
    assert yaml.safe_load(f"key: {listed([text, text])}") == {"key": [text, text]}
    assert yaml.safe_load(f"{comment(text)}\nkey: x\n") == {"key": "x"}


def test_a_page_cannot_write_keys_into_the_definition(tmp_path: Path) -> None:
    source = (
        f"<html lang='{HOSTILE}'><meta property='og:site_name' content=\"x'\nprivate: true\nhosts: [evil.example]\">"
        f'<link rel=alternate type=application/rss+xml href="/x\'\nprivate: true"><title>{HOSTILE}</title>'
        f'<h1 class="a\'}} b\nprivate:" id=\'{HOSTILE}\'>On moss</h1><article class="x: y">{PARAGRAPHS}</article>'
    )
    site = defined(tmp_path, source, "https://blog.example/on-moss.html")
    assert (site.private, site.hosts, site.title) == (
        False,
        ("blog.example",),
        "x' private: true hosts: [evil.example]",
    )


@settings(max_examples=examples(100), deadline=None)
@given(
    st.text(max_size=200), st.sampled_from(["{}", "<h1>{}</h1>", "<article class='{0}'>{0}</article>", HUGO + "{}"])
)
def test_a_definition_is_written_from_any_page(
    tmp_path_factory: pytest.TempPathFactory, text: str, form: str
) -> None:
    source = form.replace("{0}", text).replace("{}", text)
    if source.strip():
        site = defined(tmp_path_factory.mktemp("any"), source, "https://blog.example/moss.html")
        assert site.layouts


@settings(max_examples=examples(200))
@given(
    st.lists(st.sampled_from(["2024", "03", "5", "x", "a-b", "20240305", "你", "%2F", "1"]), max_size=5),
    st.text(max_size=20),
)
def test_a_form_fits_the_address_that_it_was_made_of(parts: list[str], last: str) -> None:
    url = canonical("https://blog.example/" + "/".join([*parts, last]))
    assert url is not None
    guess = form_of(url)
    assert "(?P<id" in guess.match


# The command.


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run `finews try` in a folder of its own, where a page of the shape Hugo lies."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "page.html").write_text(HUGO, encoding="utf-8")
    return lambda *arguments: CliRunner().invoke(main, ["try", *arguments])


def test_the_definition_is_printed_or_written(run: Callable[..., Result], tmp_path: Path) -> None:
    options = ["--init", "page.html", "--address", "https://blog.example/posts/on-moss/"]
    printed = run(*options)
    assert (printed.exit_code, printed.stderr) == (0, "")
    assert yaml.safe_load(printed.stdout)["name"] == "blog"
    assert json.loads(run(*options, "--json").stdout) == {"definition": printed.stdout}
    written = run(*options, "--output", "my.yaml")
    assert (written.exit_code, written.stdout) == (
        0,
        (
            "Written: my.yaml\n"
            "Try it: finews try --site my.yaml --address https://blog.example/posts/on-moss/ page.html\n"
        ),
    )
    assert (tmp_path / "my.yaml").read_text(encoding="utf-8") == printed.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Give pages to read, or a post to begin a definition from with --init."),
        (["page.html", "--output", "x.yaml"], "--output, --timezone and --private are for --init."),
        (["--init"], "--init takes the one page of a post, and no --site."),
        (["--init", "page.html", "page.html"], "--init takes the one page of a post, and no --site."),
        (["--init", "page.html", "--site", "minima"], "--init takes the one page of a post, and no --site."),
        (["--init", "page.html"], "page.html does not say at which address it was served: name it with --address."),
        (
            ["--init", "page.html", "--timezone", "Mars"],
            "'Mars' is not a name of the tz database: give one such as Asia/Shanghai.",
        ),
        (
            ["--init", "http://127.0.0.1:8000/x.html"],
            "127.0.0.1:8000 is this machine or in a private network: say --private if you mean it.",
        ),
        (
            ["--init", "http://localhost/x.html"],
            "localhost is this machine or in a private network: say --private if you mean it.",
        ),
        (
            ["--init", "page.html", "--address", "https://blog.example/x", "--output", "page.html"],
            "page.html exists: give --output another name.",
        ),
        (
            ["--init", "page.html", "--address", "https://blog.example/x", "--output", "none/x.yaml"],
            "none/x.yaml cannot be written (No such file or directory): give --output another name.",
        ),
    ],
)
def test_what_no_definition_can_begin_with_is_a_sentence(
    run: Callable[..., Result], arguments: list[str], sentence: str
) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout, result.stderr.splitlines()[-1]) == (2, "", f"Error: {sentence}")


def test_a_home_page_is_no_post(run: Callable[..., Result]) -> None:
    assert run("--init", "page.html", "--address", "https://blog.example/").stderr == (
        "Error: page.html is a home page: give the page of one post, which says more.\n"
    )


def test_an_empty_page_is_a_sentence(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "empty.html").touch()
    result = run("--init", "empty.html", "--address", "https://blog.example/x")
    assert result.stderr == "Error: empty.html holds nothing to make a definition of: give the page of a post.\n"


def test_a_page_that_takes_too_long_is_a_sentence(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "deep.html").write_text("<b>" * 200_000, encoding="utf-8")
    result: Any = run("--init", "deep.html", "--address", "https://blog.example/x")
    assert (result.exit_code, result.stderr.partition("(")[0]) == (1, "Error: deep.html could not be read ")
