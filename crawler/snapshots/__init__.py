"""Snapshots of an archive for whoever collects it: a folder of files, each with what is new since the one before.

`manifest.py` says what a folder holds. What a snapshot is, and what merging one means, is in
`crawler.archive.merging.snapshots`.
"""
