"""Scrapy middlewares and download handlers, between spiders and the network.

`crawler.settings` says which are used, and in what order. Not here: those that come with Scrapy.
"""
