"""Commands for sites on several machines. Not here: what they do (`crawler.ops.fleet`)."""
