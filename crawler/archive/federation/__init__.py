"""Several archives, asked together and answered as one: shards of what grew too large, or what is not to be merged.

    from crawler.archive.federation import Federation

    with Federation.at(["2024.db", "2025.db"]) as archives:
        found = archives.search("降准")

Each archive is asked by itself, and the answers are joined: nothing is attached or copied. A post (its site and id)
that several archives have is one post, and one of them speaks for it (`speakers`). Not here: taking archives into one
(`crawler.archive.merging`), and anything that writes.
"""

from crawler.archive.federation.federation import Federation
from crawler.archive.federation.members import distinct

__all__ = ["Federation", "distinct"]
