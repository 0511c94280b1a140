"""Sites as data: all the program knows about a site is in its definition, a YAML file.

`definition` declares what a definition may contain, `checking` refuses wrong ones, `loading` finds and reads them,
and `addresses` classifies a site's addresses. Not here: reading pages (`crawler.extraction`).
"""
