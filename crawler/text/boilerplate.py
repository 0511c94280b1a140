"""Removing what outlets add before and after a text: headers, bylines, sources. For comparing texts only.

Not here: cutting anything from an article that is shown.
"""

from __future__ import annotations

import re

from crawler.text.words import fold

# Longer texts are cut, so that comparing them does not take longer.
LONGEST = 20_000
"""The number of characters of a text that are compared."""

# What outlets add before and after a text, folded: 【题目】, （记者 张三）, 财联社4月20日电，, （文章来源：大江网）.
_HEAD = re.compile(
    r"""\s*+(?:
        【[^】\n]{1,60}】(?=\W{0,9}\w)
      | \([^()\n]{0,20}(?:记者|编辑|作者|通讯员)[^()\n]{0,40}\)
      | (?:本报|本刊|本网)?记者[^,。:;()\n]{1,30}(?:报道|\n)
      | 快讯(?=:)
      | \[?[^\s,。:;!?()\[\]|丨]{0,20}
        (?:\d日(?:电|讯|(?=[|丨]))|(?:网|社|[日时早晚商券济]报|电视台)(?:讯|电|消息|报道)|新闻消息|[a-z]快讯|e公司讯)
        (?:\s*+\([^()\n]{1,40}\)|(?=[\s,:|丨\]]))
    )[\s,:|丨\]]*""",
    re.VERBOSE,
)
_TAIL = re.compile(
    r"""\s*(?:
        \((?:[^()\n\d]{1,20}|[^()\n]{0,20}(?:来源|记者|编辑|责编|作者|校对|审核)[^()\n]{0,40})\)
      | \b(?:文章来源|来源|责任编辑|责编|编辑|作者|记者|校对|审核)\s*:[^\n。]{1,40}
    )\s*\Z""",
    re.VERBOSE,
)
_LONGEST_TAIL = 120
_MOST_TAILS = 4


def article_of(text: str) -> str:
    """Return a text folded and without header and footer; only the first `LONGEST` characters of a long one."""
    folded = fold(text[:LONGEST])[:LONGEST]
    head = _HEAD.match(folded)
    start, end = head.end() if head else 0, len(folded)
    for _ in range(_MOST_TAILS):
        tail = _TAIL.search(folded, max(start, end - _LONGEST_TAIL), end)
        if tail is None:
            break
        end = tail.start()
    return folded[start:end]


def definition() -> tuple[int, str, str]:
    """Return a value that changes whenever the rules for removing header and footer change."""
    return LONGEST, _HEAD.pattern, _TAIL.pattern
