"""Cut from libraries and programs what is never loaded: symbols and debugging information, a fifth of an image.

The base image has no `strip`. What the loader reads ends where the last segment of the program headers ends (elf(5));
the section headers behind it are for linkers and debuggers. Used by the Dockerfile: `python strip.py FOLDER…`.
"""

import struct
import sys
from pathlib import Path

# 64 bits, least significant byte first: what Lambda's two processors are.
_SIGNATURE = b"\x7fELF\x02\x01"
_LOADABLE_TYPES = (2, 3)  # programs and shared objects; object files have no segments


def compute_loaded_size(data: bytes) -> int:
    """Compute up to which byte the file is loaded; all of it, if it is no library or program."""
    if not data.startswith(_SIGNATURE) or struct.unpack_from("<H", data, 16)[0] not in _LOADABLE_TYPES:
        return len(data)
    (begin,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    end: int = begin + size * count
    for header in range(begin, end, size):
        offset, _, _, length = struct.unpack_from("<QQQQ", data, header + 8)
        end = max(end, offset + length)
    return end


def strip(path: Path) -> None:
    """Cut the file in place, and clear its header's fields of the section headers."""
    data = path.read_bytes()
    end = compute_loaded_size(data)
    if end < len(data):
        kept = bytearray(data[:end])
        kept[40:48], kept[58:64] = bytes(8), bytes(6)
        path.write_bytes(kept)


if __name__ == "__main__":
    for folder in sys.argv[1:]:
        for path in Path(folder).rglob("*"):
            if path.is_file() and not path.is_symlink():
                strip(path)
