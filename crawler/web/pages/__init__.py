"""The pages: a function each, which asks the archive and hands a template what it shows.

`crawler.web.app` says which page is at which address.
"""
