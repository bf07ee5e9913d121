"""The one door to the rows: exact grouped aggregates of a frame, written on Narwhals.

Every fact that privkit knows about a frame comes through here; nothing else groups rows.
"""
