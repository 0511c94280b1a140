"""Pure functions on plain text: words and tokens, figures, differences between texts, and near-duplicates.

Not here: markup (`crawler.markdown`), and what a query means (`crawler.archive.search`).
"""
