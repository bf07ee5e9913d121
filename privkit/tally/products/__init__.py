"""Rows as vectors of whole numbers, and sums of products of them: what fits and models are made of."""
