"""The beginning of a CSV file: what it is, how it is written, and its bytes in UTF-8 from the header on."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from function.formats.csv_dialect import HEAD_CHARACTERS, Dialect, detect_dialect
from function.formats.csv_text import UTF_8_MARK, UTF_16_MARKS, check_bytes, decode_blocks
from function.model.contract import Feature

SUBJECT = "The file"
# No character takes more bytes in UTF-8 than four.
_HEAD_BYTES = 4 * HEAD_CHARACTERS + 8


class FilePosition(NamedTuple):
    """How much of a file is done."""

    lines: int = 0
    bytes: int = 0


class OpenedCsv(NamedTuple):
    """A file whose header comes next."""

    dialect: Dialect
    blocks: Iterator[bytes]
    place: FilePosition


def open_csv(features: Sequence[Feature], blocks: Iterable[bytes]) -> OpenedCsv:
    """The file that comes in these blocks. Raises MalformedInput where it is of another kind than CSV."""
    head, blocks = _peek(blocks)
    check_bytes(head, SUBJECT)
    mark = left = len(UTF_8_MARK) if head.startswith(UTF_8_MARK) else 0
    if head.startswith(UTF_16_MARKS):
        # Its own mark is gone by then: another one is a character of the first name.
        mark, left = len(UTF_16_MARKS[0]), 0
        head, blocks = _peek(text.encode() for text in decode_blocks(blocks, SUBJECT))
    dialect = detect_dialect(head[left:].decode("utf-8", "replace"), features, SUBJECT)
    # All that stands before the header is ASCII.
    return OpenedCsv(
        dialect, _skip_bytes(blocks, left + dialect.start), FilePosition(dialect.lines, mark + dialect.start)
    )


def _peek(blocks: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes, and all blocks with them."""
    blocks = iter(blocks)
    first = bytearray()
    while len(first) < _HEAD_BYTES and (block := next(blocks, None)) is not None:
        first += block
    return bytes(first[:_HEAD_BYTES]), chain([bytes(first)], blocks)


def _skip_bytes(blocks: Iterator[bytes], past: int) -> Iterator[bytes]:
    """The blocks without their first bytes."""
    for block in blocks:
        if len(block) > past:
            yield block[past:]
        past = max(0, past - len(block))
