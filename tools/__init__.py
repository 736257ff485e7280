"""What people run beside the function: a rehearsal of a deployment, and a smoke test of a deployed API."""
