"""Merging other archives into one.

`sources` copies each, `run` merges it and keeps the Markdown files up. Not here: what becomes of what several have
(`crawler.archive.merging`).
"""
