"""From what a run has read to what is kept: articles, the archive, the Markdown folder, in whichever process.

Knows no Scrapy. Not here: reading pages, and SQL.
"""
