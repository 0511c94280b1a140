"""Writing a first definition of a site from one of its posts.

`elements` finds candidates on the page, and `selectors` says how to select them again; `fields` makes rules of them,
each tried by the functions that a crawl uses; `addresses` guesses the form of posts' addresses, and `site` what the
site is called and where it lists posts; `definition` writes all of it as YAML, `quoting` each value. Pure. Not here:
getting the page (`crawler.ops.trying`).
"""
