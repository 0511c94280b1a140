"""The program as an egg, which is what scrapyd runs: the package, the fleet's definitions, and at times an archive.

An egg is a ZIP file with metadata that names the module of settings (https://setuptools.pypa.io/en/latest/deprecated/
python_eggs.html). The same content gives the same bytes, and a version is made from the content: so a node that has
the version has the very same program. Not here: deploying it.
"""

from __future__ import annotations

import hashlib
import io
from importlib.resources import files
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from crawler import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from crawler.ops.fleet.plan.loading import Member

SEED = "crawler/seed/archive.db"
"""Where in an egg the archive is that a site takes along to another node."""

_METADATA = {
    "EGG-INFO/PKG-INFO": f"Metadata-Version: 2.1\nName: finews-archive\nVersion: {__version__}\n",
    "EGG-INFO/entry_points.txt": "[scrapy]\nsettings = crawler.settings\n",
}
_SEEDED = "-seed-"  # which no version has in it otherwise
_DIGITS = 12  # of a version, hexadecimal
_PIECE = 1 << 20  # bytes


def contents(members: Mapping[str, Member]) -> dict[str, bytes]:
    """Return the files of an egg by their paths in it; a fleet's definitions are bundled as the program's are."""
    package = {f"crawler/{name}": file.read_bytes() for name, file in _files(files("crawler"))}
    definitions = {
        f"crawler/sites/{name}.yaml": member.written for name, member in members.items() if member.written is not None
    }
    return {**{name: text.encode() for name, text in _METADATA.items()}, **package, **definitions}


def version_of(content: Mapping[str, bytes]) -> str:
    """Return the version of an egg with this content, without the dots that scrapyd would change."""
    digest = hashlib.sha256()
    for name, written in sorted(content.items()):
        digest.update(f"{name}\0{len(written)}\0".encode() + written)
    return f"{__version__.replace('.', '_')}-{digest.hexdigest()[:_DIGITS]}"


def seeded(version: str, site: str, stamp: str) -> str:
    """Return the name of a version that brings a site's archive along."""
    return f"{version}{_SEEDED}{site}-{stamp}"


def site_of(version: str) -> str | None:
    """Return the site whose archive a version brings along, if it is one of `seeded`."""
    return version.partition(_SEEDED)[2].rpartition("-")[0] or None


def packed(content: Mapping[str, bytes], seed: Path | None = None) -> bytes:
    """Return the egg; `seed` is an archive to be put into it."""
    written = io.BytesIO()
    with ZipFile(written, "w", ZIP_DEFLATED) as egg:
        for name, body in sorted(content.items()):
            egg.writestr(_entry(name), body)
        if seed is not None:
            with egg.open(_entry(SEED), "w", force_zip64=True) as entry, seed.open("rb") as archive:
                while piece := archive.read(_PIECE):
                    entry.write(piece)
    return written.getvalue()


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name)  # of 1980, so that the same content gives the same bytes
    entry.compress_type = ZIP_DEFLATED
    return entry


def _files(folder: Traversable, inside: str = "") -> Iterator[tuple[str, Traversable]]:
    for each in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if each.is_dir():
            if each.name not in {"__pycache__", "seed"}:
                yield from _files(each, f"{inside}{each.name}/")
        elif not each.name.endswith((".pyc", ".pyo")):
            yield f"{inside}{each.name}", each
