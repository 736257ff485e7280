"""Measure this project against other ways to serve the same models; `make bench` runs all benchmarks."""
