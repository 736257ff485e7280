"""A seekable file whose bytes come from any source."""

import io


class SeekableFile(io.RawIOBase):
    """A read-only file of `size` bytes; subclasses implement `read_range`."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size
        self._at = 0

    def read_range(self, start: int, end: int) -> bytes:
        """Read the bytes from `start` up to, not including, `end`, both within the file."""
        raise NotImplementedError

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        end = self._size if size is None or size < 0 else min(self._at + size, self._size)
        data = self.read_range(self._at, end) if self._at < end else b""
        self._at += len(data)
        return data
