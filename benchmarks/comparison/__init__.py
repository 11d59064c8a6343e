"""Other generators of functions, tried by the same commands as this template."""
