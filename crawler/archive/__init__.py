"""The archive: one SQLite file, and the only door to it.

    from crawler.archive import Archive

    with Archive("output/archive.db") as archive:
        post = archive.post("NW202204202350104915")

`connection` opens the file, `migrations` brings it forward, `lock` keeps two runs apart. `posts`, `history`,
`stocks`, `stories`, `ledger` and `runs` each know their tables. A query is read by `query`, asked of the index by
`expression` and `filters`, answered by `search` and shown by `results`; `index` and `words` keep what it is answered
from. Of runs, `frontier` says what to ask for next, `hosts` who wants to be left alone, `trail` what became of an
address, `usual`, `alarm` and `coverage` what is amiss. `soundness` and `backup` look after the file. Not here: HTML,
the network, and Scrapy, which none of this loads.
"""

from crawler.archive.archive import Archive

__all__ = ["Archive"]
