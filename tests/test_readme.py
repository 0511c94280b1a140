"""The documents tell the truth: every command in them is run, every sample compared with the real thing."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest
import yaml

from crawler.ops.sample_site.server import serve
from crawler.ops.sample_site.site import Resource, SampleSite, bundled_site
from crawler.sites.checking import check
from crawler.sites.definition import Site

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.slow  # whole runs of the program

ROOT = Path(__file__).parent.parent
PAGES = {path: path.read_text(encoding="utf-8") for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])}
README, CRAWL_PAGE, ASK_PAGE, SQL_PAGE, SITES_PAGE, MAP = (
    PAGES[ROOT / name]
    for name in ("README.md", *(f"docs/{page}.md" for page in ("crawl", "ask", "sql", "sites", "architecture")))
)


def _fenced(page: str) -> list[tuple[str, str]]:
    """Return the blocks of a page, each with its language."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def _block(language: str, page: str, begins: str = "") -> str:
    """Return the one block of a page in a language that begins so."""
    (text,) = [text for name, text in _fenced(page) if name == language and text.startswith(begins)]
    return text


def _commands(program: str) -> list[str]:
    """Return every command of a program that a document names, in a block or in the text."""
    named: set[str] = set()
    for page in PAGES.values():
        named.update(line for name, block in _fenced(page) if name == "sh" for line in block.splitlines())
        named.update(re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)))
    return sorted(line for line in named if line.startswith(f"{program} "))


SERVING, TOUR = (_block("sh", README, f". .venv/bin/activate\n{second}") for second in ("finews demo", "cd "))
_OF_THE_TOUR = {line for block in (SERVING, TOUR) for line in block.splitlines()}
SERVE = "finews demo --serve"
WALK = [block for name, block in _fenced(SITES_PAGE) if name == "sh" and "moss.yaml" in block]
_OF_THE_WALK = {line for block in WALK for line in block.splitlines()}

_APART = (_OF_THE_TOUR | _OF_THE_WALK) - {line for line in _OF_THE_TOUR if "history" in line}
COMMANDS = [command for command in _commands("finews") if command not in _APART]
SELFTEST = "finews crawl --selftest"  # has a test of its own
CRAWLING = [command for command in COMMANDS if command.startswith("finews crawl") and command != SELFTEST]
TAKING_IN = [command for command in COMMANDS if command.startswith(("finews import", "finews share"))]
UNDOING = [command for command in TAKING_IN if "--undo" in command]
DELETING = [command for command in COMMANDS if command.startswith("finews delete")]
SHOWING = [command for command in COMMANDS if command.startswith("finews serve")]
MERGING = [command for command in COMMANDS if command.startswith("finews merge")]
FLEET = [command for command in COMMANDS if command.startswith("finews fleet")]  # tests/test_fleet.py runs them
NOT_ASKING = {*CRAWLING, *TAKING_IN, *DELETING, *SHOWING, *MERGING, *FLEET, SELFTEST}
ASKING = [command for command in COMMANDS if command not in NOT_ASKING]


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `finews crawl` has been run against the sample site, and a file been refused by `import`."""
    folder = tmp_path_factory.mktemp("readme")
    with serve(bundled_site()) as server:
        command = [sys.executable, "-m", "crawler", "crawl", "--mirror", server.url]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    for name in ("2024.db", "2025.db"):
        shutil.copyfile(folder / "output/archive.db", folder / name)
    (folder / "wordless.md").touch()
    subprocess.run([*command[:3], "import", "wordless.md"], cwd=folder, check=False, capture_output=True)
    return folder


@pytest.mark.parametrize("command", ASKING)
def test_a_command_that_asks_runs_as_it_stands(command: str, crawled: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "crawler", *shlex.split(command)[1:]],
        cwd=crawled,
        env={**os.environ, "HOME": str(crawled)},  # where completion is installed
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


@pytest.mark.parametrize("command", SHOWING)
def test_a_command_that_serves_answers_where_it_says_and_ends(command: str, crawled: Path) -> None:
    arguments = [*shlex.split(command)[1:], "--port", "0"]  # the one that is named may be in use
    with subprocess.Popen(
        [sys.executable, "-m", "crawler", *arguments], cwd=crawled, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        with urlopen(server.stdout.readline().strip()) as answer:
            assert "江西" in answer.read().decode()
        server.terminate()
    assert server.returncode == 0


@pytest.mark.parametrize("command", CRAWLING)
def test_a_command_that_crawls_runs_as_it_stands(
    command: str, tmp_path: Path, finews: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    (tmp_path / "garden.yaml").write_text(_block("yaml", SITES_PAGE, "name: garden"), encoding="utf-8")
    with serve(_garden() if "garden" in command else bundled_site()) as server:
        arguments = shlex.split(command)[1:]
        done = finews(*arguments, *([] if "--help" in arguments else ["--mirror", server.url]))
    assert done.returncode == 0
    assert not re.search("Error|Alarm|Traceback", done.stderr)
    assert "--help" in arguments or re.search(r"^Posts: [1-9]", done.stdout, re.MULTILINE)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A folder with what the documents import: a folder, a bare repository and a checkout of it, a blog, a list."""
    posts = [entry for entry in (files("crawler.ops.sample_site") / "posts").iterdir() if entry.name.endswith(".md")]
    for folder in ("old_post", "checkout/_posts"):
        (tmp_path / folder).mkdir(parents=True)
        for entry in posts:
            (tmp_path / folder / entry.name).write_bytes(entry.read_bytes())
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com", "-C", str(tmp_path / "checkout")]
    for arguments in (["init"], ["add", "."], ["commit", "-m", "x"], ["clone", "--bare", ".", "../finews.git"]):
        subprocess.run([*git, *arguments], check=True, capture_output=True)
    (tmp_path / "garden/_posts").mkdir(parents=True)
    (tmp_path / "garden/_posts/2024-03-05-first-frost.md").write_text(
        "---\ntitle: First frost\n---\nIt came early.\n"
    )
    (tmp_path / "garden.yaml").write_text(_block("yaml", SITES_PAGE, "name: garden"), encoding="utf-8")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/idea.md").write_text("# An idea\n\nWithout a date.\n")
    (tmp_path / "ids.txt").write_text("# lost\nNW202204182347990071\n")
    return tmp_path


@pytest.mark.parametrize("command", [command for command in TAKING_IN if command not in UNDOING])
def test_a_command_that_takes_in_what_is_forgotten_runs_as_it_stands(
    command: str, kept: Path, finews: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    with serve(bundled_site()) as server:
        mirrored = ["--mirror", server.url] if command.startswith("finews share") else []
        done = finews(*shlex.split(command)[1:], *mirrored)
    assert (done.returncode, (kept / "output/archive.db").is_file()) == (0, True)
    assert re.search(r"^Posts: [1-9]", done.stdout, re.MULTILINE)
    assert re.sub(r"(?m)^(refused .*: no title|INFO.*|\d.*)\n", "", done.stderr) == ""


@pytest.mark.parametrize("command", UNDOING)
@pytest.mark.usefixtures("kept")
def test_a_command_that_takes_an_import_back_runs_as_it_stands(
    command: str, finews: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    finews("import", "notes", "--site", "notes")
    finews("import", "old_post")
    done = finews(*shlex.split(command)[1:])
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"Run 2 undone: [1-9]\d* posts removed, 0 brought back .*, 0 left as they are\n", done.stdout)


@pytest.mark.parametrize("command", DELETING)
def test_a_command_that_deletes_runs_as_it_stands(
    command: str, crawled: Path, tmp_path: Path, finews: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    shutil.copytree(crawled / "output", tmp_path / "output")
    done = finews(*shlex.split(command)[1:])
    assert (done.returncode, re.sub(r"finews-\d{14}-1", "…", done.stderr)) == (
        0,
        "output/captures/….warc.gz still has what was served of them: delete it too if that must go.\n",
    )
    assert "Deleted 1 post from output/archive.db" in done.stdout


@pytest.mark.parametrize("command", MERGING)
def test_a_command_that_merges_runs_as_it_stands(
    command: str, crawled: Path, tmp_path: Path, finews: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    for name in ("laptop.db", "server.db", "node1/copy.db", "in/node/000001.db"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(crawled / "output/archive.db", tmp_path / name)
    done = finews(*shlex.split(command.replace("*.db", "000001.db"))[1:])
    assert (done.returncode, done.stderr) == (0, "")
    assert re.match(
        r"(laptop|node1/copy|in/node/000001)\.db: [1-9]\d* posts new, 0 changed, 0 unchanged\n", done.stdout
    )


def _garden() -> SampleSite:
    """The blog of the example: a home page and a post of the minima theme."""
    served = {
        path: Resource((ROOT / "tests/pages/minima" / case / "page.html").read_bytes(), "text/html", 0, f'"{case}"')
        for path, case in {"/": "home", "/garden/2024/03/05/first-frost.html": "post"}.items()
    }
    return SampleSite(served, bundled_site().missing)


@pytest.mark.parametrize("command", _commands("sqlite3"))
def test_a_query_for_sqlite3_runs_as_it_stands(command: str, crawled: Path) -> None:
    arguments = shlex.split(command)
    if shutil.which("sqlite3"):
        output = subprocess.run(arguments, cwd=crawled, capture_output=True, text=True, check=True).stdout
    else:  # the same SQL, where only Python is at hand
        file, sql = (argument for argument in arguments[1:] if argument != "-readonly")
        sql = sql.replace(".schema", "SELECT sql FROM sqlite_schema")
        with contextlib.closing(sqlite3.connect(crawled / file)) as db:
            output = "".join(f"{'|'.join(map(str, row))}\n" for row in db.execute(sql))
    assert output
    if "search MATCH" in command:
        assert output == "NW202204202350104915|推进5G规模化应用！江西出台5G应用“扬帆”行动计划\n"


def test_the_example_of_searching_in_sql_runs_as_it_stands(crawled: Path) -> None:
    program = _block("python", SQL_PAGE, "from crawler")
    output = subprocess.run(
        [sys.executable, "-c", program], cwd=crawled, capture_output=True, text=True, check=True
    ).stdout
    assert output == "大江网 1\n"


RECIPES = [_block("python", SQL_PAGE, "import sqlite3"), _block("r", SQL_PAGE)]
RECIPE_QUERIES = [sql for recipe in RECIPES for sql in re.findall('"(SELECT .*?)"', recipe)]


@pytest.mark.parametrize("sql", RECIPE_QUERIES)
def test_the_query_of_a_recipe_for_another_program_runs_as_it_stands(sql: str, crawled: Path) -> None:
    (address,) = re.findall(r'sqlite3\.connect\("(.*?)"', RECIPES[0])
    with contextlib.closing(sqlite3.connect(address.replace("output", f"{crawled}/output"), uri=True)) as db:
        assert len(db.execute(sql).fetchall()) > 5
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            db.execute("DELETE FROM articles")


def test_what_the_recipe_for_r_asks_by_dplyr_is_a_view(crawled: Path) -> None:
    (view,) = re.findall(r'tbl\(archive, "(\w+)"\)', RECIPES[1])
    with contextlib.closing(sqlite3.connect(crawled / "output/archive.db")) as db:
        assert {"market", "name", "posts"} <= {column for _, column, *_ in db.execute(f"PRAGMA table_info({view})")}


def test_every_table_and_view_is_explained(crawled: Path) -> None:
    with contextlib.closing(sqlite3.connect(crawled / "output/archive.db")) as db:
        names = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")}
    own = {"posts", "versions", "sightings", "story_keys", "derived", "_sqlite_migrations"}
    shadows = {f"{table}_{kept}" for table in ("search", "search_tokens") for kept in ("data", "idx", "config")}
    explained = re.findall(
        r"`(\w+)`", "".join(line.split("|")[1] for line in SQL_PAGE.splitlines() if line[:1] == "|")
    )
    assert names - own - shadows - {"sqlite_sequence"} <= set(explained)


@pytest.mark.parametrize("command", _commands("sqlite-utils"))
def test_a_query_for_sqlite_utils_runs_as_it_stands(command: str, crawled: Path) -> None:
    arguments = [sys.executable, "-m", "sqlite_utils", *shlex.split(command)[1:]]
    output = subprocess.run(arguments, cwd=crawled, capture_output=True, text=True, check=True).stdout
    assert "2022-04-18T" in output or "no title" in output or '"count": 25' in output


def test_the_python_example_runs_as_it_stands(crawled: Path) -> None:
    program = _block("python", README)
    output = subprocess.run(
        [sys.executable, "-c", program], cwd=crawled, capture_output=True, text=True, check=True
    ).stdout
    assert output == "2022-04-20T16:44:59+08:00 推进5G规模化应用！江西出台5G应用“扬帆”行动计划\n"


def test_the_example_of_a_site_is_a_definition() -> None:
    text = _block("yaml", SITES_PAGE, "name: garden")
    assert check(Site, yaml.safe_load(text), "").name == "garden"


def test_the_sample_post_is_what_a_crawl_writes(crawled: Path) -> None:
    sample = _block("markdown", CRAWL_PAGE)
    written = (crawled / "output/_posts/2022-04-20-NW202204202350104915.md").read_text(encoding="utf-8")
    assert written.startswith(sample.removesuffix("…\n"))


def test_the_demonstration_prints_what_the_readme_shows(
    finews: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    shown = _block("console", README, "$ make demo\n")
    done = finews("demo", "--archive", "demo/archive.db")

    def steady(text: str) -> str:
        without_times = re.sub(r"in \d+\.\d s|\d+\.\d kB", "…", text)
        without_program = re.sub(
            r"^  \S*finews serve --archive .*[/\\]", "  finews serve …", without_times, flags=re.MULTILINE
        )
        return re.sub(r"(Archive|Markdown): .*[/\\]", r"\1: ", without_program).strip()

    assert done.returncode == 0
    assert steady(done.stdout) == steady(shown.removeprefix("$ make demo\n"))


def _shell(block: str, folder: Path, port: int, environment: dict[str, str]) -> subprocess.Popen[str]:
    """Start a block of the README in bash; `. .venv/bin/activate` puts `finews` on the path there."""
    (folder / ".venv/bin").mkdir(parents=True, exist_ok=True)
    (folder / ".venv/bin/activate").write_text(f'finews() {{ {sys.executable} -m crawler "$@"; }}\n')
    script = block.replace("127.0.0.1:8000", f"127.0.0.1:{port}").replace(SERVE, f"{SERVE} --port {port}")
    return subprocess.Popen(
        ["bash", "-ec", script],
        cwd=folder,
        env={**environment, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_the_tour_of_the_readme_shows_what_it_says_from_beginning_to_end(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    shown = _block("console", README, "$ finews history ")
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with _shell(SERVING, tmp_path, port, environment) as serving:
        assert serving.stdout is not None
        assert serving.stdout.readline() == f"http://127.0.0.1:{port}\n"
        with _shell(TOUR, tmp_path, port, environment) as tour:
            said, _ = tour.communicate(timeout=120)
        os.killpg(serving.pid, signal.SIGTERM)
    assert (tour.returncode, serving.returncode) == (0, -signal.SIGTERM)
    assert re.findall(r"^Posts: (\d+) new · (\d+) changed", said, re.MULTILINE) == [
        ("25", "0"),
        ("0", "0"),
        ("0", "1"),
    ]
    when = "a run does that in 60 min at the earliest, if the home page has changed. To check them now, add --full."
    assert re.findall("^Nothing new.*$", said, re.MULTILINE) == [
        f"Nothing new. 27 known posts were not checked again: {when}"
    ]
    moment = "seen .*? by run"
    end = said[said.index("\n1  seen ") + 1 :]
    assert re.sub(moment, "…", end) == re.sub(moment, "…", shown.partition("\n")[2])


def test_the_walk_to_a_definition_shows_what_it_says_from_beginning_to_end(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with _shell(SERVING, tmp_path, port, environment) as serving:
        assert serving.stdout is not None
        assert serving.stdout.readline() == f"http://127.0.0.1:{port}\n"
        with _shell(f". .venv/bin/activate\n{''.join(WALK)}", tmp_path, port, environment) as walk:
            said, _ = walk.communicate(timeout=120)
        os.killpg(serving.pid, signal.SIGTERM)
    assert walk.returncode == 0
    for begins in ("$ finews try --site moss.yaml", "$ finews crawl --site moss.yaml"):
        for name, shown in _fenced(SITES_PAGE):
            if name == "console" and shown.startswith(begins):
                assert shown.partition("\n")[2] in said
    assert re.findall(r"^Posts: (\d+) new", said, re.MULTILINE) == ["3"]
    assert "1 found for newts" in said


def test_the_story_of_an_address_is_told_as_is_shown(crawled: Path) -> None:
    shown = _block("console", ASK_PAGE, "$ finews why ")
    command, _, lines = shown.partition("\n")
    arguments = shlex.split(command)[2:]
    done = subprocess.run(
        [sys.executable, "-m", "crawler", *arguments], cwd=crawled, capture_output=True, text=True, check=True
    )
    differs = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|finews-\d{14}-1|at \d+$"
    told, said = (re.sub(differs, "…", text, flags=re.MULTILINE) for text in (done.stdout, lines))
    assert told == said


@pytest.mark.parametrize("command", _commands("make"))
def test_every_make_target_that_is_named_exists(command: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{command.split()[1]}:", makefile, re.MULTILINE)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_file_that_is_linked_exists(path: Path) -> None:
    linked = [link for link in re.findall(r"\]\(([^)]+)\)", PAGES[path]) if not link.startswith("http")]
    assert [link for link in linked if not _is_there(path, *link.split("#"))] == []


def _is_there(path: Path, link: str, heading: str | None = None) -> bool:
    """Tell whether what a page links is there, and has the heading that is named as GitHub names it."""
    file = path.parent / link if link else path
    if heading is None or not file.exists():
        return file.exists()
    headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return heading in {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


def test_every_document_is_linked_from_the_readme() -> None:
    named = (PAGES[ROOT / name] for name in ("README.md", "README.zh.md"))
    linked = {(ROOT / link).resolve() for page in named for link in re.findall(r"\]\(([^)]+\.md)\)", page)}
    assert linked == PAGES.keys()


def test_the_map_has_a_line_for_every_part_of_the_house_and_module_of_the_archive() -> None:
    package = ROOT / "crawler"
    parts = [path for path in package.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()]
    archive = [path for path in (package / "archive").rglob("*") if path.suffix == ".py"]
    rooms = [path.parent for path in archive if path.name == "__init__.py" and path.parent.name != "archive"]
    modules = [path for path in [*parts, *archive, *rooms] if path.name != "__init__.py"]
    mapped = re.findall(r"^\| `([\w/.]+)` \|", MAP, re.MULTILINE)
    assert sorted(mapped) == sorted(f"{path.relative_to(package)}{'/' if path.is_dir() else ''}" for path in modules)
