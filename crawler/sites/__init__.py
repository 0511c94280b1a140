"""Sites as data: all the program knows about a site is in its definition, a YAML file.

`definition` describes what a definition may contain, `checking` refuses a wrong one, `loading` finds and reads it,
and `addresses` classifies a site's addresses. Not here: reading pages (`crawler.extraction`).
"""
