"""Reasons as the archive stores them, in English, and as people read them: why a page or a file was not kept.

A reason is stored as text, since it outlives the version of the program that gave it. To say it in another language,
its template is found again in the list below. Not here: giving reasons, which many parts do, each where it knows one.
"""

from __future__ import annotations

import re
from functools import cache, reduce
from gettext import gettext
from typing import TYPE_CHECKING

from crawler import language
from crawler.language import Sentence

if TYPE_CHECKING:
    from collections.abc import Callable

_IN_FRONT = {
    "found": Sentence("found"),
    "fetched": Sentence("fetched"),
    "refused": Sentence("refused"),
    "failed": Sentence("failed"),
    "gone": Sentence("gone"),
    "stored": Sentence("stored"),
    "expired": Sentence("expired"),
    "share link": Sentence("share link"),
    "further page": Sentence("further page"),
}
"""What may stand before a reason and a colon: what became of an address, or where else a post was looked for."""

_TEMPLATES = (
    # of pages
    Sentence("no id"),
    Sentence("no title"),
    Sentence("no date"),
    Sentence("no body"),
    Sentence("unsafe id"),
    Sentence(
        "unsafe id {id}: letters, digits and _ . + ~ - are allowed (. + ~ - not first, and no two dots together), up"
        " to {count} bytes"
    ),
    Sentence("unlikely date"),
    Sentence("unknown layout"),
    Sentence("date cannot be read: {value}"),
    Sentence("names no post"),
    Sentence("no feed and no sitemap: empty"),
    Sentence("no feed and no sitemap, but {what}"),
    Sentence("error page"),
    Sentence("goes on on further pages"),
    Sentence("another address has a post of this id"),
    Sentence("another post's source"),
    Sentence("the post itself was refused"),
    Sentence("the answer is not JSON"),
    Sentence("the answer is not an object"),
    Sentence("the answer holds no text"),
    Sentence("says again what was said in revision {revision}"),
    Sentence("not modified, though nothing is stored"),
    Sentence("too costly to read"),
    Sentence("too costly to read: {why}"),
    Sentence("more than {count} entities"),
    Sentence("more than {count} tags"),
    Sentence("an element with more than {count} attributes"),
    Sentence("more than {count} elements in one another"),
    Sentence("a text of more than {count} characters"),
    Sentence("error in the program: {name}"),
    Sentence("deleted on {day}"),
    Sentence("not asked for again"),
    # of requests
    Sentence("forbidden by robots.txt"),
    Sentence("not an address of the site"),
    Sentence("redirected in circles"),
    Sentence("redirected to {address}"),
    Sentence("HTTP 304 to a request without conditions"),
    Sentence("larger than {size} MB"),
    Sentence("larger than {size} kB"),
    Sentence("unpacks to more than {size} bytes"),
    Sentence("cannot be unpacked ({error})"),
    Sentence("the run is ending"),
    Sentence("cannot resolve host"),
    Sentence("download connection refused"),
    Sentence("download failed"),
    Sentence("download timeout"),
    Sentence("response data loss"),
    Sentence("connection lost"),
    Sentence("cannot connect to the host"),
    Sentence("no route to the host"),
    Sentence("neither http nor https"),
    Sentence("not a name that a host can have"),
    Sentence("no secure connection to {host} could be made"),
    Sentence(
        "the certificate that {host} shows is another host's: see whether somebody stands in between, or the name is"
        " wrong"
    ),
    Sentence(
        "the certificate of {host} is not trusted: see whether this machine's clock is right, and name the"
        " authorities to trust with SSL_CERT_FILE"
    ),
    Sentence(
        "the name {host} leads to {address}, which is a private address: see who answers for the name, and say"
        " `private: true` in the site's definition if it is meant to be there"
    ),
    Sentence("the proxy opens no tunnel"),
    Sentence("the proxy {address} answers {what}: give the name and password it wants in its address"),
    Sentence("the proxy {address}: {what}"),
    Sentence("robots.txt: redirected to {address}, which is {what}"),
    Sentence("robots.txt: {what}"),
    Sentence("{host} is given up ({what})"),
    # of hosts
    Sentence("given up ({what})"),
    Sentence("given up after {count} failures in a row ({what})"),
    Sentence("asks to be left alone until {until}"),
    Sentence("has been asked {count} times today: left alone until {until}"),
    # of files
    Sentence("broken: {error}"),
    Sentence("another post has this id"),
    Sentence("no id in the file's name"),
    Sentence("no text"),
    Sentence("not a plain file"),
    Sentence("the archive itself"),
    Sentence("a symbolic link to a folder or out of this one"),
    Sentence("not in the repository"),
    Sentence("damaged in the repository"),
    Sentence("damaged UTF-16 text"),
    Sentence("neither UTF-8 nor GB18030 text"),
    Sentence("text in an encoding that cannot be told: save it as UTF-8"),
    Sentence("front matter that never ends"),
    Sentence("front matter that is no mapping"),
    Sentence("front matter that is no YAML"),
    Sentence("front matter that is no TOML: {error}"),
    Sentence("front matter that is no JSON: {error}"),
    Sentence("front matter with YAML tags"),
    Sentence("front matter with YAML aliases"),
    Sentence("front matter with a number that is too large"),
    Sentence("front matter nested too deeply"),
    Sentence("front matter of several documents"),
    Sentence("front matter of more than {size} kB"),
)
_NAMES = re.compile(r"\\\{(\w+)\\\}")


def said(reason: str, translate: Callable[[str], str] = gettext) -> str:
    """Return a stored reason as `translate` has it, by default in the process's language."""
    return language.said(sentence(reason), translate)


def sentence(reason: str) -> str:
    """Return a stored reason as a `Sentence` that can be said in other languages; one that is not known as it is.

    A reason may consist of several, with semicolons between, for a post that was looked for in several places.
    """
    return reduce(
        lambda one, other: Sentence("{first}; {second}", first=one, second=other), map(_one, reason.split("; "))
    )


def _one(reason: str) -> str:
    if reason in _IN_FRONT:
        return _IN_FRONT[reason]
    front, colon, behind = reason.partition(": ")
    if colon and front in _IN_FRONT:
        return Sentence("{front}: {reason}", front=_IN_FRONT[front], reason=_one(behind))
    found = _template(reason)
    if found is None:
        return reason
    template, values = found
    return Sentence(template, **{name: _one(value) for name, value in values.items()})


@cache
def _template(reason: str) -> tuple[Sentence, dict[str, str]] | None:
    """Return the first template that a reason was made of, and its values."""
    for template in _TEMPLATES:
        match = re.fullmatch(_NAMES.sub(r"(?P<\1>.+?)", re.escape(template)), reason, re.DOTALL)
        if match:
            return template, match.groupdict()
    return None
