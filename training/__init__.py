"""Makes a model bundle: trains an estimator or takes one that exists, and packages it. Never part of the image."""
