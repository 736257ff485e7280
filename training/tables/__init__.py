"""Read a table, and find out what its columns and its target are."""
