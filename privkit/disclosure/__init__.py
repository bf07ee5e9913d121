"""Disclosure control of published tables: cells that are unsafe, what else must be suppressed, and an audit.

Beside `privkit.attacks` and `privkit.models`; decision 16. It reads tables of counts, and no rows.
"""
