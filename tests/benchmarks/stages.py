"""Where the processor's time of a crawl goes: a run in one process, its stages timed. Prints their shares as JSON.

The clock is the thread's own, so what waits costs nothing. Written in one process, posts go into a transaction each;
what writing several at a time saves is not shown here, nor what handing them over costs.

    python tests/benchmarks/stages.py http://127.0.0.1:8000
"""

from __future__ import annotations

import functools
import json
import sys
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler import addon
from crawler.archive.search import index
from crawler.ops.run import RunOptions, run
from crawler.pipelines import normalise
from crawler.recording.markdown_folder import MarkdownFolder
from crawler.recording.recorder import Recorder
from crawler.recording.writer import Writer
from crawler.spiders import category

if TYPE_CHECKING:
    from collections.abc import Iterator


class Stages:
    """Seconds by stage. What runs inside another stage counts for itself alone."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._inner: list[float] = [0.0]

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        began = time.thread_time()
        self._inner.append(0.0)
        try:
            yield
        finally:
            took, inner = time.thread_time() - began, self._inner.pop()
            self.seconds[stage] += took - inner
            self._inner[-1] += took

    def time(self, owner: Any, name: str, stage: str) -> None:
        """Have a function or method timed."""
        function = getattr(owner, name)

        @functools.wraps(function)
        def timed(*given: Any, **named: Any) -> Any:
            with self.timed(stage):
                return function(*given, **named)

        setattr(owner, name, timed)


def main(mirror: str) -> dict[str, float]:
    """Crawl `mirror` into the folder at hand and return each stage's share."""
    stages, began = Stages(), time.process_time()
    for name in ("page_of", "judged_listing", "judged_post"):
        stages.time(category, name, "extraction")
    stages.time(normalise, "normalised", "Markdown")
    stages.time(Recorder, "write", "archive")
    stages.time(index.Entry, "words", "index")
    stages.time(MarkdownFolder, "write_new", "files")
    stages.time(MarkdownFolder, "write", "files")
    put_off = index.put_off

    @contextmanager
    def timed(db: Any) -> Iterator[None]:
        with ExitStack() as at_the_end:
            with put_off(db):
                yield
                at_the_end.enter_context(stages.timed("index"))
            # FTS5 writes out what it holds, as it would a moment later, when the transaction ends.
            db.execute("SAVEPOINT written")
            db.execute("RELEASE written")

    index.put_off = timed
    addon.Writer = functools.partial(Writer, many=sys.maxsize)  # type: ignore[misc]
    run("category", RunOptions(archive=Path("output/archive.db"), posts=Path("output/_posts"), mirror=mirror))
    whole = time.process_time()
    rest = whole - began - sum(stages.seconds.values())
    shares = {"starting": began, "Scrapy and download": rest, **stages.seconds}
    return {stage: seconds / whole for stage, seconds in shares.items()}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))
