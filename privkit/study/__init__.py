"""What needs several rooms at once; nothing here spends budget.

The gate of a pipeline (decision 17); packages, the register of who got them, requests of data subjects and breach drills
(decision 26).
"""
