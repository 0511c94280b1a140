"""Scrapy extensions that observe a run: its log and its progress. Not here: anything that the run depends on."""
