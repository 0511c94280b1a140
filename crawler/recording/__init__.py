"""From records to what is stored: articles, the archive and the Markdown folder, in one process or two.

Independent of Scrapy. Not here: reading pages, and SQL.
"""
