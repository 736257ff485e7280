"""Rehearse a deployment on this machine: `make rehearse` runs it."""
