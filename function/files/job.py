"""What every format's module works with: the model, the function that writes bytes, and the limits of a chunk."""

from collections.abc import Callable
from typing import NamedTuple

from function.files.report import Tally
from function.model.contract import Feature
from function.model.runtime import Model
from function.settings import DEFAULT_MEMORY_MB

# A chunk ends after MAX_ROWS rows or MAX_CHARACTERS characters, whichever comes first. It does not depend on how the
# network cuts the file, so that every run makes the same calls of the runtime and gets the same predictions.
MAX_ROWS = 16_384
MAX_CHARACTERS = 2 * 1024 * 1024
# The longest row, line or cell of a table. Without it, a quote that is never closed makes one cell of the whole file.
MAX_ROW_CHARACTERS = 8 * 1024 * 1024
MAX_COLUMNS = 10_000
# A chunk's rows times the model's features. Each value may have a problem, which takes far more memory than the value.
MAX_VALUES = 400_000
# The lines of a block of CSV that is scored as arrays.
MAX_LINES = 131_072
# The cells of a chunk of CSV, however short they are.
MAX_CELLS = 2 * 1024 * 1024


class Limits(NamedTuple):
    """How many rows and characters a chunk may have, and how many characters one row."""

    rows: int = MAX_ROWS
    characters: int = MAX_CHARACTERS
    row_characters: int = MAX_ROW_CHARACTERS


DEFAULT_LIMITS = Limits()


class Job(NamedTuple):
    """A file that is being scored. `check_time` raises RetryLater if too little time is left.

    `memory` is the function's memory in bytes.
    """

    model: Model
    strict: bool
    tally: Tally
    write: Callable[[bytes], None]
    check_time: Callable[[], None]
    memory: int = DEFAULT_MEMORY_MB * 1024 * 1024
    limits: Limits = DEFAULT_LIMITS

    @property
    def features(self) -> tuple[Feature, ...]:
        """The model's features."""
        return self.model.manifest.contract.features

    @property
    def chunk_rows(self) -> int:
        """The largest number of rows in a chunk."""
        return min(self.limits.rows, max(1, MAX_VALUES // len(self.features)))
