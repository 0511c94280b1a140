"""Undoing imports: what one brought goes, what it changed is again as it was, and what newer stands on stays."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import made
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.archive import Archive
from crawler.archive.search import index
from crawler.cli import main
from crawler.errors import NoSuchRun, UsageError
from crawler.ops.check import check
from crawler.ops.deleting import delete_posts
from crawler.ops.importing.run import ImportOptions, import_posts
from crawler.ops.importing.undoing import undo_import

if TYPE_CHECKING:
    from pathlib import Path

STORY = "江西省发布行动计划，推进工业互联网和数字经济融合发展，到明年建成十万个基站，投资两百亿元，覆盖全部县城。" * 3
ID = made.ID
TABLES = (
    "posts versions article_authors authors article_tags article_categories mentions stories files deletions"
    " before_imports"
).split()


class Place:
    """An archive, the folder with its Markdown, and one with files to import."""

    def __init__(self, folder: Path) -> None:
        self.archive, self.posts, self.mine = folder / "archive.db", folder / "_posts", folder / "mine"

    def crawl(self, *records: Any) -> None:
        with made.Run(self.archive, folder=self.posts) as run:
            for record in records:
                run.write(record)
            run.end()

    def take(self, files: dict[str, str]) -> int:
        """Import files, and return the number of the run."""
        for name, text in files.items():
            path = self.mine / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        report = import_posts([self.mine], ImportOptions(archive=self.archive, posts=self.posts, site="finews"))
        return report["run"]

    def undo(self, run: int) -> dict[str, Any]:
        """Undo a run; everything must be sound afterwards."""
        result = undo_import(self.archive, run, self.posts)
        assert check(self.archive, self.posts)["findings"] == []
        assert (result.pop("archive"), result.pop("run")) == (str(self.archive), run)
        return dict(result)

    def marked(self) -> list[Any]:
        """Return the addresses that no run requests, because their posts were deleted."""
        with Archive(self.archive) as archive:
            rows = "SELECT url, state, reason, deleted_at FROM links WHERE deleted_at IS NOT NULL AND kind = 'post'"
            return archive.db.execute(rows).fetchall()

    def held(self) -> Any:
        """Return all that is stored of posts, in the tables, in the index and as Markdown."""
        with Archive(self.archive) as archive:
            tables = {name: [*archive.db.query(f"SELECT * FROM {name} ORDER BY 1, 2")] for name in TABLES}
            files = {file.name: file.read_bytes() for file in self.posts.glob("*")}
            return tables, index.rows(archive.db), files, [*archive.posts()]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def file(title: str = "题", body: str = "正文。", date: str = "2022-04-20 16:44:59 +0800", more: str = "") -> str:
    return f'---\ntitle: "{title}"\ndate: {date}\n{more}---\n<p>{body}</p>\n'


def test_posts_that_an_import_brought_go(place: Place):
    place.crawl(made.article(ID, title="甲题", html=f"<p>{STORY}</p>"))
    before = place.held()
    run = place.take({"a.md": file("甲题", STORY), "b.md": file("乙题")})
    assert place.undo(run) == {"removed": ["a", "b"], "restored": [], "kept": []}
    assert place.held() == before
    with Archive(place.archive) as archive:
        reports = {report["run"]: report["posts"]["new"] for report in archive.runs()}
        assert (reports, archive.search("乙题")["total"]) == ({1: 1, run: 0}, 0)


def test_a_post_that_an_import_changed_is_again_what_it_was(place: Place):
    place.crawl(made.article(ID, authors=("张三",), image="https://finews.withounder.com/a.jpg"))
    before = place.held()
    more = "categories: [emnews, other]\ntags: [新标签]\nsource: 别处\nauthors: [李四, 张三]\nimage: /b.jpg\n"
    run = place.take({f"2022-04-23-{ID}.md": file("新题", f"全新的正文。{STORY}", "2022-04-23 08:00:00 +0800", more)})
    with Archive(place.archive) as archive:
        # What the site has shown stays the current version.
        assert [each["title"] for each in archive.history(ID)] == ["新题", before[3][0]["title"]]
    assert place.undo(run) == {"removed": [], "restored": [{"id": ID, "revision": 1}], "kept": []}
    assert place.held() == before
    with Archive(place.archive) as archive:
        assert [archive.search(words)["total"] for words in ("新题", "江西")] == [0, 1]


def test_details_that_a_file_filled_in_are_taken_out_again(place: Place):
    place.crawl(made.shared(ID, source=None, category=None, tags=(), mentions=(), share_url=None))
    before = place.held()
    with Archive(place.archive) as archive:
        post = archive.post(ID)
    body, more = (
        "江西将实现5G+VR融合。</p><p>贵州茅台上涨。",
        "categories: dajiangwang\ntags: 大江网新闻\nauthor: 张三\nimage: /a.jpg\n",
    )
    run = place.take({f"2022-04-20-{ID}.md": file(post["title"], body, more=more)})
    with Archive(place.archive) as archive:
        assert (archive.post(ID)["revision"], archive.post(ID)["category"]) == (1, "dajiangwang")
        assert archive.post(ID)["authors"] == ["张三"]
    assert place.undo(run)["restored"] == [{"id": ID, "revision": 1}]
    assert place.held() == before


def test_an_earlier_version_that_an_import_brought_goes_from_below_the_later_one(place: Place):
    place.take({"a.md": file("早", "早先的正文，关于江西的工业互联网。")})
    first = place.held()
    run = place.take({"a.md": file("晚", "早先的正文，关于江西的工业互联网和水果。")})
    assert place.undo(run)["restored"] == [{"id": "a", "revision": 1}]
    now = place.held()
    assert now[3] == first[3]
    assert now[2] == first[2]


def test_what_something_newer_stands_on_stays_and_is_named(place: Place):
    run = place.take({"a.md": file("甲", STORY), f"2022-04-20-{ID}.md": file("乙", "乙的正文。"), "c.md": file("丙")})
    later = place.take({"a.md": file("甲", f"{STORY}又改了。")})
    place.crawl(made.article(ID, title="乙", html="<p>乙的正文。</p>"))
    result = undo_import(place.archive, run, place.posts)
    assert result["kept"] == [
        {"id": ID, "reason": f"run {later} imported it again: undo that one first"},
        {"id": "a", "reason": f"run {later} brought a later version"},
        {"id": "c", "reason": f"run {later} imported it again: undo that one first"},
    ]
    assert place.undo(later)["restored"] == [{"id": "a", "revision": 1}]
    url = made.post_address(ID).url
    assert place.undo(run) == {
        "removed": ["a", "c"],
        "restored": [],
        "kept": [{"id": ID, "reason": f"a crawl has found it on the site ({url}): `finews delete` takes it out"}],
    }


@pytest.mark.parametrize("crawled", [True, False])
def test_a_deleted_post_that_an_import_brought_back_is_deleted_again(place: Place, *, crawled: bool):
    name = f"2022-04-20-{ID}.md"
    if crawled:
        place.crawl(made.article(ID), made.gone(made.post_address("NW1")))
    else:
        place.take({name: file()})
    delete_posts(place.archive, [ID], place.posts, made.LATER)
    before, marked = place.held(), place.marked()
    (place.mine / name).parent.mkdir(exist_ok=True)
    (place.mine / name).write_text(file(), encoding="utf-8")
    options = ImportOptions(archive=place.archive, posts=place.posts, site="finews")
    run = import_posts([place.mine / name], options)["run"]
    with Archive(place.archive) as archive:
        assert [post["post_id"] for post in archive.posts()] == [ID]
    assert place.marked() == []
    assert place.undo(run) == {"removed": [ID], "restored": [], "kept": []}
    assert (place.held(), place.marked()) == (before, marked)
    assert import_posts([place.mine], options)["reasons"] == {
        "refused: deleted on 2022-04-21; name the file itself to import it again": 1
    }


def test_a_crawl_and_a_run_that_was_not_are_sentences(place: Place):
    place.crawl(made.article(ID))
    with pytest.raises(UsageError, match=r"Run 1 was no import: .* `finews delete` takes out single posts\."):
        undo_import(place.archive, 1, None)
    with pytest.raises(NoSuchRun, match="has no run 9: `finews runs` lists them"):
        undo_import(place.archive, 9, None)


def test_an_import_is_undone_once_and_may_come_again(place: Place):
    run = place.take({"a.md": file()})
    assert place.undo(run)["removed"] == ["a"]
    assert place.undo(run) == {"removed": [], "restored": [], "kept": []}
    place.take({})
    with Archive(place.archive) as archive:
        assert [post["post_id"] for post in archive.posts()] == ["a"]


def test_the_command_says_what_went_and_what_stays(place: Place):
    run = place.take({"a.md": file()})
    where = ["--archive", str(place.archive), "--posts", str(place.posts)]
    done = CliRunner().invoke(main, ["import", "--undo", str(run), "--json", *where])
    assert (done.exit_code, json.loads(done.stdout)) == (
        0, {"archive": str(place.archive), "run": run, "removed": ["a"], "restored": [], "kept": []},
    )  # fmt: skip
    first, second = place.take({}), place.take({})
    done = CliRunner().invoke(main, ["import", "--undo", str(first), *where])
    assert (done.exit_code, done.stdout.splitlines()) == (
        1,
        [
            f"a stays as it is: run {second} imported it again: undo that one first.",
            f"Run {first} undone: 0 posts removed, 0 brought back to what they were, 1 left as they are",
        ],
    )


@pytest.mark.parametrize("arguments", [[], ["--undo", "1", "mine"], ["--undo", "1", "--site", "notes"]])
def test_an_undoing_takes_no_files_and_an_import_some(tmp_path: Path, arguments: list[str]):
    done = CliRunner().invoke(main, ["import", *arguments, "--archive", str(tmp_path / "a.db")])
    assert done.exit_code == 2
    assert "--undo RUN" in done.stderr


WORDS = st.text("甲乙丙丁江西", min_size=1, max_size=6)
FILES = st.dictionaries(st.sampled_from(["a.md", "b.md", f"2022-04-20-{ID}.md"]), st.tuples(WORDS, WORDS), min_size=1)


@settings(max_examples=examples(20), deadline=None)
@given(first=FILES, second=FILES)
def test_an_import_and_its_undoing_leave_everything_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, first: dict[str, tuple[str, str]], second: dict[str, tuple[str, str]]
):
    place = Place(tmp_path_factory.mktemp("undone"))
    place.crawl(made.article(ID))
    place.take({name: file(*words) for name, words in first.items()})
    before = place.held()
    shutil.rmtree(place.mine)
    run = place.take({f"x/{name}": file(*words) for name, words in second.items()})
    place.undo(run)
    after = place.held()
    assert after[1:] == before[1:]
    assert {name: rows for name, rows in after[0].items() if name != "files"} == {
        name: rows for name, rows in before[0].items() if name != "files"
    }
