"""Export an estimator for the runtimes that start faster than a pickle."""
