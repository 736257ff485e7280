"""A deployment on this machine: what `make rehearse` runs."""
