"""Write the bundle: its manifest, its examples and its files."""
