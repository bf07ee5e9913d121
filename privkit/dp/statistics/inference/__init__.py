"""Tests, comparisons and fits, with intervals that hold both noise and sampling."""
