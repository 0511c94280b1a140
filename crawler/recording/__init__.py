"""Storing what a run read: making articles of posts, writing the archive and the Markdown folder.

Independent of Scrapy. Not here: reading pages, and SQL.
"""
