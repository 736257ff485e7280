"""Load or train an estimator, and find out what it has learned of its columns."""
