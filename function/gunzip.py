"""Unpacks gzip as it comes, with as little in memory whatever it grows to."""

import zlib
from collections.abc import Iterable, Iterator
from itertools import chain

from function.errors import MalformedInput

BEGINNING = b"\x1f\x8b"
MAX_PIECE_BYTES = 1024 * 1024
_GZIP = 31  # zlib's word for a gzip header around the largest window


def unpacked(blocks: Iterable[bytes], *, named_so: bool) -> Iterator[bytes]:
    """The bytes, unpacked where they are gzip by their name or by their beginning, or by both.

    S3 hands an object with a Content-Encoding out as it is stored; one that is packed so may have any name.
    """
    blocks = gunzipped(blocks) if named_so else iter(blocks)
    first = b""
    while len(first) < len(BEGINNING) and (block := next(blocks, b"")):
        first += block
    blocks = chain([first], blocks)
    return gunzipped(blocks) if first.startswith(BEGINNING) else blocks


def gunzipped(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """What is in the gzip file (of one or more members), in pieces of at most 1 MB. Raises MalformedInput."""
    member, begun = zlib.decompressobj(_GZIP), False
    for block in blocks:
        waiting = block if begun else block.lstrip(b"\0")
        while waiting:
            begun = True
            try:
                piece = member.decompress(waiting, MAX_PIECE_BYTES)
                while piece:
                    yield piece
                    piece = member.decompress(member.unconsumed_tail, MAX_PIECE_BYTES)
            except zlib.error:
                raise MalformedInput("The file is not gzip, or is damaged.") from None
            waiting = b""
            if member.eof:
                # Another member may follow, and zeros that fill a tape's block.
                waiting = member.unused_data.lstrip(b"\0")
                member, begun = zlib.decompressobj(_GZIP), False
    if begun:
        raise MalformedInput("The gzip file ends in the middle.")
