"""What runs in Lambda: a model bundle behind HTTP, direct invocation and the command line."""
