"""Spiders, by way of finding: `category` follows listings, `share` follows share links.

`asking` makes requests and turns answers into records, the same for both. Not here: reading pages.
"""
