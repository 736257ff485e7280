"""File formats: read the rows of a file, and write them with their predictions."""
