"""The decoding process's two pipes, and the file behind them."""

import io
import sys
from typing import IO, Any

from function.files.decoding.frames import FRAME, PLACE, READ

_READ_BYTES = 4 * 1024 * 1024


class Channel:
    """The two pipes to the process that asked."""

    def __init__(self, incoming: IO[bytes], outgoing: IO[bytes]) -> None:
        self._in = incoming
        self._out = outgoing

    def send(self, kind: bytes, body: Any = b"") -> None:
        """Sends a frame."""
        self._out.write(FRAME.pack(kind, len(body)))
        self._out.write(body)
        self._out.flush()

    def read(self, start: int, count: int) -> bytes:
        """Bytes of the file."""
        self.send(READ, PLACE.pack(start, count))
        data = self._in.read(count)
        if len(data) < count:
            sys.exit(1)  # who asked is gone
        return data


class Source(io.RawIOBase):
    """The file, as Arrow reads it."""

    def __init__(self, channel: Channel, size: int) -> None:
        super().__init__()
        self._channel = channel
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """The place that is read next."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Sets that place."""
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        """The next bytes: as many as are asked for, or as there are."""
        end = self._size if size is None or size < 0 else min(self._at + size, self._size)
        data = bytearray()
        while self._at < end:
            piece = self._channel.read(self._at, min(_READ_BYTES, end - self._at))
            data += piece
            self._at += len(piece)
        return bytes(data)
