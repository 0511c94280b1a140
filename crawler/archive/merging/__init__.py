"""Merging: what another archive holds is taken into this one. The order of merging does not matter, nor repeating it.

`facts` says what becomes of a post that both have, `tables` the same of everything else; both are pure rules. Only
`crawler.ops.merging` uses this package.
"""
