"""Trying out a definition: pages are read as a crawl reads them, and what each rule finds is told. Nothing is stored.

`trial` reads a page by a definition, `local` finds pages in files, `asking` requests them from the site. Not here:
writing a first definition (`crawler.ops.drafting`), and showing what was found (`crawler.cli`).
"""
