"""Whatever a command shows as a time can be given back to it, and means the same moment."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import made
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler import dates
from crawler.archive import Archive
from crawler.archive.ledger import links, runs, sites
from crawler.archive.ledger.links import End
from crawler.archive.ledger.runs import Traffic
from crawler.archive.store import posts
from crawler.cli import main
from crawler.sites.loading import load_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

HOUR = timedelta(hours=1)
ZONES = ["Asia/Shanghai", "America/New_York", "UTC", "Australia/Lord_Howe"]
ID = made.ID
COMMANDS = (
    f"history {ID} --site garden",
    f"history {ID} --site garden --json",
    f"history {ID} --site finews --diff",
    f"why {ID}",
    f"why {ID} --json",
    "runs",
    "runs --json",
    "runs --silent",
    "search 江西",
    "search 江西 --json",
    "search 没有 --since 2022 --until 2021",
    "stock 600519",
    "stats",
    "stats --coverage",
    f"show {ID} --site garden",
    f"show {ID} --site garden --format text",
    f"show {ID} --site garden --format json",
)
_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d)(?![\d:]))?")


def fill(archive: Archive, zone: str, published: datetime, seen: datetime) -> None:
    """Store a post in two versions on a site in this zone, one on another site, and fetches of both, by two runs."""
    garden = replace(load_site("minima"), name="garden", timezone=ZoneInfo(zone))
    local = dates.local(published, garden.timezone)
    for number in range(2):
        at = seen + number * HOUR
        with archive.db.atomic():
            run = runs.begin(archive.db, "garden", at)
            sites.note(archive.db, garden, run)
            changed = {"title": f"江西{number}", "published_at": local + number * HOUR, "seen_at": at}
            url = f"https://blog.example/2022/04/20/{ID}.html"
            for own in ({"site": "garden", "category": None, "url": url}, {"site": "finews"}):
                posts.store(archive.db, made.article(**{**changed, **own}), run)
            address = made.post_address()
            fetch = made.fetch(address, fetched_at=at)
            links.record_outcome(archive.db, "finews", fetch, End(state="stored", article_id=2), run_id=run)
            runs.finish(archive.db, run, "finished", now=at + HOUR, seconds=1, traffic=Traffic())


def stored(archive: Archive) -> set[float]:
    """Return every moment in the tables, in seconds since 1970."""
    moments = set()
    for table in ("posts", "versions", "runs", "links", "fetches"):
        for row in archive.db.execute(f"SELECT * FROM {table}"):
            for value in row:
                if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", value):
                    moments.add(datetime.fromisoformat(value).timestamp())
    return moments


def shown(archive: Archive) -> Iterator[tuple[str, str]]:
    """Yield every time that a command shows, with the command."""
    for command in COMMANDS:
        result = CliRunner().invoke(
            main, command.split(), env={"FINEWS_ARCHIVE": str(archive.path), "COLUMNS": "200"}
        )
        assert result.exit_code in {0, 1}, result.output
        for found in _TIME.findall(result.output):
            yield command, found


moments = st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001  # hypothesis adds the zone
    lambda point: point.replace(microsecond=0)
)


@settings(max_examples=examples(15), deadline=None)
@given(st.sampled_from(ZONES), moments, moments)
@example("America/New_York", datetime(2022, 11, 6, 5, 30, 1, tzinfo=UTC), datetime(2022, 11, 6, 5, 45, 2, tzinfo=UTC))
@example("Asia/Shanghai", made.PUBLISHED.astimezone(UTC), made.SEEN)
def test_every_time_that_is_shown_is_read_as_the_moment_it_is(
    tmp_path_factory: pytest.TempPathFactory, zone: str, published: datetime, seen: datetime
) -> None:
    with Archive(tmp_path_factory.mktemp("shown") / "a.db", create=True) as archive:
        fill(archive, zone, published, seen)
        assert archive.zone() == ZoneInfo(zone)
        kept = stored(archive)
        by_command: dict[str, int] = {}
        for command, written in shown(archive):
            first, last = dates.span(written, archive.zone())
            by_command[command] = by_command.get(command, 0) + 1
            if command.startswith("search 没有") and written[11:] in {"00:00:00", "23:59:59"}:
                continue  # what was asked for
            assert any(first.timestamp() <= moment <= last.timestamp() for moment in kept), (command, written)
        assert by_command.keys() >= set(COMMANDS) - {"runs --silent", "stats --coverage"}


def test_a_moment_of_a_history_is_one_to_search_as_of(tmp_path: Path) -> None:
    with Archive(tmp_path / "a.db", create=True) as archive:
        fill(archive, "Asia/Shanghai", made.PUBLISHED, made.SEEN)
        for row, title in zip(archive.history(ID, site="garden"), ("江西0", "江西1"), strict=True):
            written = dates.shown(dates.local(datetime.fromisoformat(row["seen_at"]), archive.zone()), archive.zone())
            for moment in (written, row["seen_at"], f"{row['seen_at'][:19].replace('T', ' ')} UTC"):
                found = archive.search("江西", as_of=moment, site="garden")
                assert [hit["title"] for hit in found["results"]] == [title]


def test_a_post_of_another_zone_is_shown_in_its_own_with_the_offset(tmp_path: Path) -> None:
    with Archive(tmp_path / "a.db", create=True) as archive:
        with archive.db.atomic():
            posts.store(archive.db, made.article("NW1"), runs.begin(archive.db, "finews", made.SEEN))
        fill(archive, "America/New_York", made.PUBLISHED, made.SEEN)
        result = CliRunner().invoke(main, ["search", "江西1"], env={"FINEWS_ARCHIVE": str(archive.path)})
    assert "\n2022-04-20 05:44 -04:00 · 大江网 · garden · " in result.stdout
