"""Looking after the archive: is it sound, a copy that can be trusted, what it holds in numbers.

Not here: what the sites do (`crawler.archive.watch`).
"""
