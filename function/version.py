"""The version of the function itself, which serving protocols ask for; the model has its own."""

VERSION = "0.2.0"
