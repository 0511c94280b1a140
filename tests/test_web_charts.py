"""Charts: bars as SVG that needs neither script nor style, and links that say where they lead."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.web.charts import Count, bars

DAYS = [Count("4/19", 10, "/day/2022-04-19"), Count("4/20", 20, "/day/2022-04-20", current=True), Count("4/21", 0)]

# Any text but what no XML holds; the pages drop control characters before.
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"))
counts = st.lists(st.builds(Count, texts, st.integers(0, 10**9), st.none() | texts, st.booleans()), min_size=1)


def test_a_chart_is_bars_that_lead_to_what_they_count() -> None:
    assert bars(DAYS, "Posts a day") == (
        '<svg class="bars" viewBox="0 0 258 76" role="group" aria-label="Posts a day">'
        '<a href="/day/2022-04-19" aria-label="4/19: 10"><title>4/19: 10</title>'
        '<rect class="reach" x="0.00" y="0" width="86.00" height="60" fill="none" pointer-events="all"/>'
        '<rect class="bar" x="0.00" y="31.50" width="64.50" height="28.50"/></a>'
        '<a href="/day/2022-04-20" aria-label="4/20: 20" aria-current="true"><title>4/20: 20</title>'
        '<rect class="reach" x="86.00" y="0" width="86.00" height="60" fill="none" pointer-events="all"/>'
        '<rect class="bar current" x="86.00" y="3.00" width="64.50" height="57.00"/></a>'
        '<g><title>4/21: 0</title><rect class="bar" x="172.00" y="60.00" width="64.50" height="0.00"/></g>'
        '<text x="0" y="74" aria-hidden="true">4/19</text>'
        '<text x="258" y="74" text-anchor="end" aria-hidden="true">4/21</text></svg>'
    )


def test_bars_are_named_in_the_words_of_the_page() -> None:
    chart = bars(DAYS[:1], "每天的篇数", lambda day: f"{day.label}，{day.count} 篇")
    assert "<title>4/19，10 篇</title>" in chart
    assert 'aria-label="4/19，10 篇"' in chart


def test_nothing_counted_is_no_chart() -> None:
    assert bars([], "Posts a day") == ""


@pytest.mark.parametrize("most", [1, 10**6])
def test_a_single_post_is_seen_beside_very_many(most: int) -> None:
    assert 'height="1.00"' in bars([Count("a", 1), Count("b", 60 * most)], "Posts")


@given(counts, texts)
def test_whatever_labels_say_a_chart_is_well_formed_and_nothing_in_it_runs(counts: list[Count], label: str) -> None:
    chart = ET.fromstring(bars(counts, label))
    elements = {element.tag for element in chart.iter()}
    attributes = {name for element in chart.iter() for name in element.attrib}
    assert elements <= {"svg", "a", "g", "title", "rect", "text"}
    assert not attributes & {"style", "onload", "onclick", "id"}
    assert [bar.get("href") for bar in chart.iter("a")] == [bar.href for bar in counts if bar.href is not None]
    heights = [float(bar.get("height", "")) for bar in chart.iter("rect") if "bar" in bar.get("class", "")]
    assert len(heights) == len(counts)
    assert all(0 <= height <= 57 for height in heights)
