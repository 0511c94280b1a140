"""Sites as data: a definition in YAML says all the program knows about one.

`definition` is what a definition may say, `checking` refuses a wrong one, `loading` finds and reads it, and
`addresses` tells what an address of the site leads to. Not here: reading pages (`crawler.extraction`).
"""
