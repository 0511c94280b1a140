"""Spiders: `category` follows listings, `share` follows share links, and `snapshot` requests nothing.

`asking` makes requests for the first two, and turns answers into records. Not here: reading pages.
"""
