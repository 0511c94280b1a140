"""What people and timers start: runs, imports, exports, checks, schedules, the self-test, the demonstration.

Not here: parsing commands and printing results (`crawler.cli`).
"""
