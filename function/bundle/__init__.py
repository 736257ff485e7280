"""Load a bundle from a folder or a bucket, and check it before it answers."""
