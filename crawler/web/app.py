"""The application: which page is at which address, and what is answered when there is none.

The routes below are the table of contents. Not here: what is on the pages (`crawler.web.pages`), and running a server
(`crawler.web.serving`).
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from crawler.errors import AmbiguousSecurity, FinewsError, NoSuchTime, TookTooLong
from crawler.web.addresses import split_language
from crawler.web.api.answers import ANSWERS
from crawler.web.api.document import document
from crawler.web.asked import asked, language_of, place_of
from crawler.web.pages import crawling, front, lists, post, search
from crawler.web.pages.missing import Missing
from crawler.web.readers import Memory, Readers
from crawler.web.recent import RecentPages
from crawler.web.safety import Safety, own_names
from crawler.web.showing.language import TAGS
from crawler.web.showing.rendering import rendered

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence
    from datetime import datetime

    from starlette.types import ASGIApp, Receive, Scope, Send

    from crawler.web.asked import Asked

    Page = Callable[[Asked], Response]

_log = logging.getLogger(__name__)
SECONDS = 5.0
"""How long a page may take."""

_STATIC = Path(__file__).parent / "static"
_STATIC_FILES = {"style.css": "text/css", "keys.js": "text/javascript"}
_A_YEAR = "public, max-age=31536000, immutable"  # their addresses change with the version


def _pages() -> dict[str, Page]:
    """Return the page at each address. A name in braces is one part of the path; `crawler.web.addresses` says how."""
    pages: dict[str, Page] = {
        "/": front.front,
        "/latest.atom": partial(lists.as_feed, lists.latest),
        "/latest.json": partial(lists.as_json, lists.latest),
        "/search": search.search,
        "/search.json": search.as_json,
        "/search.atom": search.as_feed,
        "/post/{name}.md": post.markdown,
        "/post/{name}.txt": post.text,
        "/post/{name}.json": post.as_json,
        "/post/{name}": post.post,
        "/post/{name}/changes": post.changes,
        "/outlets": front.names,
        "/authors": front.names,
        "/categories": front.names,
        "/securities": front.names,
        "/days": front.names,
        "/runs": crawling.runs,
        "/why": crawling.why,
        "/coverage": crawling.coverage,
    }
    for part, subject in lists.SUBJECTS.items():
        pages[f"/{part}/{{name}}.json"] = partial(lists.as_json, subject)
        pages[f"/{part}/{{name}}.atom"] = partial(lists.as_feed, subject)
        pages[f"/{part}/{{name}}"] = partial(lists.shown, subject)
    pages |= {path: partial(_as_json, answer.give) for path, answer in ANSWERS.items()}
    return {**pages, "/{rest:path}": crawling.nowhere}


def _as_json(give: Callable[[Asked], Any], asked: Asked) -> Response:
    return JSONResponse(give(asked))


def application(
    archive: Path | Sequence[Path],
    *,
    public_url: str = "",
    names: Iterable[str] = (),
    seconds: float = SECONDS,
    published: datetime | None = None,
) -> ASGIApp:
    """Return the application that shows the archive at a path, or several as one.

    `public_url` is what its readers call it, if that is not the address it is asked under, and `names` are further
    host names that it answers to. A page that takes longer than so many `seconds` is given up. With `published`, the
    pages are to be files, published at that time: they say nothing that is true only for a while.
    """
    readers, memory, recent = Readers(archive, seconds), Memory(), RecentPages()

    @asynccontextmanager
    async def closing(_app: Starlette) -> AsyncIterator[None]:
        yield
        readers.close()

    routes = [Route("/favicon.ico", _no_picture)]
    routes += [Route(path, _described) for path in ("/api", "/api/openapi.json")]
    routes += [Route(f"/static/{name}", partial(_static, name)) for name in _STATIC_FILES]
    routes += [Route(path, _Answering(page, readers, memory, recent)) for path, page in _pages().items()]
    app = Starlette(routes=routes, lifespan=closing)
    app.state.public_url, app.state.published = public_url.rstrip("/"), published
    return Safety(_Encoded(app), own_names(*names))


class _Encoded:
    """Has paths routed as they were written, and without the language that a path may begin with.

    So a name may hold any character, a slash too, and is still one part of the path.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
            path = raw.partition(b"?")[0].decode("latin-1")
            language, rest = split_language(path)
            scope = {**scope, "path": rest, "root_path": "", "finews.language": language}
        await self._app(scope, receive, send)


class _Answering:
    """Answers requests for a page, and where the archive has no answer, says why on a page of its own."""

    def __init__(self, page: Page, readers: Readers, memory: Memory, recent: RecentPages) -> None:
        self._page, self._readers, self._memory, self._recent = page, readers, memory, recent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        key = (str(request.url), scope["finews.language"], language_of(request))
        response = await self._recent.page(key, partial(self._made, request), are_busy=self._readers.are_busy)
        await response(scope, receive, send)

    async def _made(self, request: Request) -> Response:
        try:
            response = await self._readers.ask(lambda archive: self._page(asked(request, archive, self._memory)))
        except (Missing, FinewsError, sqlite3.Error) as error:
            response = _excuse(request, error)
        response.headers["Vary"] = "Accept-Language"
        response.headers["Cache-Control"] = "no-cache"
        response.headers["Content-Language"] = TAGS[language_of(request)]
        return response


async def _described(_request: Request) -> Response:
    """Return what describes everything below `/api`."""
    return JSONResponse(document())


async def _no_picture(_request: Request) -> Response:
    """Answer browsers that ask for a picture of their own accord."""
    return Response(status_code=HTTPStatus.NO_CONTENT, headers={"Cache-Control": _A_YEAR})


async def _static(name: str, _request: Request) -> Response:
    return Response((_STATIC / name).read_bytes(), media_type=_STATIC_FILES[name], headers={"Cache-Control": _A_YEAR})


def _excuse(request: Request, error: Exception) -> Response:
    """Return what says why there is no answer, in the form that was asked for."""
    status, headers = _status(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.warning("%s: %s", request.scope["path"], error)
    if request.scope["path"].startswith("/api") or request.scope["path"].endswith((".json", ".atom", ".md", ".txt")):
        return JSONResponse({"error": _sentence(error)}, status, headers)
    page = rendered(
        place_of(request),
        language_of(request),
        "error.html",
        status=status,
        kind=type(error).__name__,
        sentence=_sentence(error),
        name=getattr(error, "name", ""),
        near=getattr(error, "near", []),
    )
    page.headers.update(headers)
    return page


def _sentence(error: Exception) -> str:
    """Return what a reader may know of an error, said in their language on pages: not where the archive is."""
    if isinstance(error, Missing):
        return "The archive has nothing under this name."
    if isinstance(error, NoSuchTime | AmbiguousSecurity):
        return error.sentence
    if isinstance(error, TookTooLong):
        return "The question took too long, and was given up: ask for less."
    return "The archive cannot be read now: the server's log says why."


def _status(error: Exception) -> tuple[int, dict[str, str]]:
    """Return the status of an error, and the headers that go with it."""
    if isinstance(error, Missing):
        return HTTPStatus.NOT_FOUND, {}
    if isinstance(error, NoSuchTime | AmbiguousSecurity):
        return HTTPStatus.BAD_REQUEST, {}
    return HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "5"}
