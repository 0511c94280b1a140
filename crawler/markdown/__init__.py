"""Posts as Markdown: `body` turns HTML into safe Markdown and plain text, `post_file` writes and reads the files.

Pure: strings in, strings out. Not here: where the HTML comes from, and where files are written.
"""
