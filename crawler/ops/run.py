"""Running a spider in this process.

Scrapy is set up as by `scrapy crawl`, from `crawler.settings` and the caller's options. There can be only one run per
process, because Twisted's reactor cannot be restarted. Not here: what a run does (`crawler.run`, `crawler.spiders`).
"""

from __future__ import annotations

import logging
import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scrapy.crawler import CrawlerProcess
from scrapy.settings import Settings

from crawler.addon import RunAddon
from crawler.captures.files import folder_of
from crawler.errors import CapturesNotWritten, FinewsError, MarkdownNotWritten, UsageError
from crawler.node.addon import NodeAddon
from crawler.urls import canonical, is_loopback

if TYPE_CHECKING:
    from pathlib import Path

    from scrapy import Spider
    from twisted.python.failure import Failure

    from crawler.archive.ledger.runs import Report

_EVENTS = "crawler.extensions.events"  # needed only in a log; interactive users get the report
# Its warnings, which name the mirror's address, repeat the reasons that the ledger gives for failures.
_DOWNLOAD_HANDLERS = "scrapy.core.downloader.handlers"

# There is no need to be polite to a server on one's own machine.
_NO_DELAYS: dict[str, Any] = {
    "AUTOTHROTTLE_ENABLED": False,
    "DOWNLOAD_DELAY": 0,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
    "HTTPPROXY_ENABLED": False,
    "FINEWS_REQUESTS_A_DAY": 0,
    "FINEWS_RETRY_SECONDS": 0.1,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """The options of any run.

    `archive` is the file's path, `site` a name or a YAML file, `posts` the folder for Markdown (`None`: write none),
    `mirror` the address of a server to use instead of the site's. `progress`: show it on standard error if that is a
    terminal. `log` is the format of the log on standard error: `text`, `json`, or "" for none. `captures`: keep
    answers as they were served.
    """

    archive: Path
    site: str = "finews"
    posts: Path | None = None
    mirror: str | None = None
    progress: bool = False
    log: str = ""
    captures: bool = True


def run(spider: str | type[Spider], options: RunOptions, **arguments: Any) -> Report:
    """Run a spider, a class or one of the project's by its name, with `arguments`, and return the report.

    The report is what `finews crawl --json` prints.

    Raises a `FinewsError` if the run cannot begin (a wrong site, a wrong argument, a locked archive), if it had to
    give up writing the archive, or if it could not write Markdown, captures or a snapshot; `KeyboardInterrupt` if a
    second Ctrl-C ended it.
    """
    process = CrawlerProcess(_settings(options))
    for name in (_DOWNLOAD_HANDLERS, *(() if options.log else (_EVENTS,))):
        logging.getLogger(name).setLevel(logging.ERROR)
    # Otherwise Scrapy would make a log record for each page and item, only for its handlers to drop it.
    logging.getLogger("scrapy").setLevel(logging.WARNING)
    crawler = process.create_crawler(spider)
    failures: list[BaseException] = []

    def keep(failure: Failure) -> None:
        if failure.value is not None:
            failures.append(failure.value)

    process.crawl(crawler, **arguments).addErrback(keep)
    _end_in_order_on_hangup()
    process.start()
    addon = crawler.get_addon(RunAddon)
    try:
        if failures:
            raise failures[0]
        return _report_of(addon, crawler.get_addon(NodeAddon))
    finally:
        if addon is not None:
            addon.close()


def _end_in_order_on_hangup() -> None:
    """Make a closed terminal end the run as SIGTERM does, unless the run was started with `nohup`."""
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))


def _report_of(addon: RunAddon | None, node: NodeAddon | None) -> Report:
    if addon is None:
        raise FinewsError("The run ended before it began; the log above says why.")
    if addon.trouble is not None:
        raise addon.trouble
    if addon.run.report is None:  # a second Ctrl-C leaves no time for a report
        raise KeyboardInterrupt
    if addon.writer.files_trouble is not None:
        raise MarkdownNotWritten(addon.writer.files_trouble)
    if addon.keeper is not None and addon.keeper.trouble is not None:
        raise CapturesNotWritten(folder_of(addon.run.archive.path), addon.keeper.trouble)
    if node is not None and node.trouble is not None:
        raise node.trouble
    return addon.run.report


def _settings(options: RunOptions) -> Settings:
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    own = {
        "FINEWS_SITE": options.site,
        "FINEWS_ARCHIVE": options.archive,
        "FINEWS_POSTS": options.posts,
        "FINEWS_CAPTURES": options.captures,
        "FINEWS_PROGRESS": options.progress,
        "FINEWS_LOG_FORMAT": options.log,
        "LOG_INSTALL_ROOT_HANDLER": not options.log,
        "LOG_LEVEL": "WARNING",
        "LOG_FORMAT": "%(levelname)s: %(message)s",
        **(_mirror_settings(options.mirror) if options.mirror else {}),
    }
    settings.setdict(own, priority="cmdline")
    return settings


def _mirror_settings(mirror: str) -> dict[str, Any]:
    url = canonical(mirror)
    if url is None:
        raise UsageError(
            "The mirror {mirror!r} is not an address: give one such as http://127.0.0.1:8000.", mirror=mirror
        )
    return {"FINEWS_MIRROR": url, **(_NO_DELAYS if is_loopback(url) else {})}
