"""Plain text, pure: words and tokens, figures, what changed between two texts, and which texts tell the same.

Not here: markup (`crawler.markdown`), and what a query means (`crawler.archive.search`).
"""
