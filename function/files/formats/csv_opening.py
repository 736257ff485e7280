"""Open a CSV file: detect its encoding and dialect, and return its bytes in UTF-8 from the header on."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from function.formats.csv_dialect import HEAD_CHARACTERS, Dialect, detect_dialect
from function.formats.csv_text import UTF_8_MARK, UTF_16_MARKS, check_bytes, decode_blocks
from function.model.contract import Feature

SUBJECT = "The file"
# A character takes at most four bytes in UTF-8.
_HEAD_BYTES = 4 * HEAD_CHARACTERS + 8


class FilePosition(NamedTuple):
    """The lines and bytes of a file before a place in it."""

    lines: int = 0
    bytes: int = 0


class OpenedCsv(NamedTuple):
    """The rest of a file, and its position. Its first line is the header, unless that was read before."""

    dialect: Dialect
    blocks: Iterator[bytes]
    position: FilePosition


def open_csv(features: Sequence[Feature], blocks: Iterable[bytes]) -> OpenedCsv:
    """Open the file that comes in these blocks. Raises MalformedInput if it is not CSV."""
    head, blocks = _peek(blocks)
    check_bytes(head, SUBJECT)
    mark_bytes = skipped = len(UTF_8_MARK) if head.startswith(UTF_8_MARK) else 0
    if head.startswith(UTF_16_MARKS):
        # Decoding has removed the mark; a second one is a character of the first name.
        mark_bytes, skipped = len(UTF_16_MARKS[0]), 0
        head, blocks = _peek(text.encode() for text in decode_blocks(blocks, SUBJECT))
    dialect = detect_dialect(head[skipped:].decode("utf-8", "replace"), features, SUBJECT)
    # Only ASCII characters stand before the header, so characters are bytes.
    return OpenedCsv(
        dialect, _skip_bytes(blocks, skipped + dialect.start), FilePosition(dialect.lines, mark_bytes + dialect.start)
    )


def _peek(blocks: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the first bytes, and all blocks including them."""
    blocks = iter(blocks)
    first = bytearray()
    while len(first) < _HEAD_BYTES and (block := next(blocks, None)) is not None:
        first += block
    return bytes(first[:_HEAD_BYTES]), chain([bytes(first)], blocks)


def _skip_bytes(blocks: Iterator[bytes], count: int) -> Iterator[bytes]:
    """Yield the blocks without the first `count` bytes."""
    for block in blocks:
        if len(block) > count:
            yield block[count:]
        count = max(0, count - len(block))
