"""An archive that somebody has made or tampered with: what would run with it is refused, what would not stays."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from crawler.archive import Archive
from crawler.cli import main
from crawler.errors import ArchiveError, ForeignSchema

KEPT = Path(__file__).parent / "archives"
RUNS = [
    pytest.param("CREATE TRIGGER x AFTER INSERT ON runs BEGIN DELETE FROM posts; END", "trigger x", id="a trigger"),
    pytest.param("CREATE TRIGGER x AFTER UPDATE ON links BEGIN DELETE FROM posts; END", "trigger x", id="another"),
    pytest.param(
        "DROP VIEW articles; CREATE VIEW articles AS WITH RECURSIVE x (n) AS (SELECT 1 UNION ALL SELECT n FROM x)"
        " SELECT n AS id FROM x",
        "view articles",
        id="a view without end",
    ),
    pytest.param("DROP VIEW articles; CREATE TABLE articles (id)", "table articles", id="a table for a view"),
    pytest.param("CREATE INDEX x ON links (length(url))", "index x", id="an index over an expression"),
    pytest.param("CREATE INDEX x ON links (url) WHERE length(url) > 1", "index x", id="an index over some rows"),
    pytest.param("ALTER TABLE links ADD COLUMN x AS (length(url))", "table links", id="a column that is worked out"),
    pytest.param('CREATE TRIGGER "x\x1b[2J" AFTER INSERT ON runs BEGIN SELECT 1; END', "trigger x[2J", id="steers"),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Archive(tmp_path / "archive.db", create=True):
        pass
    return tmp_path / "archive.db"


def change(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.executescript(sql)


@pytest.mark.parametrize(("sql", "part"), RUNS)
def test_what_would_run_with_an_archive_is_refused_with_its_name(path: Path, sql: str, part: str) -> None:
    change(path, sql)

    with pytest.raises(ForeignSchema) as refused:
        Archive(path)

    assert str(refused.value) == (
        f"{path} holds the {part}, which is not this program's and would run with it:"
        " do not use the file if it is a stranger's, or drop that with sqlite3 if it is yours."
    )


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("CREATE VIEW mine AS SELECT title FROM articles", id="a view"),
        pytest.param("CREATE TABLE mine (id INTEGER PRIMARY KEY, note TEXT)", id="a table"),
        pytest.param("CREATE INDEX mine ON links (found_on)", id="an index"),
        pytest.param("ANALYZE", id="what SQLite notes for itself"),
    ],
)
def test_what_a_user_has_added_and_does_not_run_stays(path: Path, sql: str) -> None:
    change(path, sql)

    with Archive(path) as archive:
        assert archive.db.execute("SELECT count(*) FROM articles").fetchone() == (0,)


@pytest.mark.parametrize("kept", sorted(KEPT.glob("*.db")), ids=lambda kept: kept.stem)
def test_an_archive_of_an_older_version_is_looked_at_before_it_is_brought_forward(kept: Path, tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    path.write_bytes(kept.read_bytes())
    with closing(sqlite3.connect(path)) as db:
        [(table,)] = db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'runs'")
        db.execute(f"CREATE TRIGGER x AFTER INSERT ON {table} BEGIN DELETE FROM links; END")
        db.commit()
    before = path.read_bytes()

    with pytest.raises(ForeignSchema):
        Archive(path)

    assert path.read_bytes() == before


def test_a_command_says_so_in_a_sentence(path: Path) -> None:
    change(path, "CREATE TRIGGER x AFTER INSERT ON runs BEGIN DELETE FROM posts; END")

    ended = CliRunner().invoke(main, ["stats", "--archive", str(path)])

    assert (ended.exit_code, ended.output.startswith(f"Error: {path} holds the trigger x, ")) == (1, True)


ENDLESS = "WITH RECURSIVE x (n) AS (SELECT 1 UNION ALL SELECT n FROM x)"


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param(
            f"DROP TABLE _sqlite_migrations; CREATE VIEW _sqlite_migrations AS {ENDLESS} SELECT n AS id,"
            " 'finews-archive' AS migration_set, '0001_first_schema' AS name, '' AS applied_at FROM x",
            id="the record of steps",
        ),
        pytest.param(
            f"DROP TABLE _sqlite_migrations; CREATE VIEW _sqlite_migrations AS {ENDLESS} SELECT n AS id,"
            " '' AS migration_set, '' AS name, '' AS applied_at FROM x",
            id="a record that has nothing",
        ),
    ],
)
def test_looking_at_a_file_without_end_is_given_up(path: Path, sql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.archive.store.connection._LOOK_SECONDS", 0.2)
    change(path, sql)

    with pytest.raises(ArchiveError, match=r"had no answer after 0\.2 s|is not a finews archive"):
        Archive(path)
