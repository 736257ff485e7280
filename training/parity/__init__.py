"""Compare an export with the estimator that it was made from, on rows made to find a difference."""
