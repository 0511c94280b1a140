"""A small site in the form of finews.withounder.com, to be crawled without a network.

It is the site of `finews demo` and of the offline tests, and the generator of pages for benchmarks: source
posts go in, the pages that Jekyll would write come out, and a local server answers with them, with ETag, 304
and gzip.

Read on in this order: `source` (a source post), `body` (its Markdown), `frame` and `layout` (pages), `feed`,
`site` (all pages of a site), `server` (answers to requests).

It is not a Jekyll: no Liquid, no plugins, no other layouts, and a title with a double quote in it is served
as if its front matter had been valid YAML. It is not a record of real news either: every bundled post but
NW202204202350104915 is invented, companies and securities codes with it.
"""
