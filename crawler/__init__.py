"""finews-archive: a news site that forgets, crawled into Markdown and one SQLite archive.

The way of a page: `cli` starts a run; `ops.run` sets Scrapy up; a spider (`spiders`) fetches the pages that the ledger
says are next; `extraction` reads them by the rules of their site (`sites`) into posts, or refuses them with a reason;
the `pipelines` normalise, validate, archive and export; the `archive` keeps each post with its revisions, its
mentions and its row of the ledger in one transaction; the report says what became of every address.

Imports point one way, and a test says so; each row may import only from the rows below it:

    cli, __main__
    ops | web
    settings
    spiders | middlewares | pipelines | extensions    the only places, with ops, that know Scrapy
    extraction | archive | markdown
    sites | cadence
    items
    changes | likeness | urls | dates | securities
    figures
    errors | text | unasked
"""

__version__ = "0.1.0"
