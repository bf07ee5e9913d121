"""What columns are like: facts of them, the shapes of their values, names among these."""
