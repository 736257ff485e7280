"""Limit what a file may take: memory, as a share of the function's, and result bytes, in proportion to the file."""

import resource
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from function.errors import InputTooLarge

# The share of the function's memory that a file may take, beyond what the process holds already.
_SHARE = 0.5
# The predictions of any file may have FREE_BYTES; those of a larger file, MAX_GROWTH bytes for each byte of the rows.
FREE_BYTES = 1024**3
MAX_GROWTH = 100


@contextmanager
def limit_memory(memory: int) -> Iterator[None]:
    """Let the process take half of `memory` (bytes) more than it has. Raises InputTooLarge where that is not enough.

    This is the last limit: a function that runs out of memory loses the whole invocation.
    """
    more = int(memory * _SHARE)
    before = resource.getrlimit(resource.RLIMIT_DATA)
    limit = _read_data_bytes() + more
    resource.setrlimit(resource.RLIMIT_DATA, (limit if before[0] < 0 else min(limit, before[0]), before[1]))
    try:
        yield
    except MemoryError:
        raise InputTooLarge(f"Scoring the file takes more than {more // 1024**2:,} MB of memory.") from None
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def _read_data_bytes() -> int:
    """Return the process's data segment in bytes, which is what RLIMIT_DATA limits."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[5]) * resource.getpagesize()


class Growth:
    """Count the bytes that are read of a file, and limit those that are written for it."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._read = 0
        self._written = 0

    def count_read(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the blocks and count their bytes."""
        for block in blocks:
            self._read += len(block)
            yield block

    def write(self, data: bytes) -> None:
        """Write the data. Raises InputTooLarge above the limit."""
        self._written += len(data)
        if self._written > max(FREE_BYTES, MAX_GROWTH * self._read):
            raise InputTooLarge(
                f"The predictions would be larger than {FREE_BYTES:,} bytes, and more than {MAX_GROWTH:,} times as "
                f"large as the rows."
            )
        self._write(data)
