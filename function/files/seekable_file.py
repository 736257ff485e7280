"""A file that is read from any place, whatever hands its bytes out."""

import io


class SeekableFile(io.RawIOBase):
    """A file of so many bytes; who derives from it says how a stretch of them is read."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size
        self._at = 0

    def read_range(self, start: int, end: int) -> bytes:
        """The bytes from `start` to before `end`, which are there."""
        raise NotImplementedError

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
        data = self.read_range(self._at, end) if self._at < end else b""
        self._at += len(data)
        return data
