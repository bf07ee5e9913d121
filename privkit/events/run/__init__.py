"""Carrying a recipe out: on events, files and frames, and what came of it."""
