"""Fetching an archive from a web server, whole or not at all. Not here: whether it is one."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit, urlunsplit

from crawler.errors import ArchiveError
from crawler.ops.web_client import Login, NoAnswer, answered

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS = 60.0  # that an answer may keep us waiting
_PIECE = 1 << 20  # bytes


def download(address: str, file: Path) -> Path:
    """Fetch what is at an http or https address into `file`, and return that.

    Raises `ArchiveError` if it cannot be fetched or breaks off.
    """
    parts = urlsplit(address)
    plain = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    login = None if parts.username is None else Login(unquote(parts.username), unquote(parts.password or ""))
    try:
        with answered(plain, login, seconds=_SECONDS) as answer, file.open("wb") as written:
            shutil.copyfileobj(answer, written, _PIECE)
            expected = answer.headers.get("Content-Length")
    except NoAnswer as error:
        raise _not_fetched(plain, error.why) from error
    if expected is not None and expected.isdigit() and file.stat().st_size != int(expected):
        raise _not_fetched(plain, f"{file.stat().st_size} of {expected} bytes")
    return file


def _not_fetched(address: str, why: str) -> ArchiveError:
    return ArchiveError(
        "{address} was not fetched whole ({why}): see that it is there, and merge again.", address=address, why=why
    )
