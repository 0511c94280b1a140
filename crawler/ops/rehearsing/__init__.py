"""What today's rules, or other ones, make of the pages that were captured: reported, or applied.

`pages.py` says which pages, `reading.py` reads one, `comparing.py` holds what was read against what is stored,
`rehearsal.py` does that for all of them in several processes, `html.py` is its report as a page, and `applying.py`
stores the result.
"""
