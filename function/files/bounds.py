"""What a file may take, of memory and of room in the results: in proportion to the function and to itself."""

import resource
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from function.errors import InputTooLarge

# Of the function's memory, beyond what it holds already.
_SHARE = 0.5
# What any file may grow to, unpacked or in its results, and a larger one for each of its bytes.
FREE_BYTES = 1024**3
MAX_GROWTH = 100


@contextmanager
def limit_memory(memory: int) -> Iterator[None]:
    """Lets the process take half of `memory` (bytes) more than it has; what fails for that is InputTooLarge.

    The last of the bounds: a function that runs out of memory dies with all that it was asked.
    """
    more = int(memory * _SHARE)
    before = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = _read_data_bytes() + more
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if before[0] < 0 else min(wanted, before[0]), before[1]))
    try:
        yield
    except MemoryError:
        raise InputTooLarge(f"Scoring the file takes more than {more // 1024**2:,} MB of memory.") from None
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def _read_data_bytes() -> int:
    """What counts towards the limit."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[5]) * resource.getpagesize()


class Growth:
    """Counts what is read of a file and what is written for it."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._read = 0
        self._written = 0

    def read(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """The blocks."""
        for block in blocks:
            self._read += len(block)
            yield block

    def write(self, data: bytes) -> None:
        """Writes. Raises InputTooLarge past the bound."""
        self._written += len(data)
        if self._written > max(FREE_BYTES, MAX_GROWTH * self._read):
            raise InputTooLarge(
                f"The predictions would be larger than {FREE_BYTES:,} bytes, and more than {MAX_GROWTH:,} times as "
                f"large as the rows."
            )
        self._write(data)
