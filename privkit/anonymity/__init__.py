"""Anonymity models: each file holds a criterion, its figures, which classes meet it, its report and its function."""
