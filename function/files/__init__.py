"""Score files: an object of the input bucket becomes predictions and a report in the results bucket."""
