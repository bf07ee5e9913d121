"""Hierarchies: what the values of a column become, level by level."""
