"""Take an estimator apart: load or train it, and read what it knows of its columns."""
