"""Decompress gzip as a stream, with little memory whatever the size of its content."""

import zlib
from collections.abc import Iterable, Iterator
from itertools import chain

from function.errors import InputTooLarge, MalformedInput

GZIP_MAGIC = b"\x1f\x8b"
MAX_PIECE_BYTES = 1024 * 1024
# The largest file after decompression: the same as for an object that is not compressed.
MAX_BYTES = 5 * 1024**3
# The input of one call of zlib. It returns a copy of all input after the end of a member.
_STEP = 16 * 1024
_GZIP = 31  # zlib's `wbits` for a gzip header and the largest window


def unpack_if_gzip(blocks: Iterable[bytes], *, has_gzip_name: bool) -> Iterator[bytes]:
    """Decompress the blocks if the name says that they are gzip; then again if the result begins as gzip does.

    S3 returns an object with `Content-Encoding: gzip` as it is stored, and such an object may have any name.
    """
    blocks = gunzip(blocks) if has_gzip_name else iter(blocks)
    first = b""
    while len(first) < len(GZIP_MAGIC) and (block := next(blocks, b"")):
        first += block
    blocks = chain([first], blocks)
    return gunzip(blocks) if first.startswith(GZIP_MAGIC) else blocks


def gunzip(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Decompress a gzip file of one or more members; yield pieces of at most 1 MB.

    Raises MalformedInput; InputTooLarge if the content is larger than MAX_BYTES.
    """
    size = 0
    waiting = bytearray()
    for piece in _decompress_members(blocks):
        size += len(piece)
        if size > MAX_BYTES:
            raise InputTooLarge(f"The file has more than {MAX_BYTES:,} bytes after decompression: split it.")
        # Members may have a few bytes each. Join their content, because readers do some work for each piece.
        if len(waiting) + len(piece) > MAX_PIECE_BYTES:
            yield bytes(waiting)
            waiting.clear()
        waiting += piece
    if waiting:
        yield bytes(waiting)


def _decompress_members(blocks: Iterable[bytes]) -> Iterator[bytes]:
    member, begun = zlib.decompressobj(_GZIP), False
    for block in blocks:
        rest = memoryview(block)
        while rest:
            if not begun:
                # Between members there may be zeros, which fill the blocks of a tape.
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
                raise MalformedInput("The file is not gzip, or it is damaged: compress it again.") from None
            rest = rest[len(taken) - len(member.unused_data) :]
            if member.eof:
                member, begun = zlib.decompressobj(_GZIP), False
    if begun:
        raise MalformedInput("The gzip file is incomplete: upload the whole file.")
