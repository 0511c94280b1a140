"""Requests for addresses and their answers: the boundary between Scrapy and the records of `crawler.items`.

Every request carries its `Target`, so that its outcome can be recorded however it ends. Not here: which addresses to
request, and what a page contains.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from scrapy import Request
from scrapy.spidermiddlewares.httperror import HttpError
from w3lib.encoding import http_content_type_encoding

from crawler import dates
from crawler.extraction.decoding import page_source, unpacked
from crawler.items import PAGES, Fetch, Missed, Page, Refused, Unchanged
from crawler.network.exchange import captures_of
from crawler.network.failures import TOO_LARGE, words_for
from crawler.network.not_requested import ForbiddenAddress, NotRequested, Postponed

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapy.http import Response
    from twisted.python.failure import Failure

    from crawler.archive.ledger.links import KnownAddress
    from crawler.items import Address

_CONDITIONS = ("If-None-Match", "If-Modified-Since")
_GONE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
_MEGABYTE = 1024 * 1024
# The largest answers accepted: a post has about ten kilobytes, home and the longest categories about a megabyte.
_LARGEST = {"post": 4 * _MEGABYTE, "share": 4 * _MEGABYTE, "expired": 4 * _MEGABYTE}
_LARGEST_LISTING = 16 * _MEGABYTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a request is for: an `address`, the page it was `found_on`, and the text of the link there (`title`).

    `known` is what the ledger knows of the address, if "not modified" is an acceptable answer. `auxiliary`: the
    request is made on behalf of a post's page, see `crawler.items.Fetch`.
    """

    address: Address
    found_on: str | None = None
    title: str = ""
    known: KnownAddress | None = None
    auxiliary: bool = False


def request_for(
    target: Target,
    callback: Callable[..., object],
    errback: Callable[..., object],
    *,
    url: str | None = None,
    priority: int = 0,
) -> Request:
    """Make a request for `target`, sent to `url` if that is not the address itself."""
    return Request(
        url or target.address.url,
        callback=callback,
        errback=errback,
        cb_kwargs={"target": target},
        meta={"download_maxsize": _LARGEST.get(target.address.kind, _LARGEST_LISTING)},
        priority=priority,
        dont_filter=True,  # the ledger already prevents duplicates
    )


def cb_kwargs_of(failure: Failure) -> dict[str, Any]:
    """Return the keyword arguments that the failed request carried."""
    request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy puts it there
    return request.cb_kwargs


def target_of(failure: Failure) -> Target:
    """Return the target of the failed request."""
    target: Target = cb_kwargs_of(failure)["target"]
    return target


def page_of(response: Response, target: Target) -> Page:
    """Return the page that was served, decoded according to its bytes rather than its headers."""
    declared = http_content_type_encoding(_header(response, "Content-Type")) or ""
    body = unpacked(response.body, _LARGEST_LISTING) if target.address.kind == "feed" else response.body
    return Page(fetch=_fetch(target, response), source=page_source(body, declared))


def ended(failure: Failure) -> Unchanged | Missed | Refused | None:
    """Return how a request without a page ended; `None` if it was postponed and so has not ended.

    Raises the archive's errors, which say nothing about the page.
    """
    target, error = target_of(failure), failure.value
    if isinstance(error, sqlite3.DatabaseError):
        raise error
    if isinstance(error, HttpError):
        return _ended_with_status(_fetch(target, error.response), error.response.request)
    if isinstance(error, Postponed):
        return None
    if isinstance(error, ForbiddenAddress):
        return Refused(fetch=_no_answer(failure), reason=str(error), rule=error.rule)
    return failed(failure)


def failed(failure: Failure) -> Missed:
    """Return a failed request as missed; one that was postponed counts as failed too."""
    target, error = target_of(failure), failure.value
    assert error is not None, "a failed request has an error"
    return Missed(fetch=_no_answer(failure), state="failed", reason=_readable(error, target))


def _ended_with_status(fetch: Fetch, request: Request | None) -> Unchanged | Missed:
    if fetch.status == HTTPStatus.NOT_MODIFIED:
        if request is not None and any(name in request.headers for name in _CONDITIONS):
            return Unchanged(fetch=fetch)
        return Missed(fetch=fetch, state="failed", reason="HTTP 304 to a request without conditions")
    return Missed(fetch=fetch, state="gone" if fetch.status in _GONE else "failed", reason=f"HTTP {fetch.status}")


def _fetch(target: Target, response: Response) -> Fetch:
    return Fetch(
        address=target.address,
        fetched_at=dates.now(),
        status=response.status,
        etag=_header(response, "ETag") if response.status in PAGES else None,
        last_modified=_header(response, "Last-Modified") if response.status in PAGES else None,
        found_on=target.found_on,
        auxiliary=target.auxiliary,
        captures=captures_of(response.request),
    )


def _no_answer(failure: Failure) -> Fetch:
    target, request = target_of(failure), failure.request  # type: ignore[attr-defined]  # Scrapy puts it there
    return Fetch(
        address=target.address,
        fetched_at=dates.now(),
        found_on=target.found_on,
        auxiliary=target.auxiliary,
        captures=captures_of(request),
    )


def _header(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None


def _readable(error: BaseException, target: Target) -> str:
    """Return what went wrong, in the same words for every address of a host."""
    if isinstance(error, TOO_LARGE):
        return f"larger than {_LARGEST.get(target.address.kind, _LARGEST_LISTING) // _MEGABYTE} MB"
    return str(error) if isinstance(error, NotRequested) else words_for(error)
