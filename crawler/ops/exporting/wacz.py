"""Export pages as they were served: a WACZ file, which ReplayWeb.page opens and pywb serves.

WACZ 1.1.1 is a ZIP file with records of WARC files, an index of them (CDXJ), a list of pages, and a description with
the hash of each. See https://specs.webrecorder.net/wacz/1.1.1/. Written here, because the package `wacz` brings some
forty others along. Not here: which posts are wanted.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zipfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from crawler import __version__, dates
from crawler.captures.files import members, read_from
from crawler.captures.records import NoRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path
    from typing import BinaryIO

    from crawler.captures.records import Record
    from crawler.items import Capture

NAME = "captures.wacz"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same content gives the same bytes
_LINES = 3000  # of the index in one block, as is usual
_AT_A_TIME = 1 << 20


class WantedPage(NamedTuple):
    """A page of the list: its address, when it was served, and its title."""

    url: str
    at: datetime
    title: str


class Written(NamedTuple):
    """How many answers were written, and how many were not there."""

    captures: int
    missing: int


@dataclass(slots=True)
class _Resource:
    """A file in the ZIP file, with its hash and size as far as it is written."""

    path: str
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def described(self) -> dict[str, object]:
        return {
            "name": self.path.rpartition("/")[2],
            "path": self.path,
            "hash": f"sha256:{self.digest.hexdigest()}",
            "bytes": self.size,
        }


def write_wacz(
    file: Path, folder: Path, kept: Iterable[Capture], pages: Sequence[WantedPage], at: datetime
) -> Written:
    """Write the answers `kept` in files of a folder, in the order of these files, and the list of `pages`, to `file`.

    Answers that cannot be read are left out. Raises `OSError` if the file cannot be written.
    """
    with zipfile.ZipFile(file, "w") as package:
        data = _Resource("archive/data.warc.gz")
        with package.open(_info(data.path), "w", force_zip64=True) as opened:
            lines = list(_copied(folder, kept, data, opened))
        there = sorted(line for line in lines if line is not None)
        resources = [data, *_index(package, there), _pages(package, pages)]
        _describe(package, resources, at)
    return Written(len(there), len(lines) - len(there))


def _copied(folder: Path, kept: Iterable[Capture], data: _Resource, out: IO[bytes]) -> Iterator[str | None]:
    """Copy records, each with that of its request, and the head of each file; yield the line of each in the index."""
    name, file = "", None
    with ExitStack() as opened:
        for capture in kept:
            if capture.file != name:
                opened.close()
                name, file = capture.file, _opened(folder / capture.file, opened)
                if file is not None:
                    _write(out, data, _head_of(file))
            record = None if file is None else _read(file, capture)
            if file is None or record is None:
                yield None
                continue
            begin = data.size
            file.seek(capture.offset)
            _write(out, data, file.read(capture.length + capture.request_length))
            yield _line(capture, record, begin)


def _opened(path: Path, opened: ExitStack) -> BinaryIO | None:
    try:
        return opened.enter_context(path.open("rb"))
    except OSError:
        return None


def _read(file: BinaryIO, capture: Capture) -> Record | None:
    try:
        return read_from(file, capture)
    except NoRecord:
        return None


def _head_of(file: BinaryIO) -> bytes:
    """Return the first record of a file, which says who wrote it."""
    try:
        head = next(members(file))
    except (NoRecord, StopIteration):
        return b""
    file.seek(head.offset)
    return file.read(head.length)


def _write(out: IO[bytes], resource: _Resource, piece: bytes) -> None:
    out.write(piece)
    resource.size += len(piece)
    resource.digest.update(piece)


def _line(capture: Capture, record: Record, offset: int) -> str:
    """Return the line of an answer in the index."""
    types = [value for name, value in record.headers if name.lower() == "content-type"]
    mime = types[0].partition(";")[0].strip() if types else "unk"
    about = {
        "url": capture.url,
        "mime": "warc/revisit" if capture.record == "revisit" else mime,
        "status": str(capture.status),
        "digest": capture.digest,
        "length": str(capture.length),
        "offset": str(offset),
        "filename": "data.warc.gz",
    }
    return f"{key_of(capture.url)} {_stamp(capture.captured_at)} {json.dumps(about, ensure_ascii=False)}\n"


def key_of(url: str) -> str:
    """Return the key by which an index is searched (SURT): `com,withounder,finews)/feed.xml`.

    In small letters, without `www.`, and with its query sorted, as ReplayWeb.page and pywb do it.
    """
    parts = urlsplit(url.lower())
    host = parts.hostname or ""
    begin, _, rest = host.partition(".")
    if begin.startswith("www") and (begin == "www" or begin[3:].isdigit()):
        host = rest
    port = f":{parts.port}" if parts.port else ""
    query = urlencode(sorted(parse_qsl(parts.query, keep_blank_values=True))) if parts.query else ""
    key = ",".join(reversed(host.split("."))) + f"{port}){parts.path or '/'}" + (f"?{query}" if query else "")
    return key.replace(" ", "%20")


def _index(package: zipfile.ZipFile, lines: list[str]) -> list[_Resource]:
    """Write the index in blocks that can be read by themselves, and the index of the blocks."""
    index = _Resource("indexes/index.cdx.gz")
    blocks = ['!meta 0 {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}\n']
    with package.open(_info(index.path), "w", force_zip64=True) as opened:
        for start in range(0, len(lines), _LINES):
            begin, packed = index.size, gzip.compress("".join(lines[start : start + _LINES]).encode(), mtime=0)
            _write(opened, index, packed)
            about = {
                "offset": begin,
                "length": len(packed),
                "digest": f"sha256:{hashlib.sha256(packed).hexdigest()}",
                "filename": "index.cdx.gz",
            }
            blocks.append(f"{' '.join(lines[start].split(' ', 2)[:2])} {json.dumps(about)}\n")
    return [index, _whole(package, "indexes/index.idx", "".join(blocks))]


def _pages(package: zipfile.ZipFile, pages: Iterable[WantedPage]) -> _Resource:
    lines = [json.dumps({"format": "json-pages-1.0", "id": "pages", "title": "Posts"})]
    for page in pages:
        about = {"id": hashlib.sha256(page.url.encode()).hexdigest()[:22], "url": page.url, "title": page.title}
        lines.append(json.dumps({**about, "ts": f"{page.at:%Y-%m-%dT%H:%M:%SZ}"}, ensure_ascii=False))
    return _whole(package, "pages/pages.jsonl", "\n".join(lines) + "\n")


def _describe(package: zipfile.ZipFile, resources: Iterable[_Resource], at: datetime) -> None:
    description = {
        "profile": "data-package",
        "resources": [resource.described() for resource in resources],
        "wacz_version": "1.1.1",
        "software": f"finews-archive {__version__}",
        "created": dates.iso(at),
    }
    described = _whole(package, "datapackage.json", json.dumps(description, indent=2) + "\n")
    digest = {"path": described.path, "hash": described.described()["hash"]}
    _whole(package, "datapackage-digest.json", json.dumps(digest, indent=2) + "\n")


def _whole(package: zipfile.ZipFile, path: str, text: str) -> _Resource:
    resource = _Resource(path)
    with package.open(_info(path), "w") as opened:
        _write(opened, resource, text.encode())
    return resource


def _info(path: str) -> zipfile.ZipInfo:
    """Return how a file stands in the ZIP file: as it is, so that a part of it can be read."""
    return zipfile.ZipInfo(path, _EPOCH)


def _stamp(at: datetime) -> str:
    return f"{at:%Y%m%d%H%M%S}"
