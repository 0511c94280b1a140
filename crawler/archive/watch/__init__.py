"""What a person would notice too late: silence, refusals, runs that stay away, days with gaps.

Only reads. Not here: what is wrong with the file itself (`crawler.archive.care`).
"""
