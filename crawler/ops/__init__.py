"""What a person or a timer starts: runs, imports, exports, checks, schedules, the demonstration."""
