"""Sites: definitions load or are refused with a sentence, and an address tells what it leads to."""

from __future__ import annotations

import copy
import os
from datetime import date, datetime
from importlib import resources
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from crawler.errors import SiteError
from crawler.items import Address
from crawler.sites.addresses import (
    address_of,
    all_hosts,
    as_address,
    as_id,
    category_address,
    expired_address,
    id_in_name,
    is_of,
    is_safe_id,
    may_be_asked,
    page_url,
    post_id_named,
    share_address,
    share_link,
    share_text_url,
    start_addresses,
)
from crawler.sites.definition import Addresses, AddressForm, Dates, Files, Layout, Rule, Site
from crawler.sites.loading import as_json, bundled_names, from_json, load_site
from crawler.urls import resolve

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOME = "https://finews.withounder.com"
POST = f"{HOME}/emnews/2022/04/20/NW202204202350104915.html"
FINEWS = load_site("finews")
BLOG = load_site("minima")
PLAIN: dict[str, Any] = {
    "name": "plain",
    "title": "A plain site",
    "timezone": "UTC",
    "hosts": ["plain.example"],
    "start": ["/"],
    "addresses": {"post": [{"match": r"^/(?P<id>\d+)$"}]},
    "layouts": [
        {
            "name": "page",
            "sign": "<main>",
            "title": [{"css": "h1"}],
            "body": [{"css": "main"}],
            "date": [{"css": "time"}],
        }
    ],
}
SITE_KEYS = (
    "name, title, timezone, hosts, start, addresses, layouts, scheme, feed, sitemap, raw_titles, home, category,"
    " error_page, share, files, capitals, securities, body, dates, navigation, private"
)
RULE_KEYS = (
    "where, of, after, after_last, before, until_last, css, attribute, all, link, path, pattern, split, timezone,"
    " order"
)


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "my.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


# --- Definitions ---


def test_the_sites_that_come_with_the_program_load_under_their_own_names() -> None:
    assert bundled_names() == ["finews", "minima", "notes"]
    assert [load_site(name).name for name in bundled_names()] == ["finews", "minima", "notes"]


def test_a_definition_becomes_records(tmp_path: Path) -> None:
    assert load_site(written(tmp_path, yaml.safe_dump(PLAIN))) == Site(
        name="plain",
        title="A plain site",
        timezone=ZoneInfo("UTC"),
        hosts=("plain.example",),
        start=("/",),
        addresses=Addresses(post=(AddressForm(match=r"^/(?P<id>\d+)$"),)),
        layouts=(
            Layout(
                name="page",
                sign="<main>",
                title=(Rule(css="h1"),),
                body=(Rule(css="main"),),
                date=(Rule(css="time"),),
            ),
        ),
    )


def test_files_and_capitals_are_of_a_definition_that_says_nothing_of_them(tmp_path: Path) -> None:
    site = load_site(written(tmp_path, yaml.safe_dump(PLAIN)))

    assert (site.files, site.capitals) == (
        Files(
            named=r"^(?:(?P<day>\d{4}-\d{1,2}-\d{1,2})(?:-|$))?(?P<id>.*)$",
            page="/{categories}/{year}/{month}/{day}/{id}.html",
            expired=None,
        ),
        None,
    )


def test_a_definition_says_how_its_files_are_named_and_where_they_lie(tmp_path: Path) -> None:
    files = {"named": "^(?P<id>.+)$", "page": "/{id}", "expired": "https://old.example/{date}/{id}"}
    site = load_site(written(tmp_path, yaml.safe_dump({**PLAIN, "files": files, "capitals": "x.*"})))

    assert (site.files, site.capitals) == (Files(**files), "x.*")
    assert all_hosts(site) == {"plain.example", "old.example"}


SHARE = {"link": "https://plain.example/{id}", "body": ["html"]}
NOT_PUBLIC = ["localhost", "a.localhost", "127.0.0.1", "169.254.169.254", "metadata.google.internal", "nas", "x.lan"]


@pytest.mark.parametrize("host", NOT_PUBLIC)
@pytest.mark.parametrize(
    "changes",
    [
        lambda host: {"hosts": ["plain.example", host]},
        lambda host: {"addresses": {"post": [{"match": "^/(?P<id>x)$", "hosts": [host]}]}},
        lambda host: {"share": {**SHARE, "text": f"http://{host}:8000/{{id}}"}},
        lambda host: {"files": {"expired": f"http://{host}/{{date}}/{{id}}"}},
    ],
    ids=["hosts", "post", "share", "expired"],
)
def test_a_definition_that_names_this_machine_or_a_private_network_says_that_it_means_to(
    tmp_path: Path, changes: Callable[[str], dict[str, Any]], host: str
) -> None:
    plain = {**PLAIN, **changes(host)}
    file = written(tmp_path, yaml.safe_dump(plain))

    with pytest.raises(SiteError) as refused:
        load_site(file)

    assert str(refused.value) == (
        f"{file}: private: is not true, and the host {host!r} is no public name; say `private: true` if you trust the"
        " definition and the site is meant to be on this machine or a private network"
    )
    meant = tmp_path / "meant.yaml"
    meant.write_text(yaml.safe_dump({**plain, "private": True}), encoding="utf-8")
    assert host in all_hosts(load_site(str(meant)))


def changed(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Set the value at a dotted path; `...` takes the key away."""

    def change(plain: dict[str, Any]) -> None:
        *way, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
        inner: Any = plain
        for step in way:
            inner = inner[step]
        if value is ...:
            del inner[last]
        else:
            inner[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        pytest.param(
            changed("colour", "red"),
            f"colour: is not known; allowed here: {SITE_KEYS}",
            id="unknown key",
        ),
        pytest.param(
            changed("layouts.0.title.0.xpath", "//h1"),
            f"layouts[0].title[0].xpath: is not known; did you mean css? Allowed here: {RULE_KEYS}",
            id="unknown key deep inside, of another tool",
        ),
        pytest.param(
            changed("layouts.0.titel", []),
            "layouts[0].titel: is not known; did you mean title? Allowed here: "
            "name, sign, title, body, date, tags, category, category_name, source, authors, image, next, canonical",
            id="misspelt key",
        ),
        pytest.param(
            changed("start_urls", ["/"]),
            f"start_urls: is not known; did you mean start? Allowed here: {SITE_KEYS}",
            id="key of another tool",
        ),
        pytest.param(changed("title", ...), "title: is missing", id="missing key"),
        pytest.param(changed("layouts.0.sign", ...), "layouts[0].sign: is missing", id="missing key deep inside"),
        pytest.param(
            changed("private", "yes"), "private: is 'yes'; true or false is expected", id="text for a truth value"
        ),
        pytest.param(
            changed("title", 5), "title: is 5; text is expected (put it in quotes)", id="number instead of text"
        ),
        pytest.param(
            changed("layouts.0.name", ""),
            "layouts[0].name: is empty; text is expected",
            id="empty text",
        ),
        pytest.param(
            changed("layouts.0.title.0.css", ""),
            "layouts[0].title[0].css: is empty; text is expected",
            id="empty selector",
        ),
        pytest.param(
            changed("title", date(2024, 1, 1)),
            "title: is 2024-01-01; text is expected (put it in quotes)",
            id="a day for a text",
        ),
        pytest.param(
            changed("title", datetime(2024, 1, 1, 8, 30)),  # noqa: DTZ001  # as YAML reads it
            "title: is 2024-01-01 08:30:00; text is expected (put it in quotes)",
            id="a time for a text",
        ),
        pytest.param(
            changed("title", True),
            "title: is true; text is expected (put it in quotes)",
            id="a truth value for a text",
        ),
        pytest.param(
            changed("title", ["a", date(2024, 1, 1), None, {"b": False}]),
            "title: is ['a', 2024-01-01, null, {'b': false}]; text is expected (put it in quotes)",
            id="a list for a text",
        ),
        pytest.param(
            changed("hosts", "plain.example"),
            "hosts: is 'plain.example'; a list is expected",
            id="text instead of a list",
        ),
        pytest.param(
            changed("hosts.0", None), "hosts[0]: is empty; text is expected", id="nothing in a list"
        ),
        pytest.param(
            changed("addresses", ["/"]),
            "addresses: is ['/']; a mapping is expected, with post, category, share",
            id="list instead of a mapping",
        ),
        pytest.param(
            changed("layouts.0.title.0", "h1"),
            f"layouts[0].title[0]: is 'h1'; a mapping is expected, with {RULE_KEYS}",
            id="text instead of a rule",
        ),
        pytest.param(
            changed("scheme", "gopher"), "scheme: is 'gopher'; allowed: http, https", id="wrong choice"
        ),
        pytest.param(
            changed("layouts.0.title.0.of", "title"),
            "layouts[0].title[0].of: is 'title'; allowed: page, body, text, tags, id, address, found on, json-ld",
            id="wrong choice deep inside",
        ),
        pytest.param(
            changed("addresses.post.0.match", "(?P<id>"),
            "addresses.post[0].match: is '(?P<id>'; a regular expression is expected "
            "(missing ), unterminated subpattern at position 0)",
            id="bad regular expression",
        ),
        pytest.param(
            changed("layouts.0.title.0.pattern", "*"),
            "layouts[0].title[0].pattern: is '*'; a regular expression is expected (nothing to repeat at position 0)",
            id="bad pattern of a rule",
        ),
        pytest.param(
            changed("body", {"tail": ["["]}),
            "body.tail[0]: is '['; a regular expression is expected (unterminated character set at position 0)",
            id="bad regular expression in a list",
        ),
        pytest.param(
            changed("layouts.0.title.0.css", "h1[["),
            "layouts[0].title[0].css: is 'h1[['; a CSS selector is expected",
            id="bad selector",
        ),
        pytest.param(
            changed("layouts.0.title.0.css", "h1::text"),
            "layouts[0].title[0].css: is 'h1::text'; a CSS selector is expected: h1",
            id="pseudo-element of Scrapy",
        ),
        pytest.param(
            changed("layouts.0.title.0.css", "a::attr(href)"),
            "layouts[0].title[0].css: is 'a::attr(href)'; a CSS selector is expected: a, and the attribute as"
            " `attribute: href`",
            id="attribute as Scrapy takes it",
        ),
        pytest.param(
            changed("layouts.0.title.0.css", "//h1"),
            "layouts[0].title[0].css: is '//h1'; a CSS selector is expected: h1",
            id="XPath",
        ),
        pytest.param(
            changed("addresses.post.0.match", "^/(?<id>.+)$"),
            "addresses.post[0].match: is '^/(?<id>.+)$'; a named group is written (?P<name>…) here: ^/(?P<id>.+)$",
            id="named group of another language",
        ),
        pytest.param(
            changed("body", {"cut": ["p", ">>"]}),
            "body.cut[1]: is '>>'; a CSS selector is expected",
            id="bad selector in a list",
        ),
        pytest.param(
            changed("timezone", "Mars/Olympus"),
            "timezone: is 'Mars/Olympus'; a name of the tz database is expected, Asia/Shanghai",
            id="bad time zone",
        ),
        pytest.param(
            changed("dates", {"earliest": "long ago"}),
            "dates.earliest: is 'long ago'; a day is expected, 1990-01-01",
            id="words for a day",
        ),
        pytest.param(
            changed("dates", {"earliest": datetime(1990, 1, 1)}),  # noqa: DTZ001  # as YAML reads one
            "dates.earliest: is 1990-01-01 00:00:00; a day is expected, 1990-01-01",
            id="a time for a day",
        ),
        pytest.param(
            changed("dates", {"outside": "drop"}),
            "dates.outside: is 'drop'; allowed: mark, refuse",
            id="another end for a post",
        ),
        pytest.param(
            changed("timezone", "Asia"),
            "timezone: is 'Asia'; a name of the tz database is expected, Asia/Shanghai",
            id="half a time zone",
        ),
        pytest.param(
            changed("timezone", "../etc/passwd"),
            "timezone: is '../etc/passwd'; a name of the tz database is expected, Asia/Shanghai",
            id="path for a time zone",
        ),
        pytest.param(
            changed("addresses.post.0.match", "^/x$"),
            "addresses.post[0].match: has no group (?P<id>…); it is needed to tell one from another",
            id="missing group",
        ),
        pytest.param(
            changed("addresses.category", [{"match": "^/(?P<id>x)$"}]),
            "addresses.category[0].match: has no group (?P<slug>…); it is needed to tell one from another",
            id="missing group of a category",
        ),
        pytest.param(
            changed("addresses.post.0.address", "/{slug}"),
            "addresses.post[0].address: is '/{slug}'; the only placeholder allowed is {id}",
            id="bad placeholder",
        ),
        pytest.param(
            changed("addresses.post.0.address", "/{id"),
            "addresses.post[0].address: is '/{id'; the only placeholder allowed is {id}",
            id="loose bracket",
        ),
        pytest.param(
            changed("share", {"link": "http://s.example/{}", "text": "http://s.example/{id}", "body": []}),
            "share.link: is 'http://s.example/{}'; the only placeholder allowed is {id}",
            id="placeholder without a name",
        ),
        pytest.param(
            changed("share", {"link": "http://s.example/{id}", "text": "http://s.example/{id.x}", "body": []}),
            "share.text: is 'http://s.example/{id.x}'; the only placeholder allowed is {id}",
            id="placeholder that reaches further",
        ),
        pytest.param(
            changed("navigation", "[{title}]({category})"),
            "navigation: is '[{title}]({category})'; the only placeholder allowed is {name} and {category}",
            id="bad placeholder of the navigation",
        ),
        pytest.param(changed("hosts", []), "hosts: is empty; at least one is needed", id="empty list of hosts"),
        pytest.param(
            changed("start", []),
            "start: is empty; at least one is needed",
            id="empty list of starts",
        ),
        pytest.param(changed("layouts", []), "layouts: is empty; at least one is needed", id="empty list of layouts"),
        pytest.param(
            changed("layouts.0.body", []), "layouts[0].body: is empty; at least one rule is needed", id="no rule"
        ),
        pytest.param(
            changed("layouts.0.title.0", {}),
            "layouts[0].title[0]: would take everything; give one of after, before, css, link, pattern",
            id="rule that takes the whole page",
        ),
        pytest.param(
            changed("layouts.0.title.0", {"attribute": "content"}),
            "layouts[0].title[0].attribute: needs an element to be of: give css or link",
            id="attribute of no element",
        ),
        pytest.param(
            changed("hosts.0", "https://plain.example"),
            "hosts: holds 'https://plain.example'; a bare host name in small letters is expected, "
            "without a scheme: blog.example, or blog.example:8080",
            id="host with a scheme",
        ),
        pytest.param(
            changed("hosts.0", "Plain.example"),
            "hosts: holds 'Plain.example'; a bare host name in small letters is expected, "
            "without a scheme: blog.example, or blog.example:8080",
            id="host with capitals",
        ),
        pytest.param(
            changed("hosts.0", "bü cher.example"),
            "hosts: holds 'bü cher.example'; a bare host name in small letters is expected, "
            "without a scheme: blog.example, or blog.example:8080",
            id="host that cannot be",
        ),
        pytest.param(
            changed("addresses.post.0.hosts", ["//plain.example"]),
            "addresses.post[0].hosts: holds '//plain.example'; a bare host name in small letters is expected, "
            "without a scheme: blog.example, or blog.example:8080",
            id="host of a form with slashes",
        ),
        pytest.param(
            changed("share", {"link": "http://☃\u200e/{id}", "text": "http://s.example/{id}", "body": []}),
            "share.link: holds '☃\\u200e'; a bare host name in small letters is expected, "
            "without a scheme: blog.example, or blog.example:8080",
            id="host of an address that cannot be",
        ),
        pytest.param(
            changed("start", ["/", "index.html"]),
            "start[1]: is 'index.html'; a path that begins with / is expected",
            id="start without a slash",
        ),
        pytest.param(
            changed("feed", "feed.xml"),
            "feed: is 'feed.xml'; a path that begins with / or an address is expected",
            id="feed without a slash",
        ),
        pytest.param(
            changed("home", {"heading": "<h2", "newest": 0}),
            "home.newest: is 0; a number is expected, 1 or more",
            id="a home page that shows nothing",
        ),
        pytest.param(
            changed("home", {"heading": "<h2", "newest": True}),
            "home.newest: is true; a number is expected, 1 or more",
            id="yes for a number",
        ),
        pytest.param(
            changed("home", {"heading": "<h2", "newest": "5"}),
            "home.newest: is '5'; a number is expected, 1 or more",
            id="text for a number",
        ),
        pytest.param(
            changed("home", {"heading": "<h2", "newest": 2.5}),
            "home.newest: is 2.5; a number is expected, 1 or more",
            id="half a number",
        ),
        pytest.param(
            changed("home", {"heading": "(<h2", "newest": 5}),
            "home.heading: is '(<h2'; a regular expression is expected"
            " (missing ), unterminated subpattern at position 0)",
            id="bad pattern of a heading",
        ),
        pytest.param(changed("home", {"heading": "<h2"}), "home.newest: is missing", id="missing number"),
        pytest.param(
            changed("addresses.post.0.address", "{id}.html"),
            "addresses.post[0].address: is '{id}.html'; a path that begins with / is expected",
            id="address without a slash",
        ),
        pytest.param(
            changed("capitals", "("),
            "capitals: is '('; a regular expression is expected (missing ), unterminated subpattern at position 0)",
            id="bad pattern of capitals",
        ),
        pytest.param(
            changed("files", {"named": "^.*$"}),
            "files.named: has no group (?P<id>…); it is needed to tell one from another",
            id="missing group of a file's name",
        ),
        pytest.param(
            changed("files", {"named": "(?P<id>"}),
            "files.named: is '(?P<id>'; a regular expression is expected"
            " (missing ), unterminated subpattern at position 0)",
            id="bad pattern of a file's name",
        ),
        pytest.param(
            changed("files", {"page": "{id}.html"}),
            "files.page: is '{id}.html'; a path that begins with / is expected",
            id="page of a file without a slash",
        ),
        pytest.param(
            changed("files", {"page": "/{slug}"}),
            "files.page: is '/{slug}'; the only placeholder allowed is {categories} and {year} and {month} and {day}"
            " and {id}",
            id="bad placeholder of a file's page",
        ),
        pytest.param(
            changed("files", {"expired": "https://old.example/{name}"}),
            "files.expired: is 'https://old.example/{name}'; the only placeholder allowed is {date} and {id}",
            id="bad placeholder of an expired file",
        ),
        pytest.param(
            changed("files", {"expired": "/old/{id}"}),
            "files.expired: is '/old/{id}'; an address with a host is expected",
            id="expired files of no host",
        ),
        pytest.param(
            changed("files", {"folder": "_posts"}),
            "files.folder: is not known; allowed here: named, ids, form, page, expired",
            id="unknown key of files",
        ),
        pytest.param(
            changed("name", "../plain"),
            "name: is '../plain'; small letters, digits, - and _ are allowed",
            id="bad name",
        ),
        pytest.param(
            changed("title", ["long"] * 20),
            "title: is ['long', 'long', 'long', 'long', 'long', 'long', 'long', 'l…; "
            "text is expected (put it in quotes)",
            id="a long value is cut",
        ),
    ],
)  # fmt: skip
def test_a_wrong_definition_is_refused_with_file_key_and_what_is_allowed(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], problem: str
) -> None:
    plain = copy.deepcopy(PLAIN)
    change(plain)
    file = written(tmp_path, yaml.safe_dump(plain, allow_unicode=True))

    with pytest.raises(SiteError) as refused:
        load_site(file)

    assert str(refused.value) == f"{file}: {problem}"
    assert (refused.value.file, refused.value.key) == (file, problem.partition(": ")[0])
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("", f"is empty; a mapping is expected, with {SITE_KEYS}", id="empty file"),
        pytest.param("- a\n", f"is ['a']; a mapping is expected, with {SITE_KEYS}", id="a list"),
        pytest.param(
            "name: [\n",
            "is not valid YAML: while parsing a flow node expected the node content, but found '<stream end>' "
            "at line 2, column 1: ^",
            id="not YAML",
        ),
        pytest.param(
            "name: !!python/object:os.system {}\n",
            "is not valid YAML: could not determine a constructor for the tag "
            "'tag:yaml.org,2002:python/object:os.system' at line 1, column 7: "
            "name: !!python/object:os.system {} ^",
            id="an object",
        ),
    ],
)
def test_a_file_that_is_no_definition_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    file = written(tmp_path, text)

    with pytest.raises(SiteError) as refused:
        load_site(file)

    assert str(refused.value) == f"{file}: {problem}"


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(SiteError, match=r"my\.yaml: is not UTF-8 text; save it in that encoding\.$"):
        load_site(str(path))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    file = str(tmp_path / "none.yml")

    with pytest.raises(SiteError) as refused:
        load_site(file)

    assert str(refused.value) == (
        f"{file}: cannot be read (No such file or directory); give a YAML file that describes the site."
    )


def test_a_pipe_in_the_place_of_a_definition_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "pipe.yaml"
    os.mkfifo(file)

    with pytest.raises(SiteError) as refused:
        load_site(str(file))

    assert str(refused.value) == f"{file}: is not a regular file; give a YAML file that describes the site."


@pytest.mark.parametrize("name", ["nowhere", "", "../elsewhere", "f"])
def test_a_name_that_is_no_site_is_refused(name: str) -> None:
    with pytest.raises(SiteError) as refused:
        load_site(name)

    assert str(refused.value) == f"{name}: is not a site; give finews, minima, notes, or a .yaml file."


@pytest.mark.parametrize(
    ("name", "near"),
    [("Finews", "finews"), ("finew", "finews"), ("fniews", "finews"), ("../finews", "finews"), ("minimal", "minima")],
)
def test_a_site_whose_name_is_nearly_that_is_asked_about(name: str, near: str) -> None:
    with pytest.raises(SiteError) as refused:
        load_site(name)

    known = "Else give finews, minima, notes, or a .yaml file."
    assert str(refused.value) == f"{name}: is not a site; did you mean {near}? {known}"


# --- Addresses ---


@pytest.mark.parametrize(
    ("url", "address"),
    [
        pytest.param(f"{HOME}/", Address(url=f"{HOME}/", kind="home"), id="home"),
        pytest.param("http://finews.zning.me", Address(url=f"{HOME}/", kind="home"), id="home on the old host"),
        pytest.param(f"{HOME}/feed.xml", Address(url=f"{HOME}/feed.xml", kind="feed"), id="feed"),
        pytest.param(
            "/category/dajiangwang.html",
            Address(url=f"{HOME}/category/dajiangwang.html", kind="category", key="dajiangwang"),
            id="category",
        ),
        pytest.param(
            "http://finews.zning.me/category/a b[1].html?page=2",
            Address(url=f"{HOME}/category/a%20b%5B1%5D.html", kind="category", key="a b[1]"),
            id="category with a space, brackets and a query, on the old host",
        ),
        pytest.param(
            "/category/%E6%96%B0%e9%97%bb.html",
            Address(url=f"{HOME}/category/%E6%96%B0%E9%97%BB.html", kind="category", key="新闻"),
            id="category in Chinese",
        ),
        pytest.param("/emnews/", Address(url=f"{HOME}/emnews/", kind="category", key="emnews"), id="emnews"),
        pytest.param("../emnews/", Address(url=f"{HOME}/emnews/", kind="category", key="emnews"), id="broken: above"),
        pytest.param("./emnews/", Address(url=f"{HOME}/emnews/", kind="category", key="emnews"), id="broken: beside"),
        pytest.param("emnews/", Address(url=f"{HOME}/emnews/", kind="category", key="emnews"), id="broken: bare"),
        pytest.param(
            "../../../emnews/?x=1",
            Address(url=f"{HOME}/emnews/", kind="category", key="emnews"),
            id="broken: far above",
        ),
        pytest.param(POST, Address(url=POST, kind="post", key="NW202204202350104915"), id="post"),
        pytest.param(
            "//finews.zning.me/emnews/2022/04/20/NW202204202350104915.html?from=app#top",
            Address(url=POST, kind="post", key="NW202204202350104915"),
            id="post on the old host with a query and a fragment",
        ),
        pytest.param(
            "/2022/04/20/title.html",
            Address(url=f"{HOME}/2022/04/20/title.html", kind="post", key="title"),
            id="post of no category",
        ),
        pytest.param(
            "/a b/c[1]/2022/04/20/x.html",
            Address(url=f"{HOME}/a%20b/c%5B1%5D/2022/04/20/x.html", kind="post", key="x"),
            id="post of odd categories",
        ),
        pytest.param(
            "/category/%C4%E3%ba%c3.html",
            Address(url=f"{HOME}/category/%C4%E3%BA%C3.html", kind="category", key="%C4%E3%BA%C3"),
            id="a category in GBK",
        ),
        pytest.param(
            "/%D0%C2/2022/04/20/%CE%C4.html",
            Address(url=f"{HOME}/%D0%C2/2022/04/20/%CE%C4.html", kind="post", key="%CE%C4"),
            id="a post in GBK",
        ),
        pytest.param(
            "/category/100%2525.html",
            Address(url=f"{HOME}/category/100%2525.html", kind="category", key="100%2525"),
            id="a category that looks encoded",
        ),
        pytest.param(
            "/emnews/2022/04/20/NW202204202350104915.html;jsessionid=0A1B.node-2!3?x=1",
            Address(url=POST, kind="post", key="NW202204202350104915"),
            id="a session",
        ),
        pytest.param(
            "/emnews;JSESSIONID=0A1B//2022/04//20///NW202204202350104915.html",
            Address(url=POST, kind="post", key="NW202204202350104915"),
            id="slashes in a row",
        ),
        pytest.param(
            "//finews.withounder.com.//category//emnews2.html",
            Address(url=f"{HOME}/category/emnews2.html", kind="category", key="emnews2"),
            id="a host with a last dot",
        ),
        pytest.param("/;jsessionid=1", Address(url=f"{HOME}/", kind="home"), id="home with a session"),
    ],
)
def test_an_address_of_the_site_has_one_form_on_its_first_host(url: str, address: Address) -> None:
    resolved = resolve(POST, url)

    assert resolved is not None
    assert address_of(FINEWS, resolved) == address


def test_a_post_s_id_in_gbk_is_a_file_name_and_part_of_addresses() -> None:
    named = f"{HOME}/2022/04/20/%CE%C4.html"

    assert is_safe_id("%CE%C4")
    assert page_url(FINEWS, [], date(2022, 4, 20), "%CE%C4") == named
    assert post_id_named(FINEWS, named) == "%CE%C4"
    assert id_in_name(BLOG, "2022-04-20-%CE%C4.md") == ("%CE%C4", "2022-04-20")


@pytest.mark.parametrize("host", ["bücher.example", "xn--bcher-kva.example"])
@pytest.mark.parametrize(
    "link", ["//bücher.example/1", "http://XN--bcher-KVA.example/1", "https://Bücher.example./1"]
)
def test_a_host_beyond_ascii_is_the_site_s_in_either_form(tmp_path: Path, host: str, link: str) -> None:
    share = {"link": f"http://{host}/s/{{id}}", "text": f"http://{host}:8000/t/{{id}}", "body": ["text"]}
    files = {"expired": f"https://{host}/old/{{date}}-{{id}}.md"}
    forms = {"post": [{"match": r"^/(?P<id>\d+)$", "hosts": [host]}]}
    plain = {**PLAIN, "hosts": [host], "share": share, "files": files, "addresses": forms}
    site = load_site(written(tmp_path, yaml.safe_dump(plain, allow_unicode=True)))
    url = resolve("https://plain.example/", link)

    assert url is not None
    assert may_be_asked(site, url)
    assert address_of(site, url) == Address(url=url, kind="post", key="1")
    assert all_hosts(site) == {"xn--bcher-kva.example"}
    assert share_link(site, "1") == f"http://{host}/s/1"
    assert share_text_url(site, "1") == "http://xn--bcher-kva.example:8000/t/1"
    old = expired_address(site, "1", date(2022, 4, 20))
    assert old is not None
    assert address_of(site, old.url) == old


@pytest.mark.parametrize("host", ["finews.zning.xyz", "choicewzp1.eastmoney.com"])
@pytest.mark.parametrize(
    "path",
    [
        "/html_News/NewsShare.html?infoCode=NW202204202350104915",
        "/HTML_NEWS/newsshare.HTML?INFOCODE=NW202204202350104915",
        "/html_News/NewsShare.html?from=app&infoCode=NW202204202350104915&x=1",
        "/NewsData/GetNewsText.do?id=NW202204202350104915",
        "/newsdata/getnewstext.DO?callback=x&ID=NW202204202350104915",
    ],
)
def test_a_share_link_is_known_on_both_hosts_in_any_letter_case(host: str, path: str) -> None:
    url = f"http://{host}{path}"

    assert address_of(FINEWS, url) == Address(url=url, kind="share", key="NW202204202350104915")


@pytest.mark.parametrize(
    "url",
    [
        "http://finance.eastmoney.com/news/1349,202204202352104915.html",
        "https://stock.eastmoney.com/a/202204202352104915.html",
        "https://hk.eastmoney.com/a/202204202352104915.html?from=app",
        "http://futures.eastmoney.com/news/1,202204202352104915.html",
    ],
)
def test_a_rolling_news_article_is_a_share_link(url: str) -> None:
    assert address_of(FINEWS, url) == Address(url=url, kind="share", key="202204202352104915")


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://other.example/", id="home elsewhere"),
        pytest.param("https://other.example/emnews/", id="category elsewhere"),
        pytest.param("https://other.example/a/2022/04/20/NW1.html", id="post elsewhere"),
        pytest.param("https://finews.withounder.com.evil.example/2022/04/20/NW1.html", id="host with a tail"),
        pytest.param("http://finews.zning.xyz/2022/04/20/NW1.html", id="post on the share host"),
        pytest.param(f"{HOME}/html_News/NewsShare.html?infoCode=NW1", id="share link on the site's host"),
        pytest.param("http://finews.zning.xyz/html_News/NewsShare.html?infoCode=", id="share link without a code"),
        pytest.param("http://finews.zning.xyz/html_News/NewsShare.html?myinfoCode=NW1", id="another parameter"),
        pytest.param("http://finance.eastmoney.com/news/cgnjj.html", id="a list of rolling news"),
        pytest.param("http://quote.eastmoney.com/a/202204202352104915.html", id="another host of the share's owner"),
        pytest.param(f"{HOME}/about.html", id="a page of the site"),
        pytest.param(f"{HOME}/css/2022/main.css", id="a stylesheet"),
        pytest.param(f"{HOME}/2022/04/NW1.html", id="a month"),
        pytest.param(f"{HOME}/category/a/b.html", id="a folder of a category"),
    ],
)
def test_an_address_the_definition_does_not_name_leads_nowhere(url: str) -> None:
    assert address_of(FINEWS, url) is None


def test_a_run_starts_at_the_start_pages_and_the_feed() -> None:
    assert start_addresses(FINEWS) == [
        Address(url=f"{HOME}/", kind="home"),
        Address(url=f"{HOME}/feed.xml", kind="feed"),
    ]


def test_only_the_sites_own_and_its_share_hosts_are_ever_asked() -> None:
    assert all_hosts(FINEWS) == {
        "finews.withounder.com",
        "finews.zning.me",
        "finews.zning.xyz",
        "raw.githubusercontent.com",
    }
    assert all_hosts(BLOG) == {"blog.example"}


_SLUGS = st.characters(codec="utf-8", exclude_characters="/?", exclude_categories=["Cc", "Zl", "Zp", "Cs"])


# What is escaped in an address is unescaped in a slug.
@given(st.text(_SLUGS, min_size=1, max_size=30).filter(lambda slug: unquote(slug) == slug))
def test_a_categorys_address_leads_back_to_its_slug(slug: str) -> None:
    address = category_address(FINEWS, slug)

    assert address is not None
    assert (address.kind, address.key) == ("category", slug)
    assert address_of(FINEWS, address.url) == address


@given(st.text(st.characters(codec="utf-8"), max_size=30))
def test_a_categorys_address_is_on_the_site_or_none(slug: str) -> None:
    address = category_address(FINEWS, slug)

    assert address is None or address.url.startswith((f"{HOME}/category/", f"{HOME}/emnews/"))


def test_the_oldest_category_has_an_address_of_its_own() -> None:
    assert category_address(FINEWS, "emnews") == Address(url=f"{HOME}/emnews/", kind="category", key="emnews")


@pytest.mark.parametrize("slug", ["", "a/b", "/"])
def test_what_can_be_no_slug_has_no_address(slug: str) -> None:
    assert category_address(FINEWS, slug) is None


def test_a_site_without_category_pages_has_no_address_for_one() -> None:
    assert category_address(BLOG, "news") is None


def test_a_share_link_is_made_from_a_posts_id() -> None:
    link = "http://finews.zning.xyz/html_News/NewsShare.html?infoCode=NW1"

    assert share_link(FINEWS, "NW1") == link
    assert share_address(FINEWS, "NW1") == Address(url=link, kind="share", key="NW1")
    assert share_text_url(FINEWS, "NW1") == "http://finews.zning.xyz/NewsData/GetNewsText.do?id=NW1"


def test_a_site_without_share_links_makes_none() -> None:
    assert (share_link(BLOG, "a"), share_address(BLOG, "a"), share_text_url(BLOG, "a")) == (None, None, None)


def test_an_unsafe_id_is_never_asked_for() -> None:
    assert (share_address(FINEWS, "../x"), share_text_url(FINEWS, "../x")) == (None, None)
    assert expired_address(FINEWS, "../x", date(2022, 4, 20)) is None


OLD_POSTS = "https://raw.githubusercontent.com/zning1994/finews/main/old_post"


def test_the_source_of_an_expired_post_is_an_address_that_may_be_asked_for() -> None:
    address = Address(url=f"{OLD_POSTS}/2022-04-20-NW1.md", kind="expired", key="NW1")

    assert expired_address(FINEWS, "NW1", date(2022, 4, 20)) == address
    assert address_of(FINEWS, address.url) == address
    assert may_be_asked(FINEWS, address.url)
    assert expired_address(BLOG, "NW1", date(2022, 4, 20)) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://raw.githubusercontent.com/",
        "https://raw.githubusercontent.com/zning1994/finews/main/_posts/2022-04-20-NW1.md",
        "https://raw.githubusercontent.com/another/finews/main/old_post/2022-04-20-NW1.md",
        f"{OLD_POSTS}/NW1.md",
        f"{OLD_POSTS}/2022-04-20-.md",
        f"{OLD_POSTS}/2022-04-20-a/b.md",
        f"{OLD_POSTS}/2022-04-20-..%2Fx.md",
        f"{OLD_POSTS}/2022-04-20-NW1.markdown",
        f"{OLD_POSTS.replace('https', 'http')}/2022-04-20-NW1.md",
    ],
)
def test_nothing_else_at_the_place_of_expired_posts_is_an_address_of_the_site(url: str) -> None:
    assert address_of(FINEWS, url) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://raw.githubusercontent.com:8443/x.md",
        "https://raw.githubusercontent.com.evil.example/x.md",
        "ftp://raw.githubusercontent.com/x.md",
        "https://x@raw.githubusercontent.com/x.md",
        "https://github.com/zning1994/finews",
        "http://127.0.0.1/",
    ],
)
def test_no_other_host_port_or_scheme_may_be_asked(url: str) -> None:
    assert not may_be_asked(FINEWS, url)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("nw202204202350104915", "NW202204202350104915"),
        ("Nw202204202350104915", "NW202204202350104915"),
        ("NW202204202350104915", "NW202204202350104915"),
        ("202204202350104915", "202204202350104915"),
        ("nw2022x", "nw2022x"),
        ("xnw2022", "xnw2022"),
        ("init", "init"),
    ],
)
def test_an_info_code_is_written_in_capitals_and_no_other_id_is(written: str, expected: str) -> None:
    assert as_id(FINEWS, written) == expected
    assert as_id(BLOG, written) == written
    assert post_id_named(FINEWS, written) == expected


@pytest.mark.parametrize(
    "url",
    [
        f"{HOME}/dajiangwang/2022/04/20/nw202204202350104915.html",
        "http://finews.zning.xyz/html_News/NewsShare.html?infoCode=nw202204202350104915",
        f"{OLD_POSTS}/2022-04-20-nw202204202350104915.md",
    ],
)
def test_an_address_leads_to_the_post_whatever_the_case_of_its_info_code(url: str) -> None:
    address = address_of(FINEWS, url)

    assert address is not None
    assert address.key == "NW202204202350104915"


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("https://finews.withounder.com/a", "https://finews.withounder.com/a"),
        ("finews.withounder.com/a", "https://finews.withounder.com/a"),
        ("//finews.withounder.com/a", "https://finews.withounder.com/a"),
        (f"{OLD_POSTS}/2022-04-20-NW1.md", f"{OLD_POSTS}/2022-04-20-NW1.md"),
        ("NW1", None),
        ("2022-04-20-NW1.md", None),
        ("_posts/2022-04-20-NW1.md", None),
        ("/home/x/2022-04-20-NW1.MARKDOWN", None),
    ],
)
def test_a_name_is_an_address_an_id_or_a_file(name: str, address: str | None) -> None:
    assert as_address(name) == address


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("2022-04-20-NW1.md", ("NW1", "2022-04-20")),
        ("2022-04-20-nw1.md", ("NW1", "2022-04-20")),
        ("2022-04-20-NW1.v2.md", ("NW1", "2022-04-20")),
        ("2022-04-20-NW1 (1).md", ("NW1", "2022-04-20")),
        ("2022-04-20-NW1 copy.md", ("NW1", "2022-04-20")),
        ("-NW1.md", ("NW1", "")),
        ("NW1.md", ("NW1", "")),
        ("NW1", ("NW1", "")),
        (".md", ("", "")),
    ],
)
def test_a_file_s_name_holds_the_id_of_its_post_and_perhaps_the_day(name: str, found: tuple[str, str]) -> None:
    assert id_in_name(FINEWS, name) == found


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("2022-4-2-hello-world.md", ("hello-world", "2022-4-2")),
        ("hello world.md", ("hello-world", "")),
        ("2022-04-20-标题！.markdown", ("标题", "2022-04-20")),
        ("2022-04-20.md", ("", "2022-04-20")),
        ("a..b.md", ("a-b", "")),
    ],
)
def test_a_blog_s_file_is_named_by_what_jekyll_allows(name: str, found: tuple[str, str]) -> None:
    assert id_in_name(BLOG, name) == found


@pytest.mark.parametrize(
    ("categories", "path"),
    [
        (["dajiangwang"], "/dajiangwang/2022/04/02/NW1.html"),
        (["A", "b"], "/a/b/2022/04/02/NW1.html"),
        ([], "/2022/04/02/NW1.html"),
    ],
)
def test_a_file_s_page_has_the_address_that_jekyll_gives_it(categories: list[str], path: str) -> None:
    assert page_url(FINEWS, categories, date(2022, 4, 2), "NW1") == f"{HOME}{path}"


def test_an_address_may_be_a_post_s_unless_it_is_another_s_or_of_another_kind() -> None:
    assert is_of(FINEWS, POST, "NW202204202350104915")
    assert is_of(FINEWS, "https://elsewhere.example/x.html", "NW1")
    assert not is_of(FINEWS, POST, "NW1")
    assert not is_of(FINEWS, f"{HOME}/", "NW1")


@pytest.mark.parametrize(
    "post_id", ["NW202204202350104915", "20220420", "a-title_2", "c++", "v1.2", "标题", "a~b", "x" * 200, "标" * 66]
)
def test_ids_and_slugs_of_posts_are_safe(post_id: str) -> None:
    assert is_safe_id(post_id)


@pytest.mark.parametrize(
    "post_id",
    [
        "",
        ".",
        "..",
        ".a",
        "a..b",
        "a/b",
        "/a",
        "a\\b",
        "a\0",
        "a\n",
        "\na",
        "-a",
        "~a",
        "a b",
        "a:b",
        "a%2F",
        "a%00",
        "%",
        "%C",
        "%c4",
        "x" * 201,
        "标" * 67,
    ],
    ids=ascii,
)
def test_what_could_leave_its_folder_or_its_address_is_no_id(post_id: str) -> None:
    assert not is_safe_id(post_id)


@given(
    st.text(max_size=10), st.sampled_from(["/", "\\", "\0", "\n", "\r", "..", " ", "\u2028"]), st.text(max_size=10)
)
def test_no_id_holds_a_separator_wherever_it_stands(before: str, separator: str, after: str) -> None:
    assert not is_safe_id(before + separator + after)
    assert not is_safe_id("." + before)


@pytest.mark.parametrize("day", ["1980-05-01", "'1980-05-01'"])
def test_a_day_comes_through_an_archive_as_it_was_written(tmp_path: Path, day: str):
    definition = (
        resources.files("crawler.sites") / "minima.yaml"
    ).read_text() + f"dates: {{earliest: {day}, days_ahead: 30, outside: refuse}}\n"
    (tmp_path / "own.yaml").write_text(definition)
    site = load_site(str(tmp_path / "own.yaml"))
    assert site.dates == Dates(earliest=date(1980, 5, 1), days_ahead=30, outside="refuse")
    assert from_json(as_json(site)) == site
