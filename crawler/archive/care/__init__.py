"""Looking after the archive: checking it, copying it, and counting what it holds.

Not here: what the sites do (`crawler.archive.watch`).
"""
