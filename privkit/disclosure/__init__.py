"""Disclosure control of published tables: cells that are unsafe, what else must be suppressed or moved, and an audit.

Beside `privkit.attacks` and `privkit.models`; decisions 16 and 24. It reads tables, and of sums and
for keyed noise the rows.
"""
