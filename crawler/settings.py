"""Scrapy's settings. Each is here because the default would be wrong, with the reason beside it.

Settings named FINEWS_… are the program's own; the command line sets them, and so can `-s NAME=VALUE`. Not here: what
differs between sites (`crawler.sites`).
"""

from __future__ import annotations

import os

from crawler import __version__

BOT_NAME = "finews"
SPIDER_MODULES = ["crawler.spiders"]

FINEWS_SITE = "finews"  # a bundled site's name, or a YAML file
FINEWS_ARCHIVE = os.environ.get("FINEWS_ARCHIVE", "output/archive.db")
FINEWS_POSTS = "output/_posts"  # where Markdown goes; "" or None writes none
FINEWS_CAPTURES = os.environ.get("FINEWS_CAPTURES", "1")  # keep answers as they were served, beside the archive
FINEWS_MIRROR = ""  # the address of a server to use instead of the site's own
FINEWS_REQUESTS_A_DAY = 20_000  # per host, for all runs of a day together; 0 for no limit
FINEWS_RETRY_SECONDS = 2.0  # before the first retry; each further retry waits four times as long
FINEWS_PATIENCE_SECONDS = 60  # how long to wait if a host asks for it; if it asks for more, a later run continues
FINEWS_GIVE_UP_AFTER = 10  # consecutive failures of a host, unless a page it served before is served again
FINEWS_LONGEST_CRAWL_DELAY = 60.0  # seconds; longer delays in a robots.txt are shortened to this
FINEWS_PROGRESS = False  # show the run's progress on a terminal
FINEWS_LOG_FORMAT = ""  # `text` or `json`: the program's own log on standard error, instead of Scrapy's

# For archives that are collected, see docs/scale.md.
FINEWS_SNAPSHOTS = os.environ.get("FINEWS_SNAPSHOTS", "")  # a folder for what is new after each run; "": none
FINEWS_COLLECTED = ""  # what the collector has: the digest of a state, "none", or "" if that is not told
FINEWS_SEED = "0"  # 1 takes in the archive that was deployed with the program, before the run begins

ADDONS = {
    "crawler.node.addon.NodeAddon": 50,  # takes in a seed before the run, and makes a snapshot after it
    "crawler.addon.RunAddon": 100,  # begins the run, before any component that uses it is built
}

# The path of an item. Each step accepts every record and passes on those that do not concern it.
ITEM_PIPELINES = {
    "crawler.pipelines.normalise.Normalise": 100,  # a post becomes an article: Markdown, text, summary, hash
    "crawler.pipelines.validate.Validate": 200,  # an article without id, title, date or body becomes a refusal
    # Every record is written with its row of the ledger, then the Markdown file of a stored post.
    "crawler.pipelines.store.StoreInArchive": 300,
}

# The path of a request, and of its answer on the way back.
DOWNLOADER_MIDDLEWARES = {
    "crawler.middlewares.robots.ObeyRobots": 100,  # instead of Scrapy's, which fetches robots.txt in every run
    # After the default headers are set, before a request can be retried or redirected.
    "crawler.middlewares.conditional.AskConditionally": 510,
    # The next two have the positions of Scrapy's own.
    "crawler.middlewares.retry.RetryLater": 550,
    "crawler.middlewares.redirect.FollowToTheSame": 600,
    "crawler.middlewares.politeness.BePolite": 860,  # late, so that it only waits for requests that are really sent
    "crawler.middlewares.guard.GuardAddresses": 870,  # last, so that nothing can get around it
    # The download handler decompresses, see crawler.middlewares.whole.
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    # The guard's refusals are recorded as outcomes; this one drops requests without a trace.
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
}

# Depth and referer are not used, and the guard checks addresses of any length.
SPIDER_MIDDLEWARES = {
    "crawler.middlewares.pages.OnlyPages": 50,  # instead of Scrapy's, which treats a 206 as a page
    **dict.fromkeys(
        f"scrapy.spidermiddlewares.{name}"
        for name in (
            "httperror.HttpErrorMiddleware",
            "depth.DepthMiddleware",
            "referer.RefererMiddleware",
            "urllength.UrlLengthMiddleware",
        )
    ),
}

EXTENSIONS = {
    "crawler.extensions.events.LogEvents": 500,
    "crawler.extensions.progress.ShowProgress": 510,
}

LOG_FORMATTER = "crawler.extensions.quiet.QuietAboutTheArchive"  # the run reports such errors once, at its end
# The default resolves IPv4 only, and allows connections to private networks.
TWISTED_DNS_RESOLVER = "crawler.network.resolver.PublicResolver"

# Be polite: the site is static, small and privately run.
USER_AGENT = f"finews-archive/{__version__} (news archive; obeys robots.txt)"
ROBOTSTXT_USER_AGENT = "finews-archive"
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_START_DELAY = 0.5
AUTOTHROTTLE_TARGET_CONCURRENCY = 2.0
CONCURRENT_REQUESTS_PER_DOMAIN = 4
DOWNLOAD_DELAY = 0.1
RETRY_ENABLED = False  # see crawler.middlewares.retry
RETRY_TIMES = 3  # one more than the default, because posts vanish after three days

# So that a post is stored before its auxiliary requests are sent, and Scrapy does not start a hundred tasks per page.
CONCURRENT_ITEMS = 1

WARN_ON_GENERATOR_RETURN_VALUE = False  # it would parse every callback at every start, and ruff finds the same

DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Encoding": "gzip, deflate, br, zstd",  # what crawler.middlewares.unpacking can decompress
}

# Be careful with answers.
DOWNLOAD_VERIFY_CERTIFICATES = True  # off by default
DOWNLOAD_TIMEOUT = 30  # seconds; the default is three minutes
DOWNLOAD_MAXSIZE = 16 * 1024 * 1024  # bytes, far above the longest category page; the default is a gigabyte
DOWNLOAD_HANDLERS = {
    "http": "crawler.middlewares.mirror.MirrorDownloadHandler",
    "https": "crawler.middlewares.mirror.MirrorDownloadHandler",
    **dict.fromkeys(("data", "file", "ftp", "s3")),  # no other schemes are requested
}
REDIRECT_ENABLED = False  # see crawler.middlewares.redirect
METAREFRESH_ENABLED = False  # a page may not send the crawler elsewhere
COOKIES_ENABLED = False

# A run cannot be controlled from outside.
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False

# Keep Chinese readable in any feed export.
FEED_EXPORT_ENCODING = "utf-8"
