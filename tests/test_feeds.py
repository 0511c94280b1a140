"""Feeds: Atom that feed readers read, whatever titles hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import feedparser
import made
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from crawler import __version__
from crawler.web.feeds import Entry, atom, entry_of

if TYPE_CHECKING:
    from pathlib import Path

ADDRESS, PAGE = "http://127.0.0.1:8000/outlet/大江网.atom", "http://127.0.0.1:8000/outlet/大江网"
NOW = datetime(2022, 4, 21, 1, 0, tzinfo=UTC)
ENTRY = Entry(
    identifier="https://finews.withounder.com/dajiangwang/2022/04/20/NW202204202350104915.html",
    address="http://127.0.0.1:8000/post/NW202204202350104915",
    title="江西出台<5G>行动计划 & “扬帆”",
    published="2022-04-20T16:44:59+08:00",
    updated="2022-04-20T17:00:00+08:00",
    outlet="大江网",
    summary="4月20日，<b>记者</b>获悉。",
    categories=("dajiangwang",),
)


def read(document: bytes) -> Any:
    """Read a feed as a feed reader does, which must have nothing to mend."""
    feed = feedparser.parse(document)
    assert not feed.bozo
    assert feed.version == "atom10"
    return feed


def test_a_feed_is_written_in_full() -> None:
    assert atom("大江网", ADDRESS, [ENTRY], NOW, page=PAGE).decode() == (
        "<?xml version='1.0' encoding='utf-8'?>\n"
        f'<feed xmlns="http://www.w3.org/2005/Atom"><id>{ADDRESS}</id><title>大江网</title>'
        f'<updated>2022-04-21T01:00:00Z</updated><link rel="self" type="application/atom+xml" href="{ADDRESS}" />'
        f'<link rel="alternate" type="text/html" href="{PAGE}" />'
        f'<generator version="{__version__}">finews-archive</generator><author><name>finews-archive</name></author>'
        f"<entry><id>{ENTRY.identifier}</id><title>江西出台&lt;5G&gt;行动计划 &amp; “扬帆”</title>"
        "<published>2022-04-20T08:44:59Z</published><updated>2022-04-20T09:00:00Z</updated>"
        f'<link rel="alternate" type="text/html" href="{ENTRY.address}" /><author><name>大江网</name></author>'
        '<category term="dajiangwang" />'
        '<summary type="text">4月20日，&lt;b&gt;记者&lt;/b&gt;获悉。</summary></entry></feed>'
    )


def test_a_feed_reader_reads_what_was_written() -> None:
    feed = read(atom("大江网", ADDRESS, [ENTRY], NOW, page=PAGE))
    (entry,) = feed.entries
    assert (feed.feed.title, feed.feed.link, feed.feed.updated) == ("大江网", PAGE, "2022-04-21T01:00:00Z")
    assert (entry.id, entry.link, entry.author) == (ENTRY.identifier, ENTRY.address, "大江网")
    assert entry.published == "2022-04-20T08:44:59Z"


def test_a_post_and_a_hit_are_entries(tmp_path: Path) -> None:
    with made.Run(tmp_path / "archive.db") as run:
        run.write(made.article())
        (post,) = run.archive.posts()
        (hit,) = run.archive.search("江西")["results"]
    expected = Entry(
        identifier=made.post_address().url,
        address=PAGE,
        title="江西出台5G行动计划",
        published="2022-04-20T16:44:59+08:00",
        updated="2022-04-20T16:44:59+08:00",
        outlet="大江网",
        summary="江西将实现5G+VR融合。",
        categories=("dajiangwang",),
    )
    assert entry_of(post, PAGE) == expected
    assert entry_of(hit, PAGE) == expected._replace(summary=hit["text"])


BEIJING = timezone(timedelta(hours=8))
moments = st.datetimes(timezones=st.just(BEIJING)).map(lambda point: point.isoformat(timespec="seconds"))
entries = st.builds(
    Entry, st.text(), st.text(), st.text(), moments, moments, st.none() | st.text(), st.text(), st.tuples(st.text())
)


@given(st.text(), st.text(), st.lists(entries, max_size=3))
@example("\ufffe\uffff\x00\x0b\ud800", "]]>\x1b<!--", [ENTRY._replace(title="\x00", outlet="\ud800")])
def test_a_feed_is_well_formed_and_complete_whatever_it_holds(title: str, address: str, entries: list[Entry]) -> None:
    document = etree.fromstring(atom(title, address, entries, NOW))
    atom_name = "{http://www.w3.org/2005/Atom}"
    found = document.findall(f"{atom_name}entry")
    assert len(found) == len(entries)
    for part in [document, *found]:
        assert {"id", "title", "updated", "link"} <= {child.tag.removeprefix(atom_name) for child in part}
        assert part.findtext(f"{atom_name}title")
