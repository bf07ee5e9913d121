"""What needs several rooms at once: the gate of a pipeline. Nothing here spends budget; decision 17."""
