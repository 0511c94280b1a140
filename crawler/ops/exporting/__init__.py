"""The forms of an export, a module each, and the drafts they are written to.

Not here: which posts are exported, and into which folder (`crawler.ops.export`).
"""
