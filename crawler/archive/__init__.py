"""The archive: one SQLite file, and the only door to it.

    from crawler.archive import Archive

    with Archive("output/archive.db") as archive:
        post = archive.post("NW202204202350104915")

`archive` is what readers see. Behind it are layered packages, from top to bottom: `watch` (alarms about what would
otherwise be noticed too late) and `care` (integrity checks, backups), `ledger` (addresses, fetches, hosts, runs),
`store` (the file, posts and their versions), and `search` (derived from the posts). Not here: HTML and the network.
Nothing in this package imports Scrapy.
"""

from crawler.archive.archive import Archive

__all__ = ["Archive"]
