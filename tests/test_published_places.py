"""Places of published pages: a file for each, which no other page has, and relative links between them."""

from __future__ import annotations

from posixpath import dirname, normpath
from urllib.parse import quote, unquote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crawler.text.file_names import folded
from crawler.web.published.places import link, place_of


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("/", "index.html"),
        ("/en/", "en/index.html"),
        ("/?before=2022", "latest/before=2022.html"),
        ("/en/?before=2022", "en/latest/before=2022.html"),
        ("/post/NW202204202350104915", "post/NW202204202350104915.html"),
        ("/post/NW202204202350104915.json", "post/NW202204202350104915.json"),
        ("/post/NW202204202350104915/changes", "post/NW202204202350104915/changes.html"),
        ("/en/post/NW202204202350104915", "en/post/NW202204202350104915.html"),
        ("/outlet/%E5%A4%A7%E6%B1%9F%E7%BD%91", "outlet/大江网.html"),
        ("/outlet/%E5%A4%A7%E6%B1%9F%E7%BD%91?page=2", "outlet/大江网/page=2.html"),
        ("/outlet/%E5%A4%A7%E6%B1%9F%E7%BD%91.atom", "outlet/大江网.atom"),
        ("/outlet/a%2Eatom", "outlet/a.atom.html"),
        ("/outlet/a.html", "outlet/a.html.html"),
        ("/security/600160.SH", "security/600160.SH.html"),
        ("/static/style.css?1.0", "static/style.css"),
        ("/outlet/..%2F..%2Fetc", "outlet/etc~74ccf3c5b4c19a81.html"),
        ("/outlet/NIO", "outlet/nio~3857d35dfb945541.html"),
        ("/outlet/con", "outlet/con~1143da2bc54c495c.html"),
    ],
)
def test_a_page_has_its_file(address: str, place: str) -> None:
    assert place_of(address) == place


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(names, names)
def test_two_names_are_two_files_on_every_file_system(one: str, other: str) -> None:
    assume(one != other)
    places = {place_of(f"/{kind}/{quote(name, safe='')}") for name in (one, other) for kind in ("post", "outlet")}
    assert len({folded(place) for place in places}) == 4


@given(names)
def test_a_name_stays_in_its_folder_and_fits_every_file_system(name: str) -> None:
    place = place_of(f"/outlet/{quote(name, safe='')}")
    folder, _, file = place.partition("/")
    assert (folder, normpath(place)) == ("outlet", place)
    assert len(file.encode()) <= 200
    assert not set(file) & set('<>:"/\\|?*\x00')
    assert file[0] != "."


@given(names, names)
def test_a_link_leads_to_its_target(one: str, other: str) -> None:
    here, there = (place_of(f"/outlet/{quote(name, safe='')}?page=2") for name in (one, other))
    led = unquote(link(here, there))
    assert normpath(f"{dirname(here)}/{led}") == there
    assert not link(here, there).startswith("/")
