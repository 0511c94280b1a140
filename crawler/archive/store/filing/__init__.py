"""What posts are filed under: categories and tags, and the authors of each of their versions.

Not here: securities (`crawler.archive.store.securities`), and outlets, which are a column of `posts`.
"""
