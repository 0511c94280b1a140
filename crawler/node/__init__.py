"""A node, whose archives are collected: `addon.py` takes in a seed before a run, and makes a snapshot after it."""
