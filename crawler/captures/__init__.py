"""Answers as they were served, in the format of the world's web archives: WARC 1.1 (ISO 28500), gzipped by record.

`records.py` makes and reads records, `keeping.py` writes those of a run, `copying.py` takes those of other archives,
`files.py` names the files, `mending.py` brings files and rows together again after a kill. A question to the archive
loads none of this.
"""
