"""Requests for addresses and their answers: the boundary between Scrapy and the records of `crawler.items`.

Every request carries what it asks for (`Asked`), so that its end, good or bad, can be recorded. Not here: which
addresses to request, and what a page contains.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from scrapy import Request
from scrapy.http import TextResponse
from scrapy.spidermiddlewares.httperror import HttpError

from crawler import dates
from crawler.extraction.decoding import page_source
from crawler.items import PAGES, Fetch, Missed, Page, Refused, Unchanged
from crawler.network.failures import TOO_LARGE, words_for
from crawler.network.not_requested import ForbiddenAddress, NotRequested, Postponed

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapy.http import Response
    from twisted.python.failure import Failure

    from crawler.archive.ledger.links import Known
    from crawler.items import Address

_CONDITIONS = ("If-None-Match", "If-Modified-Since")
_GONE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
_MEGABYTE = 1024 * 1024
# The largest answer accepted: a post has about ten kilobytes, home and the longest categories about a megabyte.
_LARGEST = {"post": 4 * _MEGABYTE, "share": 4 * _MEGABYTE, "expired": 4 * _MEGABYTE}
_LARGEST_LISTING = 16 * _MEGABYTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request asks for: an `address`, the page it was `found_on`, and the text of the link there.

    `known`: what the ledger has of it, if "not modified" is an acceptable answer. `auxiliary`: made on behalf of a
    post's page, see `crawler.items.Fetch`.
    """

    address: Address
    found_on: str | None = None
    title: str = ""
    known: Known | None = None
    auxiliary: bool = False


def request_for(
    asked: Asked,
    callback: Callable[..., object],
    errback: Callable[..., object],
    *,
    url: str | None = None,
    priority: int = 0,
) -> Request:
    """Make the request; `url` is where to send it if that is not the address itself."""
    return Request(
        url or asked.address.url,
        callback=callback,
        errback=errback,
        cb_kwargs={"asked": asked},
        meta={"download_maxsize": _LARGEST.get(asked.address.kind, _LARGEST_LISTING)},
        priority=priority,
        dont_filter=True,  # the ledger knows what was requested
    )


def cb_kwargs_of(failure: Failure) -> dict[str, Any]:
    """Return the keyword arguments that the failed request carried."""
    request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy puts it there
    return request.cb_kwargs


def asked_by(failure: Failure) -> Asked:
    """Return what the failed request asked for."""
    asked: Asked = cb_kwargs_of(failure)["asked"]
    return asked


def page_of(response: Response, asked: Asked) -> Page:
    """Return the page that was served, decoded by its bytes rather than by what its headers say."""
    declared = response.encoding if isinstance(response, TextResponse) else "gb18030"
    return Page(fetch=_fetch(asked, response), source=page_source(response.body, declared))


def ended(failure: Failure) -> Unchanged | Missed | Refused | None:
    """Return how a request without a page ended; `None` if it was put off and so has not ended."""
    asked, error = asked_by(failure), failure.value
    if isinstance(error, sqlite3.DatabaseError):  # of the archive, not of the page
        raise error
    if isinstance(error, HttpError):
        return _ended_with_status(_fetch(asked, error.response), error.response.request)
    if isinstance(error, Postponed):
        return None
    if isinstance(error, ForbiddenAddress):
        return Refused(fetch=_no_answer(asked), reason=str(error), rule=error.rule)
    return failed(failure)


def failed(failure: Failure) -> Missed:
    """Return a failed request as missed; one that was put off counts as failed too."""
    asked, error = asked_by(failure), failure.value
    assert error is not None, "a request that failed did so with an error"
    return Missed(fetch=_no_answer(asked), state="failed", reason=_readable(error, asked))


def _ended_with_status(fetch: Fetch, request: Request | None) -> Unchanged | Missed:
    if fetch.status == HTTPStatus.NOT_MODIFIED:
        if request is not None and any(name in request.headers for name in _CONDITIONS):
            return Unchanged(fetch=fetch)
        return Missed(fetch=fetch, state="failed", reason="HTTP 304 to a request without conditions")
    return Missed(fetch=fetch, state="gone" if fetch.status in _GONE else "failed", reason=f"HTTP {fetch.status}")


def _fetch(asked: Asked, response: Response) -> Fetch:
    return Fetch(
        address=asked.address,
        fetched_at=dates.now(),
        status=response.status,
        etag=_header(response, "ETag") if response.status in PAGES else None,
        last_modified=_header(response, "Last-Modified") if response.status in PAGES else None,
        found_on=asked.found_on,
        auxiliary=asked.auxiliary,
    )


def _no_answer(asked: Asked) -> Fetch:
    return Fetch(address=asked.address, fetched_at=dates.now(), found_on=asked.found_on, auxiliary=asked.auxiliary)


def _header(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None


def _readable(error: BaseException, asked: Asked) -> str:
    """Say what went wrong in words that are the same for every address it happens to."""
    if isinstance(error, TOO_LARGE):
        return f"larger than {_LARGEST.get(asked.address.kind, _LARGEST_LISTING) // _MEGABYTE} MB"
    return str(error) if isinstance(error, NotRequested) else words_for(error)
