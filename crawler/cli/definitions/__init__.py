"""Commands for writing definitions, and printing what they find. Not here: reading pages (`crawler.ops.trying`)."""
