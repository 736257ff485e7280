"""Write the log: one line with metrics for each invocation, and one line for each unexpected error."""
