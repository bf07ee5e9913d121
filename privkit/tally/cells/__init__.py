"""Cells: the one form in which a column of any engine becomes values.

Three laws hold for every kind, and tests search for what breaks them:

- *total*: no value of a kind fails, at any place (grouping, cutting, date parts, time zones, windows, sums, ranks,
  hashing); what has no meaning there is missing;
- *row by row*: what a cell becomes depends on that cell and on the schema, never on other rows;
- *exact*: two cells are one only if they hold the same value. Never through a float, never by Python's equality, never
  by an engine's collation; instants are told apart in UTC; within a column of objects 1, 1.0 and Decimal(1) are one,
  True is not 1, and -0.0 is 0.0.
"""
