"""Leaving the sample site up for a person, who crawls it from another terminal and can have it edited from there.

An edit is requested from the server itself. To find it, a note of the port lies in the folder for temporary files for
as long as the site is up. Not here: what an edit changes (`edits`), and when to stop serving.
"""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.drafts import replacing
from crawler.errors import FinewsError, UsageError
from crawler.ops.sample_site.edits import Editor
from crawler.ops.sample_site.garden import garden
from crawler.ops.sample_site.server import SERVER, serve
from crawler.ops.sample_site.site import bundled_site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.ops.sample_site.server import RunningServer

PORT = 8000
"""The port of a sample site that is left up, if none is named and this one is free."""

_ANY_FREE, _HIGHEST = 0, 65535
_PATIENCE = 10.0  # seconds


def user_note() -> Path:
    """Return where the note about this user's sample site lies."""
    return Path(tempfile.gettempdir()) / f"finews-demo-{os.getuid()}.port"


@contextmanager
def serving(port: int | None, note: Path) -> Iterator[RunningServer]:
    """Serve the sample site, and the garden's blog below it, until the block ends; edit it when `edit` asks for that.

    Without a `port` it is 8000, or any free one if that is taken; `note` says which. Raises `UsageError` if `port`
    cannot be had.
    """
    with ExitStack() as up:
        try:
            server = up.enter_context(serve(bundled_site(), PORT if port is None else port))
        except OSError as error:
            if port is not None:
                raise _taken(port, error) from error
            server = up.enter_context(serve(bundled_site(), _ANY_FREE))
        editor = Editor(server)
        server.patch = lambda: asdict(editor.edit())
        server.beside = garden()
        up.enter_context(_noted(int(server.url.rpartition(":")[2]), note))
        yield server


def edit(port: int | None, note: Path) -> dict[str, Any]:
    """Have the sample site at `port` edited, by default the one in `note`: that which was served last.

    Returns an `Edit` as a dictionary, with the address of the server as `site`. Raises `FinewsError` if no sample
    site answers.
    """
    asked = port or port_in(note) or PORT
    connection = HTTPConnection("127.0.0.1", asked, timeout=_PATIENCE)
    try:
        connection.request("PATCH", "/")
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, HTTPException):
        raise _nothing_at(asked) from None
    finally:
        connection.close()
    if answer.status != HTTPStatus.OK or not answer.getheader("Server", "").startswith(SERVER):
        raise _nothing_at(asked)
    return {"site": f"http://127.0.0.1:{asked}", **json.loads(body)}


def _taken(port: int, error: OSError) -> UsageError:
    return UsageError(
        "Port {port} cannot be used ({reason}): name another with --port, or none for a free one.",
        port=port,
        reason=error.strerror,
    )


def _nothing_at(port: int) -> FinewsError:
    return FinewsError(
        "No sample site is served at http://127.0.0.1:{port}: serve one with `finews demo --serve`, or name"
        " the port of yours with --port.",
        port=port,
    )


@contextmanager
def _noted(port: int, note: Path) -> Iterator[None]:
    """Keep `port` in `note` during the block, unless another sample site puts its own there."""
    with suppress(OSError), replacing(note) as draft:  # without a note, the port has to be named
        draft.write_text(f"{port}\n", encoding="ascii")
    try:
        yield
    finally:
        if port_in(note) == port:
            with suppress(OSError):
                note.unlink()


def port_in(note: Path) -> int | None:
    """Return the port in a note; `None` if there is no note, or something else in its place."""
    try:
        port = int(note.read_bytes())
    except (OSError, ValueError):
        return None
    return port if 0 < port <= _HIGHEST else None
