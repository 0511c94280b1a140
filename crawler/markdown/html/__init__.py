"""HTML as blocks: `scriptless` says in plain HTML what a page shows by other means, `reading` reads the safe HTML.

Not here: sanitising, and how blocks are written (`crawler.markdown`).
"""
