"""What watches a run. Not here: anything that the run needs."""
