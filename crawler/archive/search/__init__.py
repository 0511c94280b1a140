"""Full-text search: what a query means, the index that answers it, and what is shown of a hit.

Derived: it can be dropped and made anew from the posts at any time. Not here: the posts (`crawler.archive.store`).
"""
