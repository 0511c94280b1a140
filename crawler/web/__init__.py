"""The archive in a browser: pages, feeds and charts, read through `crawler.archive.Archive` alone.

Not here: anything that writes to the archive.
"""
