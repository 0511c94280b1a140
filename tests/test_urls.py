"""Addresses as text: one canonical way to write each, and none for what is no address."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.urls import canonical, encode, host_of, is_loopback, is_public, path_of, resolve

BASE = "https://site.example/a/b.html"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("HTTPS://Site.Example/A", "https://site.example/A", id="letter case"),
        pytest.param("https://site.example", "https://site.example/", id="no path"),
        pytest.param("https://site.example:443/a", "https://site.example/a", id="default port"),
        pytest.param("http://site.example:80/a", "http://site.example/a", id="default port of http"),
        pytest.param("http://site.example:443/a", "http://site.example:443/a", id="another port"),
        pytest.param("https://site.example/a#top", "https://site.example/a", id="fragment"),
        pytest.param("https://site.example/a?", "https://site.example/a", id="empty query"),
        pytest.param("https://site.example//a", "https://site.example/a", id="two slashes"),
        pytest.param("https://site.example/a b", "https://site.example/a%20b", id="space"),
        pytest.param("https://site.example/新闻", "https://site.example/%E6%96%B0%E9%97%BB", id="Chinese"),
        pytest.param("https://site.example/%e6%96%b0", "https://site.example/%E6%96%B0", id="small escapes"),
        pytest.param("https://site.example/%41%2d%7E", "https://site.example/A-~", id="needless escapes"),
        pytest.param("https://site.example/a%2Fb", "https://site.example/a%2Fb", id="an escaped slash stays"),
        pytest.param("https://site.example/100%", "https://site.example/100%25", id="a loose percent sign"),
        pytest.param("https://site.example/[a](b)", "https://site.example/%5Ba%5D(b)", id="brackets"),
        pytest.param("https://site.example/?q=新 a&b=/?", "https://site.example/?q=%E6%96%B0%20a&b=/?", id="query"),
        pytest.param("  https://site.example/\na\t ", "https://site.example/a", id="white space and newlines"),
        pytest.param("http://127.0.0.1:8000/", "http://127.0.0.1:8000/", id="number and port"),
        pytest.param("https://Bücher.example/a", "https://xn--bcher-kva.example/a", id="a host beyond ASCII"),
        pytest.param("https://XN--BCHER-KVA.example/a", "https://xn--bcher-kva.example/a", id="the same in ASCII"),
        pytest.param("https://bu\u0308cher.example/", "https://xn--bcher-kva.example/", id="combining marks"),
        pytest.param("https://新闻。中国/", "https://xn--efvy88h.xn--fiqs8s/", id="a Chinese dot"),
        pytest.param("https://straße.example/", "https://xn--strae-oqa.example/", id="a letter of its own"),
        pytest.param("https://ｓite.example/", "https://site.example/", id="a full-width host"),
        pytest.param("https://site.example./a", "https://site.example/a", id="a last dot"),
        pytest.param("https://bücher.example.:8000/", "https://xn--bcher-kva.example:8000/", id="a dot and a port"),
        pytest.param("https://site.example/%c4%E3%ba%c3", "https://site.example/%C4%E3%BA%C3", id="GBK"),
        pytest.param("http://[::1]:8000/a", "http://[::1]:8000/a", id="IPv6"),
        pytest.param("http://site.example:/a", "http://site.example/a", id="a colon without a port"),
    ],
)  # fmt: skip
def test_every_address_has_one_canonical_form(url: str, expected: str) -> None:
    assert canonical(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("", id="nothing"),
        pytest.param("site.example/a", id="no scheme"),
        pytest.param("//site.example/a", id="no scheme but a host"),
        pytest.param("/a", id="a path"),
        pytest.param("javascript:alert(1)", id="javascript"),
        pytest.param("java\nscript:alert(1)", id="broken javascript"),
        pytest.param("data:text/html,x", id="data"),
        pytest.param("ftp://site.example/", id="ftp"),
        pytest.param("file:///etc/passwd", id="file"),
        pytest.param("mailto:a@site.example", id="mail"),
        pytest.param("https://", id="no host"),
        pytest.param("https:///a", id="no host but a path"),
        pytest.param("https://user@site.example/", id="user"),
        pytest.param("https://user:word@site.example/", id="user and password"),
        pytest.param("https://site..example/", id="an empty part of a host"),
        pytest.param("https://site.example../", id="two last dots"),
        pytest.param("https://./", id="a dot for a host"),
        pytest.param("https://新☃\u200e.example/", id="a mark in a host"),
        pytest.param(f"https://{'新' * 60}.example/", id="a host that is too long"),
        pytest.param("https://site.example:x/", id="port that is no number"),
        pytest.param("https://site.example:99999/", id="port that is too large"),
        pytest.param("https://[::1/", id="unclosed bracket"),
        pytest.param("https://a b/", id="space in the host"),
        pytest.param("https://a\\@b/", id="backslash in the host"),
        pytest.param("https://site.example/\ud800", id="half of a character"),
    ],
)
def test_a_string_that_is_no_web_address_has_no_canonical_form(url: str) -> None:
    assert canonical(url) is None


built_up = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["http://", "HTTPS://", "https://", "//", "https:", "ftp://", " http://"]),
        st.sampled_from(["site.example", "SITE.example", "[::1]", "127.0.0.1", "新.example", "u@h", "", "a..b", "["]),
        st.sampled_from(["", ":80", ":443", ":8000", ":", ":x", ":070"]),
        st.text("/aZ%2Ff新 .?#&=[]()\\;@:+~{}|^\"'\n", max_size=20),
    ),
)  # fmt: skip


@settings(max_examples=examples(300), deadline=None)
@given(st.one_of(st.text(), built_up, built_up))
@example("http://a//b")
@example("https://site.example/%%34%31")
def test_the_canonical_form_is_canonical(url: str) -> None:
    once = canonical(url)

    assert once is None or canonical(once) == once


@settings(max_examples=examples(300), deadline=None)
@given(built_up)
def test_a_canonical_address_is_plain_ascii(url: str) -> None:
    once = canonical(url)

    if once is not None:
        assert once.startswith(("http://", "https://"))
        assert once.isascii()
        assert not set(once) & set(' \n\t"<>[]{}|\\^`#') - set("[]" if "://[" in once else "")


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        pytest.param("c.html", "https://site.example/a/c.html", id="beside"),
        pytest.param("./c.html", "https://site.example/a/c.html", id="beside, dotted"),
        pytest.param("../c.html", "https://site.example/c.html", id="above"),
        pytest.param("../../../c.html", "https://site.example/c.html", id="above the top"),
        pytest.param("/c.html", "https://site.example/c.html", id="from the top"),
        pytest.param("//other.example/c", "https://other.example/c", id="another host"),
        pytest.param("http://other.example/c", "http://other.example/c", id="another scheme"),
        pytest.param("?q=1", "https://site.example/a/b.html?q=1", id="a query"),
        pytest.param("#top", "https://site.example/a/b.html", id="a place on the page"),
        pytest.param("", "https://site.example/a/b.html", id="nothing: the page itself"),
        pytest.param(" /c\n.html ", "https://site.example/c.html", id="white space"),
        pytest.param("javascript:void(0)", None, id="javascript"),
        pytest.param(" JAVA\tSCRIPT:void(0)", None, id="hidden javascript"),
        pytest.param("mailto:a@b.example", None, id="mail"),
        pytest.param("//[", None, id="unclosed bracket"),
        pytest.param("//user@other.example/", None, id="user"),
    ],
)
def test_a_link_leads_to_an_address_or_nowhere(href: str, expected: str | None) -> None:
    assert resolve(BASE, href) == expected


@settings(max_examples=examples(300), deadline=None)
@given(st.text(), st.one_of(st.text(), st.text("/\\:@[]%.?#ajv文 \n", max_size=12)))
@example(BASE, "//[")
@example(BASE, "http://[::1")
@example("http://a/", "//\u2100")
def test_resolving_never_raises(base: str, href: str) -> None:
    for start in (base, BASE):
        found = resolve(start, href)
        assert found is None or canonical(found) == found


@pytest.mark.parametrize(
    ("url", "path"),
    [
        pytest.param("https://site.example/", "/", id="home"),
        pytest.param("https://site.example/%E6%96%B0/a%20b", "/新/a b", id="decoded"),
        pytest.param("https://site.example/a?q=%E6%96%B0", "/a?q=%E6%96%B0", id="the query stays encoded"),
        pytest.param("https://site.example/%C4%E3/%E6%96%B0", "/%C4%E3/新", id="not UTF-8"),
        pytest.param("https://site.example/%ED%A0%80", "/%ED%A0%80", id="half of a character"),
        pytest.param("https://site.example/100%25", "/100%", id="a loose percent sign"),
        pytest.param("https://site.example/%25C4", "/%25C4", id="what only looks like an escape"),
        pytest.param("https://site.example/a%2Fb%3Fc", "/a%2Fb%3Fc", id="separators that are none"),
    ],
)
def test_the_path_is_decoded(url: str, path: str) -> None:
    assert path_of(url) == path


@settings(max_examples=examples(300), deadline=None)
@given(st.binary(max_size=12), st.lists(st.sampled_from([b"%", b"25", b"C4", b"/", b"?", b"2F", "新".encode()])))
def test_encoding_a_decoded_path_restores_every_byte_of_the_address(raw: bytes, pieces: list[bytes]) -> None:
    url = canonical("https://site.example/a" + "".join(f"%{byte:02X}" for byte in raw + b"".join(pieces)))
    assert url is not None

    decoded = path_of(url)
    decoded.encode()  # and it can be stored
    assert unquote_to_bytes(encode(decoded)) == unquote_to_bytes(url.removeprefix("https://site.example"))


@given(st.text(st.characters(codec="utf-8", exclude_characters="%")))
def test_an_encoded_path_is_canonical_and_decodes_to_itself(text: str) -> None:
    url = f"https://site.example/a{encode(text)}"

    if "?" not in text and "#" not in text:
        assert path_of(url) == f"/a{text}"
    again = canonical(url)
    assert again is not None
    assert path_of(again) == path_of(url)


@pytest.mark.parametrize(
    ("url", "host", "loopback"),
    [
        pytest.param("https://site.example:8000/a", "site.example", False, id="a name"),
        pytest.param("http://localhost:8000/", "localhost", True, id="localhost"),
        pytest.param("http://127.0.0.1:8000/", "127.0.0.1", True, id="number"),
        pytest.param("http://127.8.9.1/", "127.8.9.1", True, id="another number"),
        pytest.param("http://[::1]/", "::1", True, id="IPv6"),
        pytest.param("http://10.0.0.1/", "10.0.0.1", False, id="a private network"),
        pytest.param("http://localhost.example/", "localhost.example", False, id="a name like it"),
        pytest.param("/a", "", False, id="no host"),
    ],
)
def test_only_this_machine_is_loopback(url: str, host: str, loopback: bool) -> None:
    assert (host_of(url), is_loopback(url)) == (host, loopback)


@pytest.mark.parametrize(
    "url", ["https://example.com/robots.txt", "http://www.example.com./", "http://a.b.xn--fiqs8s/"]
)
def test_a_name_with_a_dot_is_public(url: str):
    assert is_public(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://localhost/",
        "http://a.localhost/",
        "http://router.lan/",
        "http://metadata.google.internal/",
        "http://1.168.192.in-addr.arpa/",
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f.0x1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://example.com:8080/",
        "http://example/",
        "http://.com/",
    ],
)
def test_numbers_ports_and_private_names_are_not_public(url: str):
    assert not is_public(url)
