"""How fast and how rightly an article is taken out of its page, beside libraries that do so for any site.

The pages are the fixtures', as the sample site serves them; what is right was reviewed for each of them. A body is
whole when every paragraph is there, and clean when nothing else is: no navigation, no share link, nothing twice.

    python tests/benchmarks/extracting.py
"""

from __future__ import annotations

import json
import re
import time
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import trafilatura

from crawler.extraction.post import read_post
from crawler.items import Fetch, Page, Post
from crawler.recording.normalise import normalise
from crawler.sites.addresses import address_of
from crawler.sites.loading import load_site

with warnings.catch_warnings(action="ignore"):  # of an optional package that summaries would take
    import newspaper

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_PAGES = Path(__file__).parent.parent / "pages" / "finews"
_ROUNDS = 3
_SITE = load_site("finews")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class _Case:
    url: str
    page: str
    text: str  # of the article, a paragraph a line


def main() -> dict[str, float]:
    """Print the table and return what it says."""
    cases = list(_cases())
    results: dict[str, float] = {}
    print(f"\n{f'extraction, {len(cases)} pages':26}{'ms/page':>9}{'whole':>9}{'clean':>9}{'both':>9}")
    for name, extract in (("finews", _finews), ("trafilatura", _trafilatura), ("newspaper4k", _newspaper)):
        took = _time(extract, cases)
        judged = [_judged(extract(case), case) for case in cases]
        whole, clean = (sum(each) for each in zip(*judged, strict=True))
        print(f"{name:26}{took:9.2f}{whole:9}{clean:9}{sum(map(all, judged)):9}")
        results |= {f"{name} ms a page": round(took, 3), f"{name} bodies right": sum(map(all, judged))}
    results["of trafilatura's"] = results["finews ms a page"] / results["trafilatura ms a page"]
    return results


def _cases() -> Sequence[_Case]:
    return [
        _Case(
            json.loads((post.parent / "meta.json").read_text(encoding="utf-8"))["url"],
            (post.parent / "page.html").read_text(encoding="utf-8"),
            json.loads(post.read_text(encoding="utf-8"))["text"],
        )
        for post in sorted(_PAGES.glob("*/post.json"))
    ]


def _finews(case: _Case) -> str:
    """As the crawl does it: outlet, securities, Markdown and all."""
    address = address_of(_SITE, case.url)
    assert address is not None, "every fixture is of the site"
    page = Page(fetch=Fetch(address=address, fetched_at=datetime.now(UTC), status=200), source=case.page)
    post = read_post(page, _SITE)
    return normalise(post, _SITE).text if isinstance(post, Post) else ""


def _trafilatura(case: _Case) -> str:
    return trafilatura.extract(case.page, url=case.url, include_comments=False) or ""


def _newspaper(case: _Case) -> str:
    article = newspaper.Article(case.url)
    article.download(input_html=case.page)
    article.parse()
    return str(article.text)


def _time(extract: Callable[[_Case], str], cases: Sequence[_Case]) -> float:
    """Return the median of a round, in milliseconds a page."""
    rounds = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        for case in cases:
            extract(case)
        rounds.append((time.perf_counter() - began) / len(cases) * 1000)
    return median(rounds)


def _judged(found: str, case: _Case) -> tuple[bool, bool]:
    """Tell whether a body is whole, and whether it is clean."""
    body = _SPACE.sub("", found)
    paragraphs = [_SPACE.sub("", line) for line in case.text.splitlines()]
    whole = all(paragraph in body for paragraph in paragraphs)
    for paragraph in sorted(paragraphs, key=len, reverse=True):
        body = body.replace(paragraph, "", 1)
    return whole, not body


if __name__ == "__main__":
    main()
