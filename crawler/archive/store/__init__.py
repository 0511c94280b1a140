"""The archive's file and what is stored in it: posts with their versions, securities, stories, and imported files.

Not here: the addresses posts came from (`crawler.archive.ledger`), and the search index (`crawler.archive.search`).
"""
