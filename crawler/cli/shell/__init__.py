"""What the command line does for whoever types: help in their language (`help`, `wrapping`), and `completion`."""
