"""What the log says: one line and its metrics for each invocation, and one for each unexpected error."""
