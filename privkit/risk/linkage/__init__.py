"""Linkage: whom a second table betrays."""
