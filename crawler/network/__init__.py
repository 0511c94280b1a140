"""What Scrapy's components share about the network: failures, reasons not to request, proxies, name resolution.

Not here: the components themselves (`crawler.middlewares`, `crawler.spiders`).
"""
