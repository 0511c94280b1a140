"""finews-archive: a news site that forgets, crawled into Markdown and one SQLite archive.

The way of a page: `cli` starts a run; `ops.run` sets Scrapy up, whose first part (`addon`) begins the `run` that all
others take part in; a spider (`spiders`) fetches what the ledger says is next; `extraction` reads each page by the
rules of its site (`sites`) into a post, or refuses it with a reason; the `pipelines` normalise, validate and hand it
to what writes (`recording`); the `archive` keeps each post with its revisions, its mentions and its row of the ledger
in one transaction; the report says what became of every address.

Imports point one way, and a test says so; each row may import only from the rows below it:

    cli, __main__
    ops
    settings
    spiders | middlewares | pipelines | extensions    the only places, with ops and addon, that know Scrapy
    addon
    run
    recording
    jekyll
    extraction | archive | markdown
    sites | revisits
    items
    urls | dates | securities
    errors | text | not_requested
"""

__version__ = "0.1.0"
