"""fleet.yaml: what it may say, what is refused, and which node it gives each site."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.errors import FinewsError, FleetError
from crawler.ops.fleet.plan import placing
from crawler.ops.fleet.plan.definition import Node
from crawler.ops.fleet.plan.loading import load
from crawler.ops.web_client import Login
from crawler.sites.loading import load_site

if TYPE_CHECKING:
    from pathlib import Path

NODES = """\
nodes:
  - {name: north, address: 'http://127.0.0.1:6800'}
  - {name: south, address: 'https://south.example/scrapyd', user: finews, password_from: SOUTH_PASSWORD}
"""
DEFINITION = """\
name: {name}
title: A blog
timezone: UTC
hosts: [{hosts}]
start: [/]
addresses:
  post: [{{match: '^/(?P<id>p\\d+)$'}}]
layouts:
  - name: post
    sign: <article
    title: [{{css: h1}}]
    date: [{{css: time}}]
    body: [{{css: article}}]
"""
names = st.text(alphabet="abcdefghij", min_size=1, max_size=6)


def written(folder: Path, text: str) -> Path:
    file = folder / "fleet.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def blog(folder: Path, name: str, hosts: str) -> None:
    (folder / f"{name}.yaml").write_text(DEFINITION.format(name=name, hosts=hosts), encoding="utf-8")


def test_a_fleet_is_read_whole(tmp_path: Path) -> None:
    blog(tmp_path, "garden", "garden.example")
    file = written(
        tmp_path,
        f"{NODES}sites:\n"
        "  - {site: finews, every: 15m, node: south}\n"
        "  - {site: garden.yaml, every: 7d, node: north, settings: [DOWNLOAD_DELAY=2, 'FINEWS_MIRROR=http://a?b=c']}\n"
        "settings: [DOWNLOAD_DELAY=1, LOG_LEVEL=INFO]\n",
    )
    fleet = load(file, {"SOUTH_PASSWORD": "秘密"})
    assert fleet.project == "finews"
    assert fleet.nodes == {
        "north": Node(name="north", address="http://127.0.0.1:6800"),
        "south": Node(
            name="south", address="https://south.example/scrapyd", user="finews", password_from="SOUTH_PASSWORD"
        ),
    }
    assert fleet.logins == {"north": None, "south": Login("finews", "秘密")}
    assert [(name, member.node, member.group, member.every) for name, member in fleet.members.items()] == [
        ("finews", "south", "finews", timedelta(minutes=15)),
        ("garden", "north", "garden", timedelta(days=7)),
    ]
    assert [member.settings for member in fleet.members.values()] == [
        {"DOWNLOAD_DELAY": "1", "LOG_LEVEL": "INFO"},
        {"DOWNLOAD_DELAY": "2", "LOG_LEVEL": "INFO", "FINEWS_MIRROR": "http://a?b=c"},
    ]
    assert fleet.members["finews"].site == load_site("finews")
    assert [member.written for member in fleet.members.values()] == [None, (tmp_path / "garden.yaml").read_bytes()]


ONE_NODE = "nodes: [{name: north, address: 'http://127.0.0.1:6800'}]\n"
ONE_SITE = "sites: [{site: finews, every: 15m}]\n"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is empty; a mapping is expected, with nodes, sites, settings, project"),
        ("nodes: [", "is not valid YAML: while parsing a flow node"),
        (ONE_NODE, "sites: is missing"),
        (f"nodes: []\n{ONE_SITE}", "nodes: is empty; at least one is needed"),
        (f"{ONE_NODE}sites: []\n", "sites: is empty; at least one is needed"),
        (f"{ONE_NODE}{ONE_SITE}node: north\n", "node: is not known; did you mean nodes?"),
        (f"{ONE_NODE}sites: [{{site: finews}}]\n", "sites[0].every: is missing"),
        (f"{ONE_NODE}sites: [{{site: finews, every: often}}]\n", "sites[0].every: 'often' is not an interval"),
        (f"{ONE_NODE}sites: [{{site: finews, every: 0m}}]\n", "sites[0].every: 0m is too often: ask for 1m or more."),
        (
            f"{ONE_NODE}sites: [{{site: finews, every: 15m, node: noth}}]\n",
            "sites[0].node: is noth; did you mean north",
        ),
        (
            f"{ONE_NODE}sites: [{{site: finews, every: 15m, node: x}}]\n",
            "sites[0].node: is x, which is no node; the nod",
        ),
        (
            f"{ONE_NODE}sites: [{{site: finews, every: 1h}}, {{site: finews, every: 2h}}]\n",
            "sites[1].site: is finews, wh",
        ),
        (
            f"nodes: [{{name: a, address: x}}]\n{ONE_SITE}",
            "nodes[0].address: is 'x'; an address such as http://10.0.0",
        ),
        (
            f"nodes: [{{name: a, address: 'http://a:b/'}}]\n{ONE_SITE}",
            "nodes[0].address: is 'http://a:b/'; an address",
        ),
        (
            f"nodes: [{{name: a, address: 'http://u:p@h/'}}]\n{ONE_SITE}",
            "nodes[0].address: has a password in it; name",
        ),
        (
            "nodes: [{name: a, address: 'http://h:1'}, {name: b, address: 'http://h:1/'}]\n" + ONE_SITE,
            "nodes[1].address: is http://h:1, which is there already",
        ),
        (
            f"nodes: [{{name: ../a, address: 'http://h'}}]\n{ONE_SITE}",
            "nodes[0].name: is '../a'; small letters, digits",
        ),
        (
            f"nodes: [{{name: a, address: 'http://h', snapshots: ../x}}]\n{ONE_SITE}",
            "nodes[0].snapshots: is '../x'; small letters",
        ),
        (
            f"nodes: [{{name: a, address: 'http://h', user: u}}]\n{ONE_SITE}",
            "nodes[0].password_from: is missing; user a",
        ),
        (
            f"nodes: [{{name: a, address: 'http://h', user: u, password_from: NOT_SET}}]\n{ONE_SITE}",
            "nodes[0].password_from: is NOT_SET, and there is no such environment variable; set it to th",
        ),
        (f"{ONE_NODE}{ONE_SITE}settings: [DELAY]\n", "settings: has 'DELAY'; NAME=VALUE is expected"),
        (
            f"{ONE_NODE}{ONE_SITE}settings: [FINEWS_SITE=x]\n",
            "settings: has FINEWS_SITE, which the fleet sets by itself",
        ),
        (f"{ONE_NODE}{ONE_SITE}project: ../x\n", "project: is '../x'; small letters, digits, - and _ are allowed"),
    ],
)  # fmt: skip
def test_what_makes_no_fleet_is_refused_with_its_key(tmp_path: Path, text: str, complaint: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(FleetError) as caught:
        load(file, {})
    assert str(caught.value).startswith(f"{file}: {complaint}")
    assert caught.value.exit_code == 2


def test_a_fleet_that_is_not_there_is_to_be_written(tmp_path: Path) -> None:
    with pytest.raises(FleetError, match=r"fleet\.yaml: is not there: write one, as docs/fleet\.md shows"):
        load(tmp_path / "fleet.yaml", {})


def test_a_wrong_definition_is_named_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "garden.yaml").write_text("name: garden\n", encoding="utf-8")
    with pytest.raises(FinewsError, match=r"garden\.yaml: title: is missing"):
        load(written(tmp_path, f"{ONE_NODE}sites: [{{site: garden.yaml, every: 1h}}]\n"), {})


def test_sites_that_share_a_host_go_to_one_node(tmp_path: Path) -> None:
    for name, hosts in (("a", "one.example"), ("b", "one.example, two.example"), ("c", "two.example")):
        blog(tmp_path, name, hosts)
    sites = (
        "sites:\n  - {site: a.yaml, every: 1h}\n  - {site: b.yaml, every: 1h}\n"
        "  - {site: c.yaml, every: 1h, node: south}\n"
    )
    fleet = load(written(tmp_path, NODES + sites), {"SOUTH_PASSWORD": ""})
    assert [(name, member.node, member.group) for name, member in fleet.members.items()] == [
        ("a", "south", "a"),
        ("b", "south", "a"),
        ("c", "south", "a"),
    ]
    with pytest.raises(FleetError, match=r"sites\[2\]\.node: is south, but a, which has a host in common"):
        load(
            written(tmp_path, NODES + sites.replace("a.yaml, every: 1h", "a.yaml, every: 1h, node: north")),
            {"SOUTH_PASSWORD": ""},
        )


@given(st.sets(names, min_size=30, max_size=60), st.sets(names, min_size=2, max_size=8), st.data())
def test_a_lost_node_moves_only_its_own_sites(sites: set[str], nodes: set[str], data: st.DataObject) -> None:
    lost = data.draw(st.sampled_from(sorted(nodes)))
    before = {site: placing.chosen(site, nodes) for site in sites}
    after = {site: placing.chosen(site, nodes - {lost}) for site in sites}
    assert {site for site in sites if before[site] != after[site]} == {site for site in sites if before[site] == lost}


def test_hashing_gives_each_node_its_share() -> None:
    nodes = ["north", "south", "east", "west"]
    shares = [placing.chosen(f"site{number}", nodes) for number in range(4_000)]
    assert all(900 < shares.count(node) < 1_100 for node in nodes)


@given(st.dictionaries(names, st.frozensets(st.sampled_from("abcdefgh"), max_size=3), max_size=12))
def test_groups_are_sites_that_share_a_host_by_way_of_others(hosts: dict[str, frozenset[str]]) -> None:
    group = placing.groups(hosts)
    assert group.keys() == hosts.keys()
    assert all(group[one] == group[other] for one in hosts for other in hosts if hosts[one] & hosts[other])
    for name in {*group.values()}:  # and nothing more: no group falls apart
        reached, members = {name}, {site for site in group if group[site] == name}
        while more := {site for site in members for other in reached if hosts[site] & hosts[other]} - reached:
            reached |= more
        assert reached == members
        assert name == min(members)
