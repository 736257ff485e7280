"""Export an estimator to the runtimes that start faster than a pickle."""
