"""What people would otherwise notice too late: silence, refusals, missing runs, days with gaps.

Read-only. Not here: what is wrong with the file itself (`crawler.archive.care`).
"""
