"""The decoding process's two pipes, and the file that it reads through them."""

import sys
from typing import IO

from function.files.formats.parquet_decoding.frames import FRAME, PLACE, READ
from function.files.seekable_file import SeekableFile

_READ_BYTES = 4 * 1024 * 1024
# A file of at most this size is read at once, instead of by a request for each column.
_WHOLE_BYTES = 8 * 1024 * 1024


class Channel:
    """The two pipes to the function's process."""

    def __init__(self, incoming: IO[bytes], outgoing: IO[bytes]) -> None:
        self._in = incoming
        self.file = outgoing

    def begin(self, kind: bytes, size: int) -> None:
        """Begin a frame; write its body to `file` afterwards."""
        self.file.write(FRAME.pack(kind, size))

    def send(self, kind: bytes, body: bytes | memoryview = b"") -> None:
        """Send a frame."""
        self.begin(kind, len(body))
        self.file.write(body)
        self.file.flush()

    def read(self, start: int, count: int) -> bytes:
        """Read bytes of the file."""
        self.send(READ, PLACE.pack(start, count))
        data = self._in.read(count)
        if len(data) < count:
            sys.exit(1)  # the function's process has ended
        return data


class Source(SeekableFile):
    """The file as Arrow reads it."""

    def __init__(self, channel: Channel, size: int) -> None:
        super().__init__(size)
        self._channel = channel
        self._whole = memoryview(self._request_bytes(0, size)) if size <= _WHOLE_BYTES else None

    def read_range(self, start: int, end: int) -> bytes:
        """Read the bytes from `start` up to, not including, `end`, both within the file."""
        return self._request_bytes(start, end) if self._whole is None else bytes(self._whole[start:end])

    def _request_bytes(self, start: int, end: int) -> bytes:
        return b"".join(self._channel.read(at, min(_READ_BYTES, end - at)) for at in range(start, end, _READ_BYTES))
