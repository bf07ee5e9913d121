"""What needs several rooms at once; nothing here spends budget.

The gate of a pipeline (decision 17); packages, the register of who got them, persons' requests and breach drills (26).
"""
