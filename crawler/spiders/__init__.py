"""Spiders: `category` follows listings, `share` follows share links.

`asking` makes requests for both of them, and turns answers into records. Not here: reading pages.
"""
