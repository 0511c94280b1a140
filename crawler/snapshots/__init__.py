"""Snapshots of an archive for whoever collects it: a folder of files, each with what is new since the one before.

`manifest.py` says what a folder holds, `chain.py` what of it is still of use, `making.py` makes the next snapshot.
`taking_over.py` takes in what a site brings along from another node. What a snapshot is, and what merging one means,
is in `crawler.archive.merging.snapshots`.
"""
