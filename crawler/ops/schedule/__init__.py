"""What to install for scheduled runs: texts for cron, systemd and GitHub Actions.

Deterministic: the same request gives the same texts. Not here: writing files, installing or running anything. Scrapy
is not loaded.

Read in this order: `interval` (how often), `task` (what to run), `plan` (the result), and a module for each
scheduler: `cron`, `systemd`, `github`.
"""
