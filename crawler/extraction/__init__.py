"""Reading pages: `(page, site)` becomes a `Post`, a `Listing` or a `Refused`. Pure: no network, disk or clock.

The one exception is the limit on processor time per page (`budget`); `structure` refuses HTML that would exceed it.

`post` reads a post's page, `share` the text behind a share link, `listing` home, category and feed pages; `rules`
applies a definition's rules, and `body` separates an article from the site's own parts. Not here: judging what was
read (`crawler.recording`) and turning it into Markdown (`crawler.markdown`).
"""
