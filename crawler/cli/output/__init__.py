"""Output in other forms than lines of text: through a pager, as charts, as rows to take along.

Not here: what results and reports say (`crawler.cli.printing`, `crawler.cli.reports`).
"""
