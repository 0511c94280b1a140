"""The search of a published site: an index in small scripts, and the one script that reads them.

The posts are divided into blocks (`blocks`), each of which has its own index: for every pair of neighbouring tokens
the posts that have it and where (`postings`), divided into shards by a checksum of the pair (`shards`). The browser
loads the few shards that a query needs as scripts, since pages opened from a disk may load nothing else, and answers
it as `crawler.archive.search` would (`search.js`). Numbers are written as in `digits`. Not here: the other pages.
"""
