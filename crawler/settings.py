"""What Scrapy reads. Every line is here because its default would be wrong; the reason stands beside it.

The settings named FINEWS_… are the program's own: the command line sets them, and so can `-s NAME=VALUE`.
"""

from __future__ import annotations

import os

from crawler import __version__

BOT_NAME = "finews"
SPIDER_MODULES = ["crawler.spiders"]

FINEWS_SITE = "finews"  # a bundled site's name, or a YAML file
FINEWS_ARCHIVE = os.environ.get("FINEWS_ARCHIVE", "output/archive.db")
FINEWS_POSTS = "output/_posts"  # where Markdown goes; "" or None writes none
FINEWS_MIRROR = ""  # a server that is asked in place of the site's own
FINEWS_REQUESTS_A_DAY = 20_000  # of one host, all runs of a day together; 0 for no limit
FINEWS_RETRY_SECONDS = 2.0  # before the first retry; each other waits four times longer
FINEWS_PATIENCE_SECONDS = 60  # for a host that asks to be left alone; who asks for more is left to a later run
FINEWS_GIVE_UP_AFTER = 10  # failures of a host in a row, unless what it answered well before is answered again
FINEWS_LONGEST_CRAWL_DELAY = 60.0  # seconds; a robots.txt that asks for more gets this much
FINEWS_PROGRESS = False  # show the run as it goes, on a terminal
FINEWS_LOG_FORMAT = ""  # `text` or `json`: the program's own log on standard error, in place of Scrapy's

ADDONS = {"crawler.addon.RunAddon": 100}  # begins the run, before anything is built that takes part in it

# The way of an item. Each step takes every record and hands on the ones that are not its business.
ITEM_PIPELINES = {
    "crawler.pipelines.normalise.Normalise": 100,  # a post becomes an article: Markdown, text, summary, hash
    "crawler.pipelines.validate.Validate": 200,  # an article without id, title, date or body becomes a refusal
    # Every record is written with its row of the ledger, then what the archive holds as a Markdown file.
    "crawler.pipelines.store.StoreInArchive": 300,
}

# The way of a request, and back of its answer.
DOWNLOADER_MIDDLEWARES = {
    "crawler.middlewares.robots.ObeyRobots": 100,  # in place of Scrapy's, which asks in every run
    # After the headers are set, before a request can be retried or redirected.
    "crawler.middlewares.conditional.AskConditionally": 510,
    # The next two stand where Scrapy's own would be.
    "crawler.middlewares.retry.RetryLater": 550,
    "crawler.middlewares.redirect.FollowToTheSame": 600,
    "crawler.middlewares.politeness.BePolite": 860,  # waits, for what will really be asked for
    "crawler.middlewares.guard.GuardAddresses": 870,  # the last word
    # Unpacking is the download handler's, see crawler.middlewares.whole.
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    # What the guard refuses has an outcome; what this one drops is never heard of again.
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
}

# Requests carry all that a callback needs: neither depth nor referer, and no address is too long for the guard.
SPIDER_MIDDLEWARES = {
    "crawler.middlewares.pages.OnlyPages": 50,  # in place of Scrapy's, to which a 206 is a page
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

TWISTED_DNS_RESOLVER = "scrapy.resolver.CachingHostnameResolver"  # the default knows IPv4 alone

# Polite to the site: it is static, small, and somebody's own.
USER_AGENT = f"finews-archive/{__version__} (news archive; obeys robots.txt)"
ROBOTSTXT_USER_AGENT = "finews-archive"
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_START_DELAY = 0.5
AUTOTHROTTLE_TARGET_CONCURRENCY = 2.0
CONCURRENT_REQUESTS_PER_DOMAIN = 4
DOWNLOAD_DELAY = 0.1
RETRY_ENABLED = False  # see crawler.middlewares.retry
RETRY_TIMES = 3  # posts vanish after three days: one more try than Scrapy makes

# A post is stored before its auxiliary requests go out. And Scrapy would start a hundred tasks a page.
CONCURRENT_ITEMS = 1

WARN_ON_GENERATOR_RETURN_VALUE = False  # reads the source of every callback, at every start, for what ruff finds

DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Encoding": "gzip, deflate, br, zstd",  # what crawler.middlewares.unpacking unpacks
}

# Careful with what comes back.
DOWNLOAD_VERIFY_CERTIFICATES = True  # off by default
DOWNLOAD_TIMEOUT = 30  # seconds; the default waits three minutes
DOWNLOAD_MAXSIZE = 16 * 1024 * 1024  # bytes; the longest category page is far below, the default is a gigabyte
DOWNLOAD_HANDLERS = {
    "http": "crawler.middlewares.mirror.MirrorDownloadHandler",
    "https": "crawler.middlewares.mirror.MirrorDownloadHandler",
    **dict.fromkeys(("data", "file", "ftp", "s3")),  # nothing else is asked for
}
REDIRECT_ENABLED = False  # the program follows its own way, see crawler.middlewares.redirect
METAREFRESH_ENABLED = False  # a page does not send the crawler elsewhere
COOKIES_ENABLED = False

# Nobody steers a run from outside.
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False

# Chinese in any feed export stays readable.
FEED_EXPORT_ENCODING = "utf-8"
