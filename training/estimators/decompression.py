"""Open a model file that joblib has compressed."""

import bz2
import gzip
import lzma
from typing import IO, cast

from joblib.compressor import BinaryZlibFile

_LONGEST_SIGNATURE = 6
LZ4 = b"\x04\x22\x4d\x18"


def open_decompressed(file: IO[bytes]) -> IO[bytes]:
    """Return a file of the decompressed bytes; the same file if it is not compressed."""
    start = file.read(_LONGEST_SIGNATURE)
    file.seek(0)
    if start.startswith(b"\x1f\x8b"):
        return cast(IO[bytes], gzip.open(file))
    if start.startswith(b"BZh"):
        return bz2.open(file)
    if start.startswith((b"\xfd7zXZ", b"\x5d\x00")):
        return lzma.open(file)
    if start.startswith((b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")):
        return cast(IO[bytes], BinaryZlibFile(file))
    return file
