"""Sites on several machines, which scrapyd runs, and their archives in one.

`plan` is what `fleet.yaml` says. `nodes` speaks to scrapyd, `survey` looks at all nodes at once, and `deciding` says
what is to be done about each site. `deploying`, `running` and `collecting` do it, `status` only tells. Not here:
crawling, which nodes do by themselves, and what becomes of posts that several archives have
(`crawler.archive.merging`).
"""
