"""Read UBJSON, the binary form of JSON in which XGBoost writes models: https://ubjson.org/."""

from collections.abc import Callable
from typing import Any

import numpy

_MOST_DEPTH = 100
# Numbers by their marker, all big-endian.
_NUMBERS = {"i": ">i1", "U": ">u1", "I": ">i2", "l": ">i4", "L": ">i8", "d": ">f4", "D": ">f8"}
_CONSTANTS = {"Z": None, "T": True, "F": False}


def parse_ubjson(data: bytes) -> Any:
    """Parse a document; arrays of numbers of one type become numpy arrays.

    Raises ValueError, IndexError, KeyError or struct.error for bytes that are none.
    """
    reader = _Reader(data)
    value = reader.read_value(reader.read_marker(), 0)
    if any(marker != ord("N") for marker in data[reader.at :]):
        raise ValueError("there is something behind the document")
    return value


class _Reader:
    """A position in the document, which each method moves forward by at least a byte."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def read_marker(self) -> str:
        """Read a marker; N stands for nothing."""
        while self.data[self.at] == ord("N"):
            self.at += 1
        self.at += 1
        return chr(self.data[self.at - 1])

    def read_value(self, marker: str, depth: int) -> Any:
        """Read the value that follows its marker."""
        if depth > _MOST_DEPTH:
            raise ValueError("values within values without end")
        if marker in _CONSTANTS:
            return _CONSTANTS[marker]
        if marker in _NUMBERS:
            return self._read_numbers(marker, 1)[0].item()
        if marker in ("S", "H"):
            return self._read_text()
        if marker == "C":
            return self._read_bytes(1).decode()
        readers: dict[str, Callable[[int], Any]] = {"[": self._read_array, "{": self._read_object}
        return readers[marker](depth + 1)

    def _read_bytes(self, count: int) -> bytes:
        if not 0 <= count <= len(self.data) - self.at:
            raise ValueError("a value ends behind the document")
        self.at += count
        return self.data[self.at - count : self.at]

    def _read_numbers(self, marker: str, count: int) -> Any:
        dtype = numpy.dtype(_NUMBERS[marker])
        return numpy.frombuffer(self._read_bytes(count * dtype.itemsize), dtype).astype(dtype.newbyteorder("="))

    def _read_count(self, marker: str) -> int:
        return int(self._read_numbers(marker, 1)[0])

    def _read_text(self) -> str:
        return self._read_bytes(self._read_count(self.read_marker())).decode()

    def _read_head(self) -> tuple[str | None, int | None, str]:
        """Read the type and the count at the start of a container, where they stand, and the next marker."""
        kind, count, marker = None, None, self.read_marker()
        if marker == "$":
            kind, marker = self.read_marker(), self.read_marker()
        if marker == "#":
            count, marker = self._read_count(self.read_marker()), ""
        if (
            (kind and count is None)
            or kind in _CONSTANTS
            or (count is not None and not 0 <= count <= len(self.data) - self.at)
        ):
            raise ValueError("a container without a count, of nothing, or longer than the document")
        return kind, count, marker

    def _read_array(self, depth: int) -> Any:
        kind, count, marker = self._read_head()
        if kind in _NUMBERS and count is not None:
            return self._read_numbers(kind, count)
        if count is not None:
            return [self.read_value(kind or self.read_marker(), depth) for _ in range(count)]
        values = []
        while marker != "]":
            values.append(self.read_value(marker, depth))
            marker = self.read_marker()
        return values

    def _read_object(self, depth: int) -> dict[str, Any]:
        kind, count, marker = self._read_head()
        members: dict[str, Any] = {}
        if count is not None:
            for _ in range(count):
                name = self._read_text()
                members[name] = self.read_value(kind or self.read_marker(), depth)
            return members
        while marker != "}":
            name = self._read_bytes(self._read_count(marker)).decode()
            members[name] = self.read_value(self.read_marker(), depth)
            marker = self.read_marker()
        return members
