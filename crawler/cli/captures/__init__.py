"""Commands about pages as they were served."""
