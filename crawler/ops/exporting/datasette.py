"""What Datasette should know of an archive: titles, descriptions, units, facets and queries, as its metadata.

The tables are described in `datasette.json` beside this module, the queries in `datasette_queries.json`. Not here:
Datasette itself, which reads the archive as it is (docs/sql.md).
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from crawler.ops.exporting.destination import destination
from crawler.ops.exporting.drafts import write_if_changed

if TYPE_CHECKING:
    from pathlib import Path

FILE = "metadata.json"
_SOURCE = {"source": "finews-archive"}


def metadata(database: str) -> dict[str, Any]:
    """Return the metadata for a database, which Datasette calls by its file's name without the suffix."""
    return {
        "title": "finews archive",
        "description": "An archive of Chinese financial news",
        "databases": {
            database: {**_SOURCE, "tables": _read("datasette.json"), "queries": _read("datasette_queries.json")}
        },
    }


def write_metadata(archive: Path, directory: Path) -> dict[str, Any]:
    """Write the metadata of the archive at a path into a folder, made if need be, as `metadata.json`.

    Returns `format`, `directory`, and how many files were `written`. Raises `UsageError` if it cannot be written.
    """
    content = json.dumps(metadata(archive.stem), ensure_ascii=False, indent=2) + "\n"
    with destination(directory):
        written = write_if_changed(directory / FILE, content.encode())
    return {"format": "datasette", "directory": str(directory), "written": int(written)}


def _read(name: str) -> dict[str, Any]:
    tables: dict[str, Any] = json.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))
    return tables
