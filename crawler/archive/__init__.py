"""The archive: one SQLite file, and the only door to it.

    from crawler.archive import Archive

    with Archive("output/archive.db") as archive:
        post = archive.post("NW202204202350104915")

`connection` opens the file, `migrations` brings it forward, `posts`, `ledger`, `runs` and `search` each know
their tables, `lock` keeps two runs apart. Not here: HTML, the network, and Scrapy, which none of this loads.
"""

from crawler.archive.archive import Archive

__all__ = ["Archive"]
