"""Report progress on stderr, because stdout is for the summary."""

import sys
from collections.abc import Callable

type Report = Callable[[str], None]
"""Takes a line that says how far the work is."""


def print_progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
