"""Compile a fitted estimator to a program of data, which needs neither the estimator nor its library."""
