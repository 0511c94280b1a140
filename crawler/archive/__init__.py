"""The archive: one SQLite file, and the only door to it.

    from crawler.archive import Archive

    with Archive("output/archive.db") as archive:
        post = archive.post("NW202204202350104915")

`archive` is what readers see. Behind it are rooms, each above the next: `watch` (what a person would notice too late)
beside `care` (is the file sound, backups), `ledger` (addresses, fetches, hosts, runs), `store` (the file, posts and
their versions), and `search` (derived from the posts). Not here: HTML, the network, and Scrapy, which none of this
loads.
"""

from crawler.archive.archive import Archive

__all__ = ["Archive"]
