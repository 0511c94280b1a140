"""Taking in posts that are kept as files.

`folder` and `history` find them, `reading` reads them, `run` stores and reports. Not here: what a file says
(`crawler.jekyll.front_matter`, `crawler.jekyll.source`).
"""
