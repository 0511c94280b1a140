"""How things are written on a page: bodies of posts, times, numbers, in the reader's language."""
