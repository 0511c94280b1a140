"""Reading pages: `(page, site)` becomes a `Post`, a `Listing` or a `Refused`. Pure: no network, disk or clock.

But for one thing: a page may take only so much processor time (`budget`), and have no form that would (`structure`).

`post` reads a post's page, `share` the text behind a share link, `listing` home, category and feed pages;
`rules` applies a definition's rules, `body` knows what belongs to a body. Not here: judging what was read
(`crawler.recording`) and turning it into Markdown (`crawler.markdown`).
"""
