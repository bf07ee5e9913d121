"""Releases and what is made of them for free."""
