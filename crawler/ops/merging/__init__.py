"""Merging other archives into one.

`sources` copies each, `run` merges it and keeps the Markdown files up, `captures` copies what it has kept of answers.
Not here: what becomes of what several have (`crawler.archive.merging`).
"""
