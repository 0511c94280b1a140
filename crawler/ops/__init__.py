"""What a person or a timer sets going: runs, reports, checks, backups, the demonstration."""
