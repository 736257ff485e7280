"""Read a table, its columns and its target, and describe the features."""
