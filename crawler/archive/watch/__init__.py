"""What a person would notice too late: silence, refusals, missing runs, days with gaps.

Only reads. Not here: what is wrong with the file itself (`crawler.archive.care`).
"""
