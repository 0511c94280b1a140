"""finews-archive: a news site that forgets, crawled into Markdown and one SQLite archive.

A spider fetches what the ledger says is next, extraction reads it by the rules of its site, and the archive keeps it
with its revisions, in one transaction with its row of the ledger. docs/architecture.md is the map: the way of a page,
what lives where, who may import whom, and a glossary.
"""

__version__ = "0.1.0"
