"""Predict messages, whose senders do not wait for a response, and send the results to a queue."""
