"""All categories of a post, and posts that are not to be published: imported, asked for, and written out again."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import made
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from crawler.archive import Archive
from crawler.cli import main
from crawler.jekyll.source import read_source
from crawler.jekyll.source_form import render_source
from crawler.markdown.post_file import render_post
from crawler.ops.importing.run import ImportOptions, import_posts
from crawler.sites.loading import load_site

if TYPE_CHECKING:
    from pathlib import Path


MINIMA = load_site("minima")
NAMED = "title: 江西\ndate: 2024-03-04 05:06:07\n"
BODY = "江西将实现5G融合。"
RISING = '<p>江西<span class="em_stock_key_common" data-code="1,600160">巨化股份</span>涨。</p>'


class Place:
    """A folder of files, and the archive they are imported into."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.files, self.archive = folder, folder / "files", folder / "a.db"

    def take_in(self, *, site: str = "minima", **files: str) -> dict[str, int]:
        """Import files with this front matter, by the names `2024-03-04-{name}.md`; return what became of them."""
        for name, front in files.items():
            self.write(f"2024-03-04-{name}.md", f"---\n{NAMED}{front}\n---\n{RISING if site == 'finews' else BODY}\n")
        report = import_posts(
            [self.files], ImportOptions(archive=self.archive, posts=self.folder / "_posts", site=site)
        )
        return {outcome: count for outcome, count in report["posts"].items() if count}

    def write(self, name: str, text: str) -> None:
        (self.files / name).parent.mkdir(exist_ok=True, parents=True)
        (self.files / name).write_text(text)

    def ask(self, *arguments: str) -> str:
        result = CliRunner().invoke(main, [*arguments, "--archive", str(self.archive)], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    def found(self, *options: str) -> list[str]:
        return [hit["id"] for hit in json.loads(self.ask("search", "江西", "--json", *options))["results"]]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


# Categories.


@pytest.mark.parametrize(
    ("front", "categories", "kept"),
    [
        ("categories: [财经, 股票]", ["财经", "股票"], {}),
        ("categories:\n  - 财经\n  - 股票", ["财经", "股票"], {}),
        ("categories:\n- [前端, JS]", ["前端", "JS"], {"categories": [["前端", "JS"]]}),
        ("categories:\n- [前端, JS]\n- [前端, CSS]\n- 工具", ["前端", "JS", "CSS", "工具"], ...),
        ("categories:\n- 前端\n- - JS\n  - [深, 更深]", ["前端", "JS", "深", "更深"], ...),
        ("categories: 财经 股票", ["财经", "股票"], {}),
        ("category: 财经", ["财经"], {}),
        ("categories: [财经]\ncategory: 股票", ["财经", "股票"], {}),
        ("Categories: [财经, 财经, '']", ["财经"], {}),
        ("categories: [a/b, c d]", ["a/b", "c d"], {}),
        ("categories: [2024, true, 1.10]", ["2024", "true", "1.10"], {}),
        ("categories: {a: b}", [], {"categories": {"a": "b"}}),
        ("categories: [a, {b: c}]", ["a"], {"categories": ["a", {"b": "c"}]}),
        ("categories:", [], {}),
    ],
)
def test_a_post_is_filed_under_all_that_its_file_names(
    place: Place, front: str, categories: list[str], kept: dict[str, Any]
) -> None:
    assert place.take_in(x=front) == {"new": 1}
    with Archive(place.archive) as archive:
        post = archive.post("x")
    assert (post["categories"], post["category"]) == (categories, next(iter(categories), None))
    if kept is not ...:
        assert post["front_matter"] == kept
    for category in categories:
        assert place.found("--category", category) == ["x"]
    assert place.found("--category", "other") == []
    assert place.take_in() == {"unchanged": 1}


def test_all_categories_are_told_by_every_command(place: Place) -> None:
    place.take_in(x="categories: [财经, 股票]", y="categories: [股票]")
    assert json.loads(place.ask("show", "x", "--format", "json"))["categories"] == ["财经", "股票"]
    assert "categories:\n  - 财经\n  - 股票\n" in place.ask("show", "x")
    hits = json.loads(place.ask("search", "江西", "--json"))["results"]
    assert {hit["id"]: hit["categories"] for hit in hits} == {"x": ["财经", "股票"], "y": ["股票"]}
    assert json.loads(place.ask("stats", "--json"))["categories"] == {"股票": 2, "财经": 1}


@pytest.mark.parametrize("form", ["markdown", "jekyll"])
def test_categories_come_out_of_an_export_and_in_again(place: Place, tmp_path: Path, form: str) -> None:
    place.take_in(x="categories: [财经, 股票, a b, '12']", y="categories: [股票]", z="")
    place.ask("export", str(tmp_path / "out"), "--format", form)
    again = Place(tmp_path / "again")
    import_posts([tmp_path / "out"], ImportOptions(archive=again.archive, posts=None, site="minima"))
    with Archive(again.archive) as archive:
        filed = {post["post_id"]: post["categories"] for post in archive.posts()}
    assert filed == {"x": ["财经", "股票", "a b", "12"], "y": ["股票"], "z": []}


@given(st.lists(st.text(min_size=1, max_size=6).map(lambda text: " ".join(text.split())), max_size=4))
def test_any_categories_are_read_back_from_what_is_written(slugs: list[str]) -> None:
    slugs = [slug for slug in dict.fromkeys(slugs) if slug and slug.isprintable()]
    row = {
        **made.DerivedArticle(made.article()).row,
        "category": slugs[0] if slugs else None,
        "categories": slugs,
        "html": "<p>w</p>",
        "share_url": None,
        "url": "https://blog.example/2022/04/20/x.html",
        "front_matter": {},
    }
    written = [render_post(row), render_source(row, None)] if len(slugs) != 1 else [render_post(row)]
    for text in written:
        post = read_source("2022-04-20-x.md", text, MINIMA, via="import", at=made.SEEN)
        assert [category.slug for category in post.categories] == slugs


def test_a_post_of_one_category_comes_out_as_it_always_did() -> None:
    row = {**made.DerivedArticle(made.article()).row, "html": "<p>文</p>"}
    older = {name: value for name, value in row.items() if name not in {"categories", "draft"}}
    assert render_post(row) == render_post(older)
    assert render_source(row, made.SITE) == render_source(older, made.SITE)
    assert "\ncategories: dajiangwang\n" in render_source(row, made.SITE)


def test_a_page_names_the_first_category_and_leaves_the_others(tmp_path: Path) -> None:
    run = made.Run(tmp_path / "a.db")
    emnews = made.Category(slug="emnews", name="滚动", url="")
    more = made.Category(slug="more", name="more", url="")
    run.write(made.article(via="import", other_categories=(more,)))
    run.write(made.article())
    assert run.archive.post(made.ID)["categories"] == ["dajiangwang", "more"]
    run.write(made.article(title="改了", category=emnews))
    assert run.archive.post(made.ID)["categories"] == ["emnews", "more"]
    run.write(made.article(title="又改了", category=None))
    assert run.archive.post(made.ID)["categories"] == ["emnews", "more"]
    run.end()


def test_a_search_as_of_a_time_goes_by_the_categories_of_that_time(tmp_path: Path) -> None:
    run = made.Run(tmp_path / "a.db")
    run.write(made.article(other_categories=(made.Category(slug="more", name="more", url=""),), via="import"))
    run.write(
        made.article(
            title="江西又改了", via="import", seen_at=made.LATER, category=made.Category(slug="e", name="e", url="")
        )
    )

    def found(category: str, as_of: str) -> int:
        return run.archive.search("江西", category=category, as_of=as_of)["total"]

    times = ("2022-04-21 09:30", "2022-04-21 12:00")
    assert {slug: [found(slug, at) for at in times] for slug in ("dajiangwang", "more", "e")} == {
        "dajiangwang": [1, 0],
        "more": [1, 0],
        "e": [0, 1],
    }
    run.end()


def test_an_import_fills_in_the_categories_that_an_older_archive_lacks(place: Place) -> None:
    place.take_in(x="categories: [财经, 股票]")
    with Archive(place.archive) as archive:
        archive.db.execute("DELETE FROM article_categories WHERE position > 0")
        archive.db.execute("UPDATE files SET content_hash = NULL")
    assert place.take_in() == {"unchanged": 1}
    assert place.found("--category", "股票") == ["x"]


# Drafts.


@pytest.mark.parametrize(
    "front", ["draft: true", "Draft: yes", "draft: 'true'", "published: false", "published: no", "draft: True"]
)
def test_a_draft_is_left_out_unless_it_is_asked_for(place: Place, front: str) -> None:
    assert place.take_in(site="finews", x=f"categories: emnews\n{front}", y="categories: emnews") == {"new": 2}
    assert (place.found(), sorted(place.found("--drafts"))) == (["y"], ["x", "y"])
    assert (place.found("--as-of", "2124"), sorted(place.found("--as-of", "2124", "--drafts"))) == (["y"], ["x", "y"])
    stock = [json.loads(place.ask("stock", "600160", "--json", *options)) for options in ((), ("--drafts",))]
    assert [(told["total"], told["names"][0]["posts"], len(told["results"])) for told in stock] == [
        (1, 1, 1),
        (2, 2, 2),
    ]
    stats = [json.loads(place.ask("stats", "--json", *options)) for options in ((), ("--drafts",))]
    counted = ("posts", "drafts", "revisions", "mentions", "categories")
    assert [[told[name] for name in counted] for told in stats] == [
        [1, 1, 1, 1, {"emnews": 1}],
        [2, 1, 2, 2, {"emnews": 2}],
    ]
    assert json.loads(place.ask("show", "x", "--format", "json"))["draft"] is True
    with Archive(place.archive) as archive:
        days = [[*archive.db.query(f"SELECT posts FROM {view}")] for view in ("articles_by_day", "mentions_by_day")]
    assert days == [[{"posts": 1}], [{"posts": 1}]]


@pytest.mark.parametrize("form", ["markdown", "jekyll", "jsonl", "csv"])
def test_drafts_are_exported_only_if_they_are_asked_for_and_stay_drafts(
    place: Place, tmp_path: Path, form: str
) -> None:
    place.take_in(x="draft: true\neditor: Ann", y="")
    for options, expected in (((), ["y"]), (("--drafts",), ["x", "y"])):
        folder = tmp_path / f"out{len(options)}"
        place.ask("export", str(folder), "--format", form, *options)
        assert exported(folder) == expected
    if form in {"markdown", "jekyll"}:
        again = Place(tmp_path / "again")
        import_posts([folder], ImportOptions(archive=again.archive, posts=None, site="minima"))
        with Archive(again.archive) as archive:
            told = {post["post_id"]: (post["draft"], post["front_matter"]) for post in archive.posts(drafts=True)}
        assert told == {"x": (True, {"editor": "Ann"}), "y": (False, {})}


def exported(folder: Path) -> list[str]:
    """Return the ids of the posts in an export."""
    if (folder / "posts.jsonl").exists():
        return sorted(json.loads(line)["post_id"] for line in (folder / "posts.jsonl").read_text().splitlines())
    if (folder / "posts.csv").exists():
        with (folder / "posts.csv").open(encoding="utf-8-sig") as file:
            return sorted(row["post_id"] for row in csv.DictReader(file))
    return sorted(path.stem.removeprefix("2024-03-04-") for path in folder.glob("*.md"))


def test_a_draft_among_the_markdown_posts_is_published_by_no_builder(place: Place) -> None:
    place.take_in(x="draft: true", y="published: true")
    drafts = {path.name: path.read_text() for path in sorted((place.folder / "_posts").iterdir())}
    assert "\ndraft: true\npublished: false\n" in drafts["2024-03-04-x.md"]
    assert "\npublished: true\n" in drafts["2024-03-04-y.md"]
    assert "draft" not in drafts["2024-03-04-y.md"]
    assert json.loads(place.ask("check", "--posts", str(place.folder / "_posts"), "--json"))["findings"] == []


def test_a_draft_that_is_published_later_is_a_change(place: Place) -> None:
    place.take_in(x="draft: true")
    assert place.take_in() == {"unchanged": 1}
    assert place.take_in(x="draft: false") == {"changed": 1}
    assert place.found() == ["x"]
    assert place.take_in() == {"unchanged": 1}
    with Archive(place.archive) as archive:
        assert [archive.post("x", revision=number)["draft"] for number in (1, 2)] == [True, False]
    assert "draft: true" not in (place.folder / "_posts" / "2024-03-04-x.md").read_text()


def test_what_was_published_and_is_a_draft_now_is_one(place: Place) -> None:
    place.take_in(x="")
    assert place.take_in(x="published: false") == {"changed": 1}
    assert (place.found(), place.found("--drafts")) == ([], ["x"])


def test_a_search_as_of_a_time_leaves_out_what_was_a_draft_then(tmp_path: Path) -> None:
    run = made.Run(tmp_path / "a.db")
    run.write(made.article(via="import", draft=True))
    run.write(made.article(seen_at=made.LATER))
    found = [run.archive.search("江西", as_of=at)["total"] for at in ("2022-04-21 09:30", "2022-04-21 12:00")]
    wanted = [
        run.archive.search("江西", as_of=at, drafts=True)["total"] for at in ("2022-04-21 09:30", "2022-04-21 12:00")
    ]
    assert (found, wanted) == ([0, 1], [1, 1])
    run.end()


@pytest.mark.parametrize("folder", ["_drafts", "source/_drafts", "_drafts/2024"])
def test_what_lies_among_drafts_is_one(place: Place, folder: str) -> None:
    place.write(f"{folder}/2024-03-04-x.md", f"---\n{NAMED}---\n{BODY}\n")
    assert place.take_in(y="") == {"new": 2}
    assert (place.found(), sorted(place.found("--drafts"))) == (["y"], ["x", "y"])


def test_a_draft_is_no_post_of_a_story(tmp_path: Path) -> None:
    run = made.Run(tmp_path / "a.db")
    story = "".join(
        f"<p>江西出台第{number}项5G行动计划，全省将建成十万个基站，覆盖全部乡镇。</p>" for number in range(30)
    )
    run.write(made.article("NW1", html=story))
    run.write(made.article("NW2", html=story, via="import", draft=True))
    assert [run.archive.post("NW1")["same_story"], run.archive.search("江西", collapse=True)["total"]] == [[], 1]
    run.end()
