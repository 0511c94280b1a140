"""Spiders: `category` follows listings, `share` follows share links.

For both of them, `asking` makes requests and turns answers into records. Not here: reading pages.
"""
