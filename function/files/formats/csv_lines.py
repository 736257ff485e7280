"""Decode a CSV file into lines of text, each of bounded length."""

from collections.abc import Iterable, Iterator
from io import StringIO

from function.errors import InputTooLarge
from function.files.formats.csv_opening import SUBJECT
from function.files.job import MAX_COLUMNS, Limits
from function.formats.csv_text import decode_blocks


class Lines:
    """The lines of UTF-8 text, each with its line end: LF, CR LF or CR.

    `characters` counts what was read since its reader last set it to 0. `offset` is the number of the file's bytes
    before the first block. Iterating raises MalformedInput, InputTooLarge.
    """

    def __init__(self, blocks: Iterable[bytes], separator: str, offset: int, limits: Limits) -> None:
        self.characters = 0
        self._offset = offset
        self._separator = separator
        self._blocks = blocks
        self._limits = limits

    def __iter__(self) -> Iterator[str]:
        first = True
        max_characters = self._limits.characters + self._limits.row_characters
        for text in self._read_whole_lines():
            for line in StringIO(text, newline=""):
                self.characters += len(line)
                if self.characters > max_characters:
                    raise self._make_length_error()
                if first:
                    first = False
                    if line.count(self._separator) >= MAX_COLUMNS:
                        raise make_width_error()
                yield line

    def _read_whole_lines(self) -> Iterator[str]:
        """Yield the text in pieces that end at a line end."""
        rest = ""
        for text in decode_blocks(self._blocks, SUBJECT, self._offset):
            rest += text
            # A CR at the end may be the first half of a CR LF.
            end = max(rest.rfind("\n"), rest.rfind("\r", 0, -1)) + 1
            if end:
                yield rest[:end]
                rest = rest[end:]
            elif len(rest) > self._limits.row_characters:
                raise self._make_length_error()
        yield rest

    def _make_length_error(self) -> InputTooLarge:
        return InputTooLarge(f"A row of the file is longer than {self._limits.row_characters:,} characters.")


def make_width_error() -> InputTooLarge:
    """Make the error for a table with too many columns."""
    return InputTooLarge(f"The file has more than {MAX_COLUMNS:,} columns.")
