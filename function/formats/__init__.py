"""Text formats of requests: CSV and strict JSON."""
