"""Feeds and sitemaps: which addresses they name, in all their formats, and what is neither."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.extraction.listing.feeds import Feed, NotAFeedError, read_feed
from crawler.extraction.listing.links import FoundLink

SITE = "https://blog.example"
URL = f"{SITE}/feed.xml"
MOSS, FERN = FoundLink(f"{SITE}/moss.html", "Moss & fern"), FoundLink(f"{SITE}/fern.html", "")
NEWS = 'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
IMAGE = 'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(
            '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><link href="/"/>'
            '<entry><title type="html">Moss &amp;amp; &lt;b&gt;fern&lt;/b&gt;</title>'
            '<link rel="self" href="/moss.xml"/><link href="https://blog.example/moss.html" rel="alternate"/></entry>'
            '<entry><link href="https://blog.example/fern.html"/></entry></feed>',
            id="Atom",
        ),
        pytest.param(
            "<?xml version='1.0' encoding='GBK'?>\n<a:feed xmlns:a='http://www.w3.org/2005/Atom' xml:base='/x/'>"
            "<a:entry xml:base='../'><a:title>Moss &amp; fern</a:title><a:link href='moss.html'/></a:entry>"
            "<a:entry><a:link href='../fern.html'/></a:entry></a:feed>",
            id="Atom with single quotes, a prefix and bases",
        ),
        pytest.param(
            "<feed><entry><title>Moss &amp; fern</title><link type='application/pdf' href='/moss.pdf'/>"
            "<link type='text/html' href='/moss.html'/></entry>"
            "<entry><id>https://blog.example/fern.html</id></entry></feed>",
            id="Atom without a namespace, with several links and with an id alone",
        ),
        pytest.param(
            '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>Garden</title>'
            '<link>https://blog.example/</link><atom:link rel="self" href="https://blog.example/feed.xml"/>'
            "<item><title><![CDATA[Moss & fern]]></title><link>\n https://blog.example/moss.html </link>"
            "<comments>https://blog.example/moss.html#comments</comments></item>"
            '<item><guid isPermaLink="true">https://blog.example/fern.html</guid></item></channel></rss>',
            id="RSS 2.0",
        ),
        pytest.param(
            '<rss xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"><channel>'
            "<item><title>Moss & fern</title><link>https://count.example/1</link>"
            "<feedburner:origLink>https://blog.example/moss.html</feedburner:origLink></item>"
            '<item><link></link><guid isPermaLink="false">no</guid><guid>https://blog.example/fern.html</guid></item>',
            id="RSS that counts clicks, and is not well formed",
        ),
        pytest.param(
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
            '<channel><link>https://blog.example/</link></channel><item rdf:about="urn:1">'
            '<title>Moss &#38; fern</title><link>/moss.html</link></item><item rdf:about="https://blog.example/fern.html"/></rdf:RDF>',
            id="RSS 1.0",
        ),
        pytest.param(
            f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" {NEWS} {IMAGE}>'
            "<url><loc>https://blog.example/moss.html</loc><image:image><image:loc>/i.jpg</image:loc></image:image>"
            "<news:news><news:publication><news:name>Garden</news:name></news:publication>"
            "<news:title>Moss &amp; fern</news:title></news:news></url>"
            "<url><lastmod>2024-01-01</lastmod><loc> https://blog.example/fern.html </loc></url></urlset>",
            id="news sitemap",
        ),
    ],
)
def test_the_entries_of_every_format_are_found_in_order(source: str) -> None:
    assert read_feed(source, URL) == Feed(links=(MOSS, FERN))


def test_a_sitemap_index_names_sitemaps() -> None:
    source = (
        '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>https://blog.example/1.xml.gz'
        "</loc><lastmod>2024-01-01</lastmod></sitemap><sitemap><loc>/2.xml</loc></sitemap></sitemapindex>"
    )

    assert read_feed(source, URL) == Feed(
        sitemaps=(
            FoundLink(f"{SITE}/1.xml.gz", "", changed_at=datetime(2024, 1, 1, 23, 59, 59, tzinfo=UTC)),
            FoundLink(f"{SITE}/2.xml", ""),
        )
    )


def test_a_sitemap_may_be_a_list_of_addresses() -> None:
    assert read_feed(f"{SITE}/moss.html\r\n{SITE}/fern.html\n", URL) == Feed(
        links=(FoundLink(MOSS.url, ""), FoundLink(FERN.url, ""))
    )


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("/show?id=7&region=cn", f"{SITE}/show?id=7&region=cn"),
        ("/show?id=7&amp;region=cn", f"{SITE}/show?id=7&region=cn"),
        ("<![CDATA[/show?id=7&region=cn]]>", f"{SITE}/show?id=7&region=cn"),
        ("/caf&eacute;.html", f"{SITE}/caf%C3%A9.html"),
    ],
)
def test_ampersands_and_entities_that_xml_does_not_know_are_read_as_meant(written: str, url: str) -> None:
    assert read_feed(f"<rss><item><link>{written}</link></item></rss>", URL) == Feed(links=(FoundLink(url, ""),))


@pytest.mark.parametrize("name", ["lol9", "secret"])
def test_entities_that_a_file_declares_are_not_expanded(name: str) -> None:
    bomb = "".join(f'<!ENTITY lol{each + 1} "{f"&lol{each};" * 10}">' for each in range(9))
    declared = f'<!DOCTYPE rss [<!ENTITY lol0 "lol">{bomb}<!ENTITY secret SYSTEM "file:///etc/passwd">]>'
    source = f"<?xml version='1.0'?>{declared}<rss><item><title>&{name};</title><link>/moss.html</link></item></rss>"

    assert read_feed(source, URL) == Feed(links=(FoundLink(MOSS.url, f"&{name};"),))


def test_an_empty_feed_names_nothing() -> None:
    assert read_feed("<rss><channel/></rss>", URL) == read_feed("<urlset/>", URL) == Feed()


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("", "no feed and no sitemap: empty"),
        ("Not found", "no feed and no sitemap, but not even XML"),
        ("<!doctype html><html><body>404</body></html>", "no feed and no sitemap, but <html>"),
        ('{"version": "https://jsonfeed.org/version/1.1"}', "no feed and no sitemap, but not even XML"),
        ("<a>" * 100_000, "no feed and no sitemap, but <a>"),
    ],
)
def test_what_is_neither_is_refused_with_what_it_is(source: str, sentence: str) -> None:
    with pytest.raises(NotAFeedError) as refused:
        read_feed(source, URL)

    assert str(refused.value) == sentence


pieces = st.sampled_from(
    "<rss> <item> </item> <link> </link> <title> &amp; & &x; <![CDATA[ ]]> <feed> <entry> <link/> a /b".split()
)


@given(st.lists(pieces, max_size=20), st.text(max_size=5))
def test_any_text_is_read_or_refused(parts: list[str], noise: str) -> None:
    try:
        feed = read_feed("".join(parts) + noise, URL)
    except NotAFeedError:
        return
    assert all(link.url.startswith(("http://", "https://")) for link in (*feed.links, *feed.sitemaps))
