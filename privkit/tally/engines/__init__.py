"""Engines: what privkit asks of a frame, wherever its rows lie."""
