"""All posts in one file of JSON Lines: a post a line, with every column. Not here: which posts those are."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from crawler.ops.exporting.drafts import replacing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

# Some programs end a line at these too, though JSON and JSON Lines do not.
_OTHER_LINE_ENDS = re.compile("[\x85\u2028\u2029]")


def write_json_lines(posts: Iterable[Mapping[str, Any]], file: Path) -> int:
    """Write `posts` to `file`, and return how many there were. Raises `OSError`, which names the file."""
    count = 0
    with replacing(file) as draft, draft.open("w", encoding="utf-8") as lines:
        for post in posts:
            count += 1
            lines.write(_line(post) + "\n")
    return count


def _line(post: Mapping[str, Any]) -> str:
    line = json.dumps(post, ensure_ascii=False)
    return _OTHER_LINE_ENDS.sub(lambda found: f"\\u{ord(found[0]):04x}", line)
