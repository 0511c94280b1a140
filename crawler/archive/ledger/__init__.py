"""The ledger: every address met and each fetch of it, what to request next, hosts, and the runs themselves.

Not here: what was stored (`crawler.archive.store`).
"""
