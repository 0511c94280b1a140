"""What the commands for a fleet print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crawler.cli.fleets import showing

if TYPE_CHECKING:
    import pytest

NODE: Any = {
    "node": "a-machine-in-the-north",
    "address": "https://a-machine-in-the-north.example:6800/scrapyd",
    "current": False,
    "pending": 12,
    "running": 3,
    "sites": 40,
    "trouble": "Connection refused",
}
SITE: Any = {
    "site": "a-site",
    "node": "a-machine-in-the-north",
    "every": 3600,
    "due_at": None,
    "run": None,
    "alarms": [],
    "uncollected": 0,
    "log": None,
    "next": "waits for `finews fleet deploy`: a-machine-in-the-north does not have this version",
}


def test_a_table_is_not_cut_where_the_terminal_is_narrow(capsys: pytest.CaptureFixture[str]) -> None:
    showing.status({"nodes": [NODE], "sites": [SITE]})
    heads, node, headings, site = capsys.readouterr().out.splitlines()
    assert heads.split() == ["node", "address", "version", "sites", "waiting", "at", "work"]
    assert node.split(maxsplit=6) == [
        *(NODE["node"], NODE["address"], "–", "40", "12", "3"),
        "does not answer: Connection refused ",
    ]
    assert headings.split() == [*"site node every last run outcome new to collect next".split()]
    assert site.split(maxsplit=5) == ["a-site", NODE["node"], "1h", "–", "0", f"{SITE['next']} "]
