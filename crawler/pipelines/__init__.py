"""The steps that every record passes, one per module. `crawler.settings` sets their order.

Each step accepts every record of `crawler.items` and passes on unchanged those that do not concern it, so nothing is
dropped on the way. Not here: reading pages, and the actual work (`crawler.recording`).
"""
