"""Predict messages that nobody waits for, and send their results to a queue."""
