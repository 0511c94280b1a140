"""Guessing the form of posts' addresses from one of them. Not here: what else a definition says."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qsl

from crawler.urls import path_of

_ENDING = re.compile(r"(?P<name>.*?)(?P<ending>\.[A-Za-z]{2,5})?")
_NUMBER = re.compile(r"(?P<front>(?:[A-Za-z]+[_-])?(?:[A-Za-z]?\d{4}-?\d{2}-?\d{2}[_-])?)(?P<number>\d+)")
_ANY_FOLDERS = "(?:.+/)?"
_DATE = re.compile(r"(?:19|20)\d{2}(?:[-_]?[01]?\d(?:[-_]?[0-3]?\d)?)?")
_DAY_OR_MONTH = re.compile(r"[0-3]?\d|[01]\d[0-3]\d")
_KEYS = ("id", "p", "aid", "newsid", "articleid", "article_id", "contentid", "infoid", "nid", "docid", "sid")
_SHORT = 4  # digits of a number that is counted anew each day


class Guess(NamedTuple):
    """The pattern of an address, and what is uncertain about it."""

    match: str
    doubt: str


def form_of(url: str) -> Guess:
    """Return a pattern for the posts of which one is at the canonical address `url`."""
    path, _, query = path_of(url).partition("?")
    if query and (key := _key_in(query)):
        value = r"\d+" if re.search(rf"(?:^|&){key}=\d+(?:&|$)", query) else "[^&]+"
        match = rf"^{re.escape(path)}\?(?:.*&)?{re.escape(key)}=(?P<id>{value})"
        return Guess(match, f"the id is taken from `{key}` in the query")
    *folders, last = path.strip("/").split("/")
    slash = "/" if path.endswith("/") and last else ""
    dated = any(_DATE.fullmatch(folder) for folder in folders)
    parts = _folders(folders, dated=dated)
    name, doubt = _name(last, dated=dated)
    if "(?P<id2>" in name:
        return Guess(f"^/{_with_first_id(parts)}{name}{slash}$", doubt)
    front = _joined(parts)
    if not folders and slash:
        doubt = "pages such as /about/ have the same form, and are refused where they lack the layout's sign"
    return Guess(f"^/{front}{name}{slash}$", doubt)


def _key_in(query: str) -> str | None:
    pairs = parse_qsl(query)
    named = [key for key, value in pairs if key.lower() in _KEYS and value]
    return next(iter(named), None)


def _folders(folders: list[str], *, dated: bool) -> list[str]:
    """Return folders as patterns: dates by their digits; before a date, any category; others as they are."""
    parts: list[str] = []
    seen_date = False
    for folder in folders:
        if _DATE.fullmatch(folder) or (seen_date and _DAY_OR_MONTH.fullmatch(folder)):
            parts.append(re.sub(r"\d+", _digits, folder))
            seen_date = True
        elif dated and not seen_date:
            if not parts:
                parts.append(_ANY_FOLDERS)
        else:
            parts.append(r"\d+" if folder.isdecimal() else re.escape(folder))
    return parts


def _name(last: str, *, dated: bool) -> tuple[str, str]:
    """Return the last part of a path as a pattern with the id in it, and what is uncertain about that."""
    found = _ENDING.fullmatch(last)
    assert found is not None, "everything may be empty in it"
    name, ending = found["name"], re.escape(found["ending"] or "")
    number = _NUMBER.fullmatch(name)
    if number is None:
        return f"(?P<id>[^/]+){ending}" if ending or last else "(?P<id>[^/]+)", "an id is whatever the name is"
    front = re.sub(r"\d+", lambda digits: rf"\d{{{len(digits[0])}}}", re.escape(number["front"]).replace(r"\-", "-"))
    if dated and len(number["number"]) <= _SHORT:
        return (
            rf"{front}(?P<id2>\d+){ending}",
            "the number seems to be counted anew each day, so the id has the day in it",
        )
    return rf"{front}(?P<id>\d+){ending}", "an id is a number"


def _with_first_id(parts: list[str]) -> str:
    """Return folders with their dates as the first part of the id."""
    first = next((number for number, part in enumerate(parts) if part.startswith(r"\d{")), 0)
    last = max(number for number, part in enumerate(parts) if part.startswith(r"\d{"))
    dates = "/".join(parts[first : last + 1])
    return f"{_joined(parts[:first])}(?P<id1>{dates})/{_joined(parts[last + 1 :])}"


def _joined(parts: list[str]) -> str:
    return "".join(part if part == _ANY_FOLDERS else f"{part}/" for part in parts)


def _digits(found: re.Match[str]) -> str:
    """Return a pattern for a number of as many digits; a month may be written as 3 and as 12."""
    return r"\d{1,2}" if len(found[0]) == 1 else rf"\d{{{len(found[0])}}}"
