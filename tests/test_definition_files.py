"""Definitions that anybody may have written: contradictory, careless or hostile ones are refused with a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from crawler.errors import SiteError
from crawler.items import Address
from crawler.sites.addresses import address_of, all_hosts, may_be_asked, sitemap_address, start_addresses
from crawler.sites.loading import as_json, from_json, load_site

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.sites.definition import Site

GARDEN = """
name: garden
title: A garden
timezone: Asia/Shanghai
hosts: [blog.example]
start: [/]
addresses: {post: [{match: '^/(?P<id>[a-z0-9-]+)\\.html$'}]}
layouts:
  - name: post
    sign: <article>
    title: [{css: h1}]
    date: [{css: time, attribute: datetime}]
    body: [{css: article}]
"""


def loaded(tmp_path: Path, text: str = GARDEN, **changes: Any) -> Site:
    path = tmp_path / "my.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(text), **changes}) if changes else text, encoding="utf-8")
    return load_site(str(path))


def refusal(tmp_path: Path, text: str = GARDEN, **changes: Any) -> str:
    """Return why a definition is refused, without the name of its file."""
    with pytest.raises(SiteError) as refused:
        loaded(tmp_path, text, **changes)
    return str(refused.value).removeprefix(f"{tmp_path / 'my.yaml'}: ")


# Documents.

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{each}: &a{each} [{', '.join([f'*a{each - 1}'] * 10)}]\n" for each in range(1, 10)
)
MERGES = "a0: &a0 {x: 1}\n" + "".join(
    f"a{each}: &a{each} {{<<: [{', '.join([f'*a{each - 1}'] * 10)}]}}\n" for each in range(1, 10)
)
CHAIN = "a0: &a0 [x]\n" + "".join(f"a{each}: &a{each} [*a{each - 1}]\n" for each in range(1, 5000))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("[" * 5000, "has more than 32 lists and mappings inside each other (line 1).", id="lists"),
        pytest.param("{a: " * 3000, "has more than 32 lists and mappings inside each other (line 1).", id="mappings"),
        pytest.param(
            "\n".join(" " * each + "a:" for each in range(300)),
            "has more than 32 lists and mappings inside each other (line 33).",
            id="indented mappings",
        ),
        pytest.param("- " * 3000, "has more than 32 lists and mappings inside each other (line 1).", id="dashes"),
        pytest.param(CHAIN, "has more than 32 lists and mappings inside each other (line 32).", id="aliases"),
        pytest.param(BOMB, "has more than 20,000 values, counting those that aliases repeat.", id="alias bomb"),
        pytest.param(MERGES, "has more than 20,000 values, counting those that aliases repeat.", id="merges"),
        pytest.param("a: &a [*a]", "has an alias inside of what it repeats (line 1).", id="endless list"),
        pytest.param("a: &a\n  b: *a", "has an alias inside of what it repeats (line 1).", id="endless mapping"),
        pytest.param(
            f"a: {'x' * 1_000_000}",
            "has more than 1,000,000 characters; a definition needs a few thousand.",
            id="long",
        ),
        pytest.param(
            f"{GARDEN}hosts: [b.example]\n", "has the key 'hosts' twice (line 14); keep one of them.", id="key twice"
        ),
        pytest.param(
            GARDEN.replace("{css: h1}", "{css: h1, css: h2}"),
            "has the key 'css' twice (line 11); keep one of them.",
            id="key twice in a rule",
        ),
        pytest.param(
            "a: 2024-13-45", "is not valid YAML: month must be in 1..12; put the value in quotes", id="no day"
        ),
        *(
            pytest.param(
                f"a: x\nb: !!{tag}",
                "has a tag (line 2), which a definition needs nowhere; put text in quotes.",
                id=tag,
            )
            for tag in ("bool x", "int ''", "float x", "timestamp x", "binary é", "set {a}", "omap [a: 1]", "map x")
        ),
    ],
)
def test_a_document_is_read_within_bounds_and_with_each_key_once(tmp_path: Path, text: str, problem: str) -> None:
    assert refusal(tmp_path, text) == problem


def test_aliases_and_merges_are_read(tmp_path: Path) -> None:
    text = GARDEN.replace(
        "title: [{css: h1}]", "title: &rules [&rule {css: h1}, {<<: *rule, css: h2}]\n    tags: *rules"
    )

    layout = loaded(tmp_path, text).layouts[0]

    assert layout.tags == layout.title
    assert [rule.css for rule in layout.title] == ["h1", "h2"]


def test_a_tag_may_say_that_a_value_is_text(tmp_path: Path) -> None:
    assert loaded(tmp_path, GARDEN.replace("title: A garden", "title: !!str 7")).title == "7"


def test_a_byte_order_mark_is_no_part_of_a_definition(tmp_path: Path) -> None:
    assert loaded(tmp_path, f"\ufeff{GARDEN.lstrip()}").name == "garden"


# What would do nothing.


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"addresses": {"post": []}},
            "addresses.post: is empty; at least one form is needed, or no post would be found",
        ),
        (
            {"layouts": yaml.safe_load(GARDEN)["layouts"] * 2},
            "layouts[1].name: is 'post', as that of a layout before it",
        ),
        (
            {"share": {"link": "https://s.example/{id}", "text": "https://s.example/t/{id}", "body": []}},
            "share.body: is empty; at least one key of the answer is needed",
        ),
    ],
)
def test_what_would_do_nothing_is_refused(tmp_path: Path, changes: dict[str, Any], problem: str) -> None:
    assert refusal(tmp_path, **changes) == problem


@pytest.mark.parametrize(
    "host",
    [".", "a..example", "-a.example", "blog.example:", "blog.example:0", "blog.example:99999", "a" * 64, ":80"],
)
def test_what_can_be_no_host_is_refused(tmp_path: Path, host: str) -> None:
    assert refusal(tmp_path, hosts=[host]) == (
        f"hosts: holds {host!r}; a bare host name in small letters is expected, without a scheme: blog.example, or"
        " blog.example:8080"
    )


# Where a run starts.


@pytest.mark.parametrize("url", ["https://blog.example/list.php?c=7", "http://www.blog.example/list.php?c=7"])
def test_a_start_page_may_have_a_query(tmp_path: Path, url: str) -> None:
    site = loaded(tmp_path, hosts=["blog.example", "www.blog.example"], start=["/list.php?c=7", "/list.php?c=8"])

    assert (
        address_of(site, url)
        == start_addresses(site)[0]
        == Address(url="https://blog.example/list.php?c=7", kind="home")
    )
    assert address_of(site, "https://blog.example/list.php?c=9") is None


def test_a_start_page_without_a_query_is_the_same_with_any(tmp_path: Path) -> None:
    site = loaded(tmp_path)

    assert address_of(site, "https://blog.example/?utm_source=x") == Address(url="https://blog.example/", kind="home")


def test_a_post_may_be_a_query_of_a_start_page(tmp_path: Path) -> None:
    site = loaded(tmp_path, addresses={"post": [{"match": r"^/\?p=(?P<id>\d+)$"}]})

    post = Address(url="https://blog.example/?p=123", kind="post", key="123")
    assert address_of(site, "https://blog.example/?p=123") == post
    assert address_of(site, "https://blog.example/?paged=2") == Address(url="https://blog.example/", kind="home")


def test_feeds_and_sitemaps_are_one_or_several_paths_or_addresses(tmp_path: Path) -> None:
    site = loaded(
        tmp_path, start=[], feed="/feed.xml", sitemap=["/sitemap.xml", "https://CDN.example:8443/news.xml?page=1"]
    )

    assert start_addresses(site) == [
        Address(url="https://blog.example/feed.xml", kind="feed"),
        Address(url="https://blog.example/sitemap.xml", kind="feed"),
        Address(url="https://cdn.example:8443/news.xml?page=1", kind="feed"),
    ]
    assert [address_of(site, each.url) for each in start_addresses(site)] == start_addresses(site)
    assert all_hosts(site) == {"blog.example", "cdn.example:8443"}
    assert from_json(as_json(site)) == site


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("feed", "feed.xml", "feed: is 'feed.xml'; a path that begins with / or an address is expected"),
        ("feed", ["/a", "ftp://b/"], "feed[1]: is 'ftp://b/'; a path that begins with / or an address is expected"),
        ("sitemap", "//b/", "sitemap: is '//b/'; a path that begins with / or an address is expected"),
        ("sitemap", [""], "sitemap[0]: is empty; text is expected"),
        ("sitemap", 7, "sitemap: is 7; a list is expected"),
        ("start", [], "start: is empty; at least one is needed"),
    ],
)
def test_a_wrong_source_of_addresses_is_refused(tmp_path: Path, key: str, value: object, problem: str) -> None:
    assert refusal(tmp_path, **{key: value}) == problem


def test_a_sitemap_index_leads_only_to_sitemaps_on_hosts_of_the_site(tmp_path: Path) -> None:
    site = loaded(tmp_path, sitemap="/sitemap.xml")

    assert sitemap_address(site, "https://blog.example/2024.xml.gz") == Address(
        url="https://blog.example/2024.xml.gz", kind="feed"
    )
    assert sitemap_address(site, "https://evil.example/2024.xml") is None
    assert sitemap_address(site, "https://blog.example/one.html") is None


# Hosts.


def test_a_site_may_be_on_a_port_of_its_own(tmp_path: Path) -> None:
    site = loaded(tmp_path, hosts=["blog.example:8080"])

    assert address_of(site, "https://blog.example:8080/one.html") == Address(
        url="https://blog.example:8080/one.html", kind="post", key="one"
    )
    assert address_of(site, "https://blog.example/one.html") is None
    assert may_be_asked(site, "https://blog.example:8080/")
    assert not may_be_asked(site, "https://blog.example/")


def test_a_form_with_hosts_keeps_its_posts_there(tmp_path: Path) -> None:
    form = {"match": r"^/(?P<id>\w+)$", "hosts": ["news.example"], "address": "/p/{id}"}
    site = loaded(tmp_path, addresses={"post": [form, {"match": r"^/p/(?P<id>\w+)$", "hosts": ["news.example"]}]})

    expected = Address(url="https://news.example/p/one", kind="post", key="one")
    assert address_of(site, "https://news.example/one") == address_of(site, expected.url) == expected
    assert address_of(site, "https://blog.example/one") is None


def test_posts_may_be_on_every_subdomain(tmp_path: Path) -> None:
    form = {"match": r"^/(?P<id>\w+)$", "hosts": ["*.garden.example", "a.example"]}
    site = loaded(tmp_path, addresses={"post": [form]})

    for url in ("https://news.garden.example/one", "http://x.y.garden.example/one", "https://a.example/one"):
        assert address_of(site, url) == Address(url=url, kind="post", key="one")
        assert may_be_asked(site, url)
    for host in ("garden.example", "evilgarden.example", "x.garden.example.evil.example", "b.a.example"):
        assert address_of(site, f"https://{host}/one") is None
        assert not may_be_asked(site, f"https://{host}/one")


# Ids.


@pytest.mark.parametrize(
    ("match", "address", "path", "key", "canonical"),
    [
        (r"^/(?P<id1>\d{8})/(?P<id2>\d+)\.html$", None, "/20220420/01.html", "20220420-01", "/20220420/01.html"),
        (r"^/(?P<id1>\d{8})/(?P<id2>\d+)\.html$", None, "/20220421/01.html", "20220421-01", "/20220421/01.html"),
        (r"^/(?P<id>\d{8}/\d+)\.html$", None, "/20220421/01.html", "20220421-01", "/20220421/01.html"),
        (r"^/(?P<id>\d{8}/\d+)", "/p/{id}.html", "/20220421/01.html", "20220421-01", "/p/20220421/01.html"),
        (r"^/(?P<id1>\d{8})/(?P<id2>\d+)", "/{id1}/{id2}", "/20220421/01.html", "20220421-01", "/20220421/01"),
        (r"^/news/(?P<id>\d+,\d+)\.html$", None, "/news/11158,2021.html", "11158-2021", "/news/11158,2021.html"),
        (r"^/a(?P<id1>\d+)(?:-(?P<id2>\d+))?$", None, "/a7", "7", "/a7"),
    ],
)
def test_an_id_may_be_in_several_groups_or_have_separators(
    tmp_path: Path, match: str, address: str | None, path: str, key: str, canonical: str
) -> None:
    form = {"match": match, **({"address": address} if address else {})}
    site = loaded(tmp_path, addresses={"post": [form]})

    found = address_of(site, f"https://blog.example{path}")

    assert found == Address(url=f"https://blog.example{canonical}", kind="post", key=key)
    assert address_of(site, found.url) in {found, None}


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({"match": "^/(?P<name>x)"}, "match: has no group (?P<id>…); it is needed to tell one from another"),
        (
            {"match": "^/(?P<id1>x)", "address": "/{id}"},
            "address: is '/{id}'; the only placeholder allowed is {id1}",
        ),
        (
            {"match": "^/(?P<id>x)", "address": "/{id}", "hosts": ["*.blog.example"]},
            "address: needs one host to be on; hosts begins with all subdomains of one",
        ),
        (
            {"match": "^/(?P<id>x)", "hosts": ["*.*.example"]},
            (
                "hosts: holds '*.example'; a bare host name in small letters is expected, without a scheme:"
                " blog.example, or blog.example:8080"
            ),
        ),
    ],
)
def test_a_form_that_makes_no_sense_is_refused(tmp_path: Path, form: dict[str, Any], problem: str) -> None:
    assert refusal(tmp_path, addresses={"post": [form]}) == f"addresses.post[0].{problem}"
