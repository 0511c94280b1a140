"""What to install so that runs happen by themselves: texts for cron, for systemd and for GitHub Actions.

Pure: what is wanted goes in, texts come out, and the same comes out for the same. Nothing here writes, installs or
runs anything, and nothing here loads Scrapy.

Read on in this order: `interval` (how often), `task` (what is to be run), `plan` (what comes out), and one module for
each that can do it: `cron`, `systemd`, `github`.
"""
