"""Score files: read an object of the input bucket, write its predictions and a report to the results bucket."""
