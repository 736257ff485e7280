"""The command line and the local HTTP server, which run the Lambda handler on any machine."""
