"""Commands for operators: a rehearsal of a deployment, and a smoke test of a deployed API."""
