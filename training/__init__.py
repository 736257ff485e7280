"""Make a model bundle: train an estimator or load an existing one, and package it. The image does not contain this."""
