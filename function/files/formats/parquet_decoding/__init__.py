"""Decode Parquet in a separate process with limited memory, which may die without harm to the function."""
