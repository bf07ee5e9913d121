"""Operations: what a rule of a recipe does to the fields that it names, one a file."""
