"""What every format's module works with: the model, where bytes go, and how large a chunk may be."""

from collections.abc import Callable
from typing import NamedTuple

from function.files.report import Tally
from function.model.contract import Feature
from function.model.runtime import Model
from function.settings import DEFAULT_MEMORY_MB

# A chunk ends after so many rows or characters, whichever comes first, and never by how the network cut the file: what
# the runtime is asked at once, and so its answer, is the same in every run.
MAX_ROWS = 16_384
MAX_CHARACTERS = 2 * 1024 * 1024
# No row, line or cell of a table is longer; a quote that is never closed would else take the whole file for one cell.
MAX_ROW_CHARACTERS = 8 * 1024 * 1024
MAX_COLUMNS = 10_000
# A chunk's rows times the model's features: each may have a problem, which takes far more than its value.
MAX_VALUES = 400_000
# The lines of a block that is scored as arrays.
MAX_LINES = 131_072
# A chunk's cells, however short they are.
MAX_CELLS = 2 * 1024 * 1024


class Limits(NamedTuple):
    """How many rows and characters a chunk may have, and how many characters one row."""

    rows: int = MAX_ROWS
    characters: int = MAX_CHARACTERS
    row_characters: int = MAX_ROW_CHARACTERS


DEFAULT_LIMITS = Limits()


class Job(NamedTuple):
    """A file that is being scored. `look_at_the_time` raises RetryLater where too little is left.

    `memory` is what the function has, in bytes.
    """

    model: Model
    strict: bool
    tally: Tally
    write: Callable[[bytes], None]
    look_at_the_time: Callable[[], None]
    memory: int = DEFAULT_MEMORY_MB * 1024 * 1024
    limits: Limits = DEFAULT_LIMITS

    @property
    def features(self) -> tuple[Feature, ...]:
        """The model's features."""
        return self.model.manifest.contract.features

    @property
    def rows_at_once(self) -> int:
        """The most rows of a chunk."""
        return min(self.limits.rows, max(1, MAX_VALUES // len(self.features)))
