"""Which post a file belongs to: versions of one post are one, and posts that share a name are several."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import made
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from made import Run
from profiles import examples

from crawler.archive import Archive
from crawler.items import Address, PostFile
from crawler.ops.check import check
from crawler.ops.importing.reading import read_files
from crawler.ops.importing.run import ImportOptions, import_posts
from crawler.recording.kinship import common
from crawler.sites import loading
from crawler.sites.addresses import id_in_name
from crawler.sites.loading import load_site

if TYPE_CHECKING:
    from crawler.recording.recorder import Recorder

BLOG = load_site("minima")
AT = datetime(2024, 1, 1, tzinfo=UTC)
TEACHER = (
    "老师走了，他教了我们三年的语文，每天早上第一个到教室，晚上最后一个离开。我们都记得他的声音，他的粉笔字，他的茶杯。"
    "现在教室还在，窗外的树也还在，他却不在了。愿他安息，我们会想念他的一切。"
)
CYCLING = (
    "周末骑车出城，一路上都是油菜花的味道，风很大，上坡的时候几乎推着走。到了河边休息，吃了带来的饭团，看了一会儿船。"
    "回来的时候天已经黑了，路灯一盏一盏亮起来，腿很酸，心里却是满满的快乐。"
)
GARDEN = (
    "The first frost came early this year and took the last of the tomatoes with it. We had hoped for another week, "
    "but the night was clear and by morning the leaves hung black from their stakes."
)
TRACTOR = (
    "The old tractor finally gave up on the hill behind the barn, and it took three neighbours and a rope to bring "
    "it home. The mechanic says that the gearbox can be mended, if a part turns up somewhere."
)
AWARD = (
    "一年一度的图书奖今日揭晓。评委会由五位评委组成，从上百部作品中评选。今年的得主是《{}》。"
    "感谢所有读者、作者与出版社。"
)


def post(title: str, text: str, **front: str) -> str:
    told = "".join(f"{key}: {value}\n" for key, value in front.items())
    return f"---\ntitle: {title}\n{told}---\n{text}\n"


class Blog:
    """A folder of posts and the archive that it is imported into."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.archive, self.posts = folder / "t", folder / "a.db", folder / "_posts"

    def take(self, files: dict[str, str], into: str = "t", **options: Any) -> dict[str, int]:
        """Write files, import their folder, and return what became of them; everything must be sound afterwards."""
        folder = self.folder.with_name(into)
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        options = {"archive": self.archive, "posts": self.posts, "site": "minima", **options}
        report = import_posts([folder], ImportOptions(**options))
        assert check(self.archive, options["posts"])["findings"] == []
        return {outcome: count for outcome, count in report["posts"].items() if count}

    def held(self) -> dict[str, tuple[str, int]]:
        """Return title and number of versions of each post by its id."""
        with Archive(self.archive) as archive:
            return {row["post_id"]: (row["title"], row["revision"]) for row in archive.posts()}

    def found(self, query: str) -> list[str]:
        with Archive(self.archive) as archive:
            return [hit["id"] for hit in archive.search(query)["results"]]


@pytest.fixture
def blog(tmp_path: Path) -> Blog:
    return Blog(tmp_path)


# Posts that share a name.


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        pytest.param(("悼念一位老师", TEACHER), ("骑车", CYCLING), ("粉笔字", "油菜花"), id="Chinese"),
        pytest.param(("First frost", GARDEN), ("The tractor", TRACTOR), ("tomatoes", "gearbox"), id="English"),
        pytest.param(("随笔", TEACHER), ("随笔", CYCLING), ("粉笔字", "油菜花"), id="one title"),
        pytest.param(
            ("年度图书奖", AWARD.format("山")), ("年度图书奖", AWARD.format("水")), ("山", "水"), id="a series"
        ),
    ],
)
def test_two_posts_of_one_name_and_two_days_are_two(
    blog: Blog, one: tuple[str, str], other: tuple[str, str], words: tuple[str, str]
) -> None:
    files = {"2005-08-09-note.md": post(*one), "2006-04-10-note.md": post(*other)}
    assert blog.take(files) == {"new": 2}
    assert blog.held() == {"note": (one[0], 1), "2006-04-10-note": (other[0], 1)}
    assert [blog.found(word) for word in words] == [["note"], ["2006-04-10-note"]]
    assert blog.take(files) == {"unchanged": 2}
    assert blog.take(files, into="moved") == {"unchanged": 2}


def test_posts_of_one_name_and_one_day_are_numbered(blog: Blog) -> None:
    texts = [TEACHER, CYCLING, GARDEN, TRACTOR]
    files = {f"{number}/2020-02-03-video.md": post(f"视频{number}", text) for number, text in enumerate(texts)}
    assert blog.take(files) == {"new": 4}
    assert sorted(blog.held()) == ["2020-02-03-video", "2020-02-03-video-2", "2020-02-03-video-3", "video"]
    assert blog.take(files) == {"unchanged": 4}


def test_short_posts_of_one_form_with_titles_of_their_own_are_several(blog: Blog) -> None:
    files = {
        f"{number}/2020-02-03-video.md": post(f"第{number}集", f"请看视频。第{number}集") for number in range(12)
    }
    assert blog.take(files) == {"new": 12}
    assert blog.take(files) == {"unchanged": 12}
    assert blog.take(files, into="moved") == {"unchanged": 12}


def test_a_post_in_two_languages_is_two_posts(blog: Blog) -> None:
    files = {
        "frost/index.md": post("Frost", GARDEN, date="2020-02-03"),
        "frost/index.zh.md": post("Frost", TEACHER, date="2020-02-03"),
        "en/2021-01-02-hello.md": post("Hello", TRACTOR),
        "zh/2021-01-02-hello.md": post("Hello", CYCLING),
    }
    assert blog.take(files) == {"new": 4}
    assert sorted(blog.held()) == ["2021-01-02-hello", "frost", "frost.zh", "hello"]


def test_a_name_that_is_too_long_for_another_id_is_refused(blog: Blog) -> None:
    name = "长" * 66
    report = blog.take({f"2005-08-09-{name}.md": post("一", TEACHER), f"2006-04-10-{name}.md": post("二", CYCLING)})
    assert report == {"new": 1, "refused": 1}


def test_a_definition_may_make_the_day_of_every_file_part_of_its_id() -> None:
    page = (Path(__file__).parent.parent / "docs" / "import.md").read_text(encoding="utf-8")
    named = yaml.safe_load(page.partition("```yaml\n")[2].partition("```")[0])["files"]["named"]
    site = replace(BLOG, files=replace(BLOG.files, named=named))
    assert id_in_name(site, "2006-04-10-note.md") == ("2006-04-10-note", "2006-04-10")


# Versions of one post.


@pytest.mark.parametrize(
    "version",
    [
        pytest.param(TEACHER.replace("三年", "四年"), id="a light edit"),
        pytest.param("今天收到消息。" + TEACHER[20:], id="another lead"),
        pytest.param(f"{TEACHER}\n\n{CYCLING}", id="added to"),
        pytest.param(TEACHER[:40], id="cut to a third"),
    ],
)
def test_a_version_of_a_post_in_another_folder_is_a_revision(blog: Blog, version: str) -> None:
    assert blog.take({"2005-08-09-note.md": post("悼念一位老师", TEACHER)}) == {"new": 1}
    assert blog.take({"2005-08-09-note.md": post("悼念一位老师", version)}, into="later") == {"changed": 1}
    assert blog.held() == {"note": ("悼念一位老师", 2)}


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(post("骑车", CYCLING), id="other words and title"),
        pytest.param(post("悼念", TEACHER, date="2007-08-09"), id="another day and title"),
    ],
)
def test_a_file_stays_with_its_post_while_day_or_words_are_the_same(blog: Blog, changed: str) -> None:
    blog.take({"2005-08-09-note.md": post("悼念一位老师", TEACHER)})
    assert blog.take({"2005-08-09-note.md": changed}) == {"changed": 1}
    assert list(blog.held()) == ["note"]


def test_a_file_that_is_used_for_something_new_each_day_has_a_post_for_each(blog: Blog) -> None:
    days = {"2024-01-02": TEACHER, "2024-01-03": CYCLING, "2024-01-04": GARDEN}
    for day, text in days.items():
        assert blog.take({"today.md": post("今日", text, date=day)}) == {"new": 1}
        assert blog.take({}) == {"unchanged": 1}
    assert sorted(blog.held()) == ["2024-01-03-today", "2024-01-04-today", "today"]


def test_a_post_that_was_imported_under_a_former_id_keeps_it(blog: Blog) -> None:
    blog.take({"2005-08-09-note.md": post("悼念一位老师", TEACHER)})
    with Archive(blog.archive) as archive:
        archive.db.execute("UPDATE posts SET post_id = 'former'")
    for text in (TEACHER, TEACHER.replace("三年", "四年")):
        assert blog.take({"2005-08-09-note.md": post("悼念一位老师", text)}, posts=None) in (
            {"unchanged": 1},
            {"changed": 1},
        )
    assert blog.held() == {"former": ("悼念一位老师", 2)}


def test_what_earlier_imports_took_for_versions_of_one_post_stays_as_it_is(blog: Blog) -> None:
    files = {"2005-08-09-note.md": post("悼念一位老师", TEACHER), "2006-04-10-note.md": post("骑车", CYCLING)}
    blog.take({"2005-08-09-note.md": files["2005-08-09-note.md"]})
    with Archive(blog.archive) as archive:
        archive.db.execute("UPDATE files SET path = ?", [str(blog.folder / "2006-04-10-note.md")])
    assert blog.take(files) == {"new": 1, "unchanged": 1}
    assert blog.take(files) == {"unchanged": 2}


def test_a_file_met_twice_in_one_import_counts_once(blog: Blog) -> None:
    blog.folder.mkdir()
    (blog.folder / "2005-08-09-note.md").write_text(post("一", TEACHER), encoding="utf-8")
    options = ImportOptions(archive=blog.archive, posts=blog.posts, site="minima")
    report = import_posts([blog.folder, blog.folder / "2005-08-09-note.md"], options)
    assert (report["posts"]["new"], report["posts"]["unchanged"]) == (1, 0)
    assert check(blog.archive, blog.posts)["findings"] == []


def test_the_ids_of_a_site_that_hold_the_day_are_one_posts_whatever_it_says(tmp_path: Path) -> None:
    run = Run(tmp_path / "a.db")
    for text, outcome in ((TEACHER, "new"), (CYCLING, "changed")):
        file = PostFile(path=text[:2], name=f"2022-04-20-{made.ID}.md", content=post(text[:2], text).encode())
        run.recorder.take_in(read_files([file], made.SITE, AT))
        assert run.archive.history(made.ID)[-1]["title"] == text[:2], outcome
    run.end()


# Pages of posts that were imported.


def taken(recorder: Recorder, *names: str) -> None:
    files = [
        PostFile(path=name, name=name, content=post(text[:4], text).encode())
        for name, text in zip(names, (TEACHER, CYCLING), strict=False)
    ]
    recorder.take_in(read_files(files, BLOG, AT))


def page(path: str, title: str, text: str, day: datetime) -> Any:
    address = Address(
        url=f"https://blog.example{path}", kind="post", key=path.rpartition("/")[2].removesuffix(".html")
    )
    article = made.article(
        address.key,
        fetch=made.fetch(address),
        url=address.url,
        title=title,
        html=f"<p>{text}</p>",
        published_at=day,
        site="minima",
        category=None,
        share_url=None,
    )
    return made.prepared(article)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path / "a.db", site=BLOG)


def ids(run: Run) -> dict[str, int]:
    return {row["post_id"]: row["revision"] for row in run.archive.posts()}


def test_a_page_is_a_version_of_the_post_at_its_address(run: Run) -> None:
    taken(run.recorder, "2005-08-09-note.md", "2006-04-10-note.md")
    run.recorder.write(
        [page("/2006/04/10/note.html", "骑车", f"{CYCLING}新的一句。", datetime(2006, 4, 10, tzinfo=UTC))]
    )
    assert ids(run) == {"note": 1, "2006-04-10-note": 2}
    run.end()


def test_a_page_that_shares_only_the_name_of_an_imported_post_is_another(run: Run) -> None:
    taken(run.recorder, "2005-08-09-note.md")
    run.recorder.write([page("/2006/04/10/note.html", "骑车", CYCLING, datetime(2006, 4, 10, tzinfo=UTC))])
    assert ids(run) == {"note": 1, "2006-04-10-note": 1}
    run.end()


def test_posts_that_share_a_name_are_found_by_their_files_and_addresses(run: Run) -> None:
    taken(run.recorder, "2005-08-09-note.md", "2006-04-10-note.md")
    for name, title in (
        ("2006-04-10-note.md", CYCLING[:4]),
        ("https://blog.example/2006/04/10/note.html", CYCLING[:4]),
        ("_posts/2005-08-09-note.md", TEACHER[:4]),
        ("note", TEACHER[:4]),
    ):
        assert run.archive.post(name)["title"] == title
    run.end()


def test_a_page_of_an_imported_post_may_stand_under_a_category_or_the_next_day(run: Run) -> None:
    taken(run.recorder, "2005-08-09-note.md")
    run.recorder.write([page("/a/2005/08/10/note.html", "老师", f"{TEACHER}新。", datetime(2005, 8, 10, tzinfo=UTC))])
    assert ids(run) == {"note": 2}
    run.end()


def test_a_file_of_a_post_that_was_crawled_belongs_to_it(run: Run) -> None:
    run.recorder.write(
        [page("/2005/08/09/note.html", "老师", f"{TEACHER}新。", datetime(2005, 8, 9, 23, tzinfo=UTC))]
    )
    taken(run.recorder, "2005-08-09-note.md", "2006-04-10-note.md")
    assert ids(run) == {"note": 2, "2006-04-10-note": 1}
    run.end()


# Histories.


def git(folder: Path, *arguments: str, day: int = 1, check: bool = True) -> None:
    at = datetime(2022, 1, 1, tzinfo=UTC) + timedelta(days=day)
    subprocess.run(
        ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@example.com", *arguments],
        check=check,
        capture_output=True,
        env={
            **os.environ,
            "GIT_COMMITTER_DATE": at.isoformat(),
            "GIT_AUTHOR_DATE": at.isoformat(),
            "HOME": str(folder),
        },
    )


class Repository(Blog):
    """A blog in a repository."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder.mkdir()
        git(self.folder, "init", "--quiet", "--initial-branch=main")

    def commit(self, day: int, **texts: str) -> None:
        """Write posts by their names and commit everything."""
        for name, text in texts.items():
            (self.folder / f"{name}.md").write_text(text, encoding="utf-8")
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "--allow-empty", "--message=x", day=day)

    def branch(self, name: str, start: str = "main") -> None:
        git(self.folder, "checkout", "--quiet", "-b", name, start)

    def main(self) -> None:
        git(self.folder, "checkout", "--quiet", "main")

    def merge(self, *arguments: str, day: int) -> None:
        git(self.folder, "merge", "--quiet", "--no-ff", "--message=m", *arguments, day=day, check=False)

    def history(self) -> dict[str, int]:
        return self.take({}, history=True)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_a_conflict_that_was_resolved_to_a_third_text_is_one_version(repository: Repository) -> None:
    repository.commit(1, note=post("题", TEACHER, date="2022-01-01"))
    repository.branch("side")
    repository.commit(2, note=post("题", f"{TEACHER}旁。", date="2022-01-01"))
    repository.main()
    repository.commit(3, note=post("题", f"{TEACHER}主。", date="2022-01-01"))
    repository.merge("side", day=4)
    repository.commit(4, note=post("题", f"{TEACHER}旁，主。", date="2022-01-01"))
    assert repository.history() == {"new": 1, "changed": 3}
    assert repository.history() == {"unchanged": 4}
    assert repository.held() == {"note": ("题", 4)}


def test_a_merge_that_takes_one_side_and_a_file_deleted_on_the_other_bring_no_version(repository: Repository) -> None:
    repository.commit(1, note=post("题", TEACHER, date="2022-01-01"), other=post("二", CYCLING, date="2022-01-02"))
    repository.branch("side")
    git(repository.folder, "rm", "--quiet", "other.md")
    repository.commit(2, note=post("题", f"{TEACHER}旁。", date="2022-01-01"))
    repository.main()
    repository.commit(3, note=post("题", f"{TEACHER}主。", date="2022-01-01"))
    repository.merge("--strategy-option=ours", "side", day=4)
    assert repository.history() == {"new": 2, "changed": 2}


def test_an_octopus_merge_a_rename_across_a_merge_and_a_revert_are_counted_once_each(repository: Repository) -> None:
    repository.commit(1, note=post("题", TEACHER, date="2022-01-01"))
    for day, side in enumerate(("a", "b", "c"), start=2):
        repository.branch(side)
        repository.commit(day, **{side: post(side, f"{GARDEN} {side}", date="2022-01-03")})
        repository.main()
    repository.merge("a", "b", "c", day=5)
    repository.branch("moving")
    git(repository.folder, "mv", "note.md", "2022-01-01-note.md")
    repository.commit(6)
    repository.main()
    repository.commit(7, note=post("题", f"{TEACHER}主。", date="2022-01-01"))
    repository.merge("moving", day=8)
    git(repository.folder, "revert", "--no-edit", "-m", "1", "HEAD", day=9)
    # Four posts and one change; moved, as the merge moved it with the change, and moved back it says nothing new.
    assert repository.history() == {"new": 4, "changed": 1, "unchanged": 3}
    assert repository.held() == {"note": ("题", 2), "a": ("a", 1), "b": ("b", 1), "c": ("c", 1)}


def test_a_post_without_a_date_has_the_time_of_its_first_commit(repository: Repository) -> None:
    repository.commit(1, note=post("题", TEACHER))
    repository.commit(2, note=post("题", f"{TEACHER}新。"))
    git(repository.folder, "mv", "note.md", "renamed.md")
    repository.commit(3)
    assert repository.history() == {"new": 1, "changed": 1, "unchanged": 1}
    with Archive(repository.archive) as archive:
        (row,) = archive.posts()
    assert (row["post_id"], row["published_at"], row["derived"]) == ("note", "2022-01-02T00:00:00+00:00", ["date"])


def test_a_history_belongs_to_the_posts_that_were_imported_from_its_checkout(repository: Repository) -> None:
    repository.commit(1, note=post("旧题", TEACHER, date="2022-01-01"))
    repository.commit(2, note=post("新题", CYCLING, date="2022-01-01"))
    assert repository.take({}) == {"new": 1}
    assert repository.history() == {"changed": 1, "unchanged": 1}
    assert repository.held() == {"note": ("新题", 2)}


# Files that have not changed.


def spoil(blog: Blog) -> None:
    """Have the archive say something else, so that reading a file again would bring a revision."""
    with Archive(blog.archive) as archive:
        archive.db.execute("UPDATE versions SET title = 'x', content_hash = 'x'")


def test_a_file_that_has_not_changed_is_not_read_again(blog: Blog) -> None:
    files = {"2005-08-09-note.md": post("老师", TEACHER), "2006-04-10-ride.md": post("骑车", CYCLING)}
    blog.take(files)
    spoil(blog)
    options = ImportOptions(archive=blog.archive, posts=None, site="minima")
    assert import_posts([blog.folder], options)["posts"]["unchanged"] == 2
    (blog.folder / "2006-04-10-ride.md").write_text(post("骑车", f"{CYCLING}新。"), encoding="utf-8")
    counts = import_posts([blog.folder], options)["posts"]
    assert (counts["changed"], counts["unchanged"]) == (1, 1)


def test_a_file_is_read_again_by_another_definition_and_if_its_post_is_gone(blog: Blog) -> None:
    blog.take({"2005-08-09-note.md": post("老师", TEACHER)})
    definition = blog.folder.with_name("minima.yaml")
    bundled = (Path(loading.__file__).parent / "minima.yaml").read_text(encoding="utf-8")
    definition.write_text(bundled.replace("A Jekyll blog", "Another"), encoding="utf-8")
    spoil(blog)
    assert blog.take({}, site=str(definition), posts=None) == {"changed": 1}
    with Archive(blog.archive) as archive:
        archive.db.execute("DELETE FROM posts")
    options = ImportOptions(archive=blog.archive, posts=None, site=str(definition))
    assert import_posts([blog.folder], options)["posts"]["refused"] == 1
    assert import_posts([blog.folder / "2005-08-09-note.md"], options)["posts"]["new"] == 1


def test_the_markdown_of_a_file_that_has_not_changed_is_written_if_it_is_missing(blog: Blog) -> None:
    blog.take({"2005-08-09-note.md": post("老师", TEACHER)})
    (written,) = blog.posts.iterdir()
    text = written.read_text(encoding="utf-8")
    written.unlink()
    assert blog.take({}) == {"unchanged": 1}
    assert written.read_text(encoding="utf-8") == text


def test_many_files_of_which_few_have_changed_are_taken_in_in_their_order(blog: Blog) -> None:
    files = {f"2005-08-09-note{number:03}.md": post(f"第{number}篇", f"{TEACHER}{number}") for number in range(300)}
    assert blog.take(files) == {"new": 300}
    changed = {name: f"{text}新。" for name, text in files.items() if name[-5] == "7"}
    assert blog.take(changed) == {"changed": 30, "unchanged": 270}
    assert blog.take({}) == {"unchanged": 300}


# What two texts have in common.


def test_texts_are_compared_by_runs_of_three_tokens() -> None:
    assert common("江西将实现5G", "江西将实现5G+VR融合") == 1.0
    assert common("一二三四五", "三四五六七") == pytest.approx(1 / 3)
    assert common(TEACHER, CYCLING) == 0.0
    assert common("短", "短。") == 1.0
    assert common("", "文") == 0.0
    assert common("，", "") == 1.0


@settings(max_examples=examples(50))
@given(st.text(), st.text())
def test_what_two_texts_have_in_common_is_a_share_and_the_same_from_either_side(one: str, other: str) -> None:
    assert 0.0 <= common(one, other) == common(other, one) <= 1.0
    assert common(one, one) == 1.0
