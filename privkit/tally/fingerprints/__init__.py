"""Digests of columns, from their buffers: what the fingerprint of a frame is made of.

Three laws, beside those of `privkit.tally.cells`:

- *by the schema*: whether a column has a digest depends on its type alone (`untold` says which have none);
- *total*: no value of a type that has one fails;
- *by contents*: chunks, offsets, the memory under missing values and the bits of a NaN do not matter.
"""
