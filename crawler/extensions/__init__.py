"""What stands beside a run and watches it. Not here: anything the run needs."""
