"""Report progress on stderr; stdout is for the summary."""

import sys


def print_progress(line: str) -> None:
    """Tells how far it is, on stderr: stdout is the summary's."""
    print(line, file=sys.stderr, flush=True)
