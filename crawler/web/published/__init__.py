"""The archive as plain files: the pages of the web app, feeds, and a search that needs no server.

Not here: the pages themselves (`crawler.web`).
"""
