"""Transformations: hierarchies, full-domain search, local recoding, suppression, perturbation.

With `privkit.tally` and `privkit.events` the only rooms that see rows. Nothing here spends budget.
"""
