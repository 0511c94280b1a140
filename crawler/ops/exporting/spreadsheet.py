"""CSV to be opened in a spreadsheet: words stay words there, and ids keep their digits.

A spreadsheet runs a cell that begins like a formula, and takes digits for a number, of which it keeps fifteen. Such a
cell gets an apostrophe in front, as does one that begins with an apostrophe. Whoever reads the file with another
program drops one apostrophe from the beginning of each cell that has one. The rule is OWASP's against CSV injection.
Not here: which posts are exported.
"""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING, Any

from crawler.ops.exporting.drafts import replacing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

COLUMNS = (
    "site", "post_id", "url", "share_url", "title", "source", "category", "categories", "tags", "authors", "summary",
    "published_at", "mentions", "revision", "first_seen_at", "last_seen_at", "gone_at", "image", "text",
)  # fmt: skip
_BETWEEN = {"authors": "; "}  # a name has spaces in it
ENCODING = "utf-8-sig"
"""How a file of CSV is encoded: the mark at its start tells spreadsheets that it is UTF-8."""

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
    count = -1  # the heading is no post
    with replacing(file) as draft, draft.open("w", encoding=ENCODING, newline="") as table:
        for line in csv_lines(COLUMNS, map(_flat, posts)):
            count += 1
            table.write(line)
    return count


def csv_lines(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield CSV: the heading, then a line for each row, with a cell for each of the columns that it may have."""
    yield _heading.writerow(columns)
    for row in rows:
        yield _cells.writerow([_written(row.get(column), _BETWEEN.get(column, " ")) for column in columns])


class _Line:
    """A file for `csv.writer` that keeps nothing: what is written becomes the result of `writerow`."""

    def write(self, line: str) -> str:
        return line


_heading = csv.writer(_Line())
# In quotes no cell is parted at the sign that some country's spreadsheets part cells at.
_cells = csv.writer(_Line(), quoting=csv.QUOTE_ALL)


def cell(words: str) -> str:
    """Return words as a cell that shows them, and neither runs nor counts."""
    return f"'{words}" if _FORMULA.match(words) or _is_counted(words) else words


def _is_counted(words: str) -> bool:
    """Return whether a spreadsheet takes words for a number or a date, and shows it otherwise."""
    if _SAFE_NUMBER.fullmatch(words):
        return False
    return any(pattern.fullmatch(words) for pattern in (_NUMBER_OR_DATE, _NAMED_DATE))


def _written(value: Any, between: str) -> str:
    """Return the cell for a value: a list becomes its words, or JSON if it holds anything else."""
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        is_words = all(isinstance(each, str) for each in value)
        return cell(between.join(value) if is_words else json.dumps(value))
    return cell(value or "")


def _flat(post: Mapping[str, Any]) -> dict[str, Any]:
    """Return a post with the codes of the securities it mentions, each once."""
    return {**post, "mentions": list(dict.fromkeys(mention["code"] for mention in post["mentions"]))}
