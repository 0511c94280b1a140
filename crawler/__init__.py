"""finews-archive: crawls a news site that drops its posts after days into Markdown and one SQLite archive.

A spider fetches what the ledger says is next, extraction reads it by the rules of its site, and the archive stores it
as a revision, together with its row of the ledger. docs/architecture.md explains the rest: the way of a page, what is
where, which module may import which, and a glossary.
"""

__version__ = "0.1.0"
