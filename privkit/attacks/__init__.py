"""Attacks that state their own power: on shared tables, and on what was released.

Above `privkit.transform` and `privkit.risk`, whose results they attack; decision 13. Nothing here spends budget.
"""
