"""All posts in one CSV file, to be opened in a spreadsheet: words stay words there, and ids keep their digits.

A spreadsheet runs a cell that begins like a formula, and takes digits for a number, of which it keeps fifteen. Such a
cell gets an apostrophe in front, as does one that begins with an apostrophe. So whoever reads the file with another
program drops one apostrophe from the beginning of each cell that has one. The rule is OWASP's against CSV injection.
Not here: which posts are exported.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Any

from crawler.ops.exporting.drafts import replacing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

COLUMNS = (
    "site", "post_id", "url", "share_url", "title", "source", "category", "tags", "summary", "published_at",
    "securities", "revision", "first_seen_at", "last_seen_at", "gone_at", "text",
)  # fmt: skip
# Spreadsheets set to Chinese or Japanese take full-width signs for the others.
_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠']")
# What is shown as it stands: a number of few digits without zeros at its edges.
_SAFE_NUMBER = re.compile(r"(?:0|[1-9]\d{0,10})(?:\.\d{0,3}[1-9])?", re.ASCII)
# `202112082206935918`, `007`, `1.10`, `2021-12`, `10:30`, `1E5`: shown as another number, or as a date.
_NUMBER_OR_DATE = re.compile(r"\s*\d[\d.,:/%eE+-]*(?: +[\d:/]+)?\s*")
_MONTH = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?"
)
_NAMED_DATE = re.compile(rf"\s*(?:\d{{1,4}}[\s./-]*)?(?:{_MONTH})[\s./-]*\d{{1,4}}\s*", re.IGNORECASE)


def write_csv(posts: Iterable[Mapping[str, Any]], file: Path) -> int:
    """Write `posts` to `file`, and return how many there were. Raises `OSError`, which names the file."""
    count = 0
    # The mark at the start tells spreadsheets that the file is UTF-8.
    with replacing(file) as draft, draft.open("w", encoding="utf-8-sig", newline="") as table:
        csv.writer(table).writerow(COLUMNS)
        # In quotes no cell is parted at the sign that some country's spreadsheets part cells at.
        rows = csv.writer(table, quoting=csv.QUOTE_ALL)
        for post in posts:
            count += 1
            rows.writerow(_row(post))
    return count


def cell(words: str) -> str:
    """Return words as a cell that shows them, and neither runs nor counts."""
    return f"'{words}" if _FORMULA.match(words) or _is_counted(words) else words


def _is_counted(words: str) -> bool:
    """Return whether a spreadsheet takes words for a number or a date, and shows it otherwise."""
    if _SAFE_NUMBER.fullmatch(words):
        return False
    return any(pattern.fullmatch(words) for pattern in (_NUMBER_OR_DATE, _NAMED_DATE))


def _row(post: Mapping[str, Any]) -> list[str]:
    codes = " ".join(dict.fromkeys(mention["code"] for mention in post["mentions"]))
    values = {**post, "tags": " ".join(post["tags"]), "securities": codes}
    return [str(value) if isinstance(value, int) else cell(value or "") for value in map(values.get, COLUMNS)]
