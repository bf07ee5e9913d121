"""The data inventory: every column with its role, its risk, and what the owner says of it."""
