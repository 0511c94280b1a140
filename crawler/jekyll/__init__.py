"""Posts as Jekyll and its like keep them: front matter, bytes of any encoding, and the site's own source form.

Reads and writes. Not here: pages as they are served (`crawler.extraction`), and this program's own Markdown files
(`crawler.markdown.post_file`).
"""
