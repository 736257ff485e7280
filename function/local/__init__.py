"""The command line and the local server: the handler of Lambda on any machine."""
