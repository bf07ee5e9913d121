"""Recipes: ordered lists of rules, in files, in words, and followed field by field."""
