"""Between a request and its answer: what may go wrong, why an address is not requested, and the proxies to use.

Also what names may lead to. What Scrapy's components share. Not here: the components themselves
(`crawler.middlewares`, `crawler.spiders`).
"""
