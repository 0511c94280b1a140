"""A small site in the form of finews.withounder.com, for crawling without a network.

`finews demo` and the offline tests crawl it, and benchmarks generate their pages with it: source posts go in, the
pages that Jekyll would write come out, and a local server serves them, with ETag, 304 and gzip.

A second site, `garden`, is served below it by `finews demo --serve`, for writing a definition of.

Read in this order: `source` (a source post), `body` (its Markdown), `frame` and `layout` (pages), `feed`, `site` (all
pages of a site), `server` (answers to requests).

It is not Jekyll: there is no Liquid, there are no plugins and no other layouts, and a title with a double quote in it
is served as if its front matter were valid YAML. Nor is it real news: every bundled post except NW202204202350104915
is invented, including companies and securities codes.
"""
