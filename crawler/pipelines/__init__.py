"""What happens to every record after it was read: one step, one file, one verb. `crawler.settings` gives the order.

Each step takes every record of `crawler.items` and hands on unchanged what is not its business, so that
nothing is dropped on the way. Not here: reading pages, and the work itself (`crawler.recording`).
"""
