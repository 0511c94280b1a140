"""Between spiders and the network: one file each. Not here: what Scrapy brings along, see `crawler.settings`."""
