"""Unpacks gzip as it comes, with as little in memory whatever it grows to."""

import zlib
from collections.abc import Iterable, Iterator
from itertools import chain

from function.errors import InputTooLarge, MalformedInput

GZIP_MAGIC = b"\x1f\x8b"
MAX_PIECE_BYTES = 1024 * 1024
# As much as an object may be that is not packed.
MAX_BYTES = 5 * 1024**3
# What is given at once: zlib hands back a copy of what follows a member's end.
_STEP = 16 * 1024
_GZIP = 31  # zlib's word for a gzip header around the largest window


def unpack_if_gzip(blocks: Iterable[bytes], *, has_gzip_name: bool) -> Iterator[bytes]:
    """The bytes, unpacked where they are gzip by their name or by their beginning, or by both.

    S3 hands an object with a Content-Encoding out as it is stored; one that is packed so may have any name.
    """
    blocks = gunzip(blocks) if has_gzip_name else iter(blocks)
    first = b""
    while len(first) < len(GZIP_MAGIC) and (block := next(blocks, b"")):
        first += block
    blocks = chain([first], blocks)
    return gunzip(blocks) if first.startswith(GZIP_MAGIC) else blocks


def gunzip(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """What is in the gzip file (of one or more members), in pieces of at most 1 MB.

    Raises MalformedInput, and InputTooLarge where it grows past what is read of any file.
    """
    size = 0
    waiting = bytearray()
    for piece in _unpack_members(blocks):
        size += len(piece)
        if size > MAX_BYTES:
            raise InputTooLarge(f"The file is larger than {MAX_BYTES:,} bytes once it is unpacked.")
        # Members may be of a few bytes each, and whoever reads looks through what it has with each piece.
        if len(waiting) + len(piece) > MAX_PIECE_BYTES:
            yield bytes(waiting)
            waiting.clear()
        waiting += piece
    if waiting:
        yield bytes(waiting)


def _unpack_members(blocks: Iterable[bytes]) -> Iterator[bytes]:
    member, begun = zlib.decompressobj(_GZIP), False
    for block in blocks:
        rest = memoryview(block)
        while rest:
            if not begun:
                # Another member may follow, and zeros that fill a tape's block.
                start = bytes(rest[:_STEP])
                zeros = len(start) - len(start.lstrip(b"\0"))
                rest = rest[zeros:]
                if zeros:
                    continue
            begun = True
            taken = rest[:_STEP]
            try:
                piece = member.decompress(taken, MAX_PIECE_BYTES)
                while piece:
                    yield piece
                    piece = member.decompress(member.unconsumed_tail, MAX_PIECE_BYTES)
            except zlib.error:
                raise MalformedInput("The file is not gzip, or is damaged.") from None
            rest = rest[len(taken) - len(member.unused_data) :]
            if member.eof:
                member, begun = zlib.decompressobj(_GZIP), False
    if begun:
        raise MalformedInput("The gzip file ends in the middle.")
