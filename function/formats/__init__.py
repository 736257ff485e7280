"""The text formats of requests and files: CSV, gzip and strict JSON."""
