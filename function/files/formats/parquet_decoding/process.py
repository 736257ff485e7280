"""The function's side of the decoding process: starts it, reads the object for it, and takes what it decodes.

It gets neither the function's credentials nor its log, and ends with the file, whatever becomes of that.
"""

import fcntl
import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from signal import SIGABRT, SIGKILL
from types import TracebackType
from typing import Any, Self

from function.errors import InputTooLarge, MalformedInput, RequestError
from function.files.formats.parquet_decoding.frames import (
    BATCH,
    END,
    FRAME,
    HEAD,
    MAX_FRAME_BYTES,
    PLACE,
    READ,
    REFUSAL,
    SCHEMA,
)
from function.files.s3_reader import RangeFile
from function.formats import strict_json

# Of the function's memory; the rest is for its model, for what it makes of the rows and for both interpreters.
_SHARE = 0.3
_POLL_MS = 500
_READ_BYTES = 1024 * 1024
_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "PYTHONDONTWRITEBYTECODE")
_REFUSALS: dict[str, type[RequestError]] = {InputTooLarge.code: InputTooLarge, MalformedInput.code: MalformedInput}


class Decoding:
    """The process for one file, ended with the context. `look_at_the_time` raises where too little is left."""

    def __init__(self, file: RangeFile, size: int, memory: int, look_at_the_time: Callable[[], None]) -> None:
        self._file = file
        self._look_at_the_time = look_at_the_time
        self._budget = int(memory * _SHARE)
        self._process = subprocess.Popen(  # noqa: S603  (it runs this very project)
            [sys.executable, "-m", "function.files.formats.parquet_decoding", str(size), str(self._budget)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_make_environment(os.environ),
        )
        assert self._process.stdin is not None  # for mypy: both are pipes
        assert self._process.stdout is not None
        self._to, self._from = self._process.stdin, self._process.stdout
        self._frames = self._receive_frames()
        with suppress(OSError):  # else it waits at each 64 kB
            fcntl.fcntl(self._from, fcntl.F_SETPIPE_SZ, _READ_BYTES)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._from.close()
        with suppress(BrokenPipeError):
            self._to.close()

    def head(self) -> tuple[dict[str, Any], Any, Any]:
        """What the file is, its schema, and that of its rows as they come. Raises RequestError, RetryLater, Gone."""
        import pyarrow

        document = strict_json.loads(self._next(HEAD))
        schemas = [pyarrow.ipc.read_schema(pyarrow.py_buffer(self._next(SCHEMA))) for _ in range(2)]
        return document, schemas[0], schemas[1]

    def batches(self) -> Iterator[Any]:
        """The rows, once `head` is known. Raises as it does."""
        import pyarrow

        for kind, body in self._frames:
            if kind != BATCH:
                raise MalformedInput("The file is not Parquet, or is damaged.")
            with pyarrow.ipc.open_stream(pyarrow.py_buffer(body)) as stream:
                yield stream.read_next_batch()

    def _next(self, wanted: bytes) -> bytes:
        kind, body = next(self._frames)
        if kind != wanted:
            raise MalformedInput("The file is not Parquet, or is damaged.")
        return bytes(body)

    def _receive_frames(self) -> Iterator[tuple[bytes, bytearray]]:
        """The frames, but for those that are dealt with here."""
        while True:
            kind, size = FRAME.unpack(self._read(FRAME.size))
            body = self._read(size)
            if kind == READ:
                self._answer(*PLACE.unpack(body))
            elif kind == REFUSAL:
                document = strict_json.loads(bytes(body))
                raise _REFUSALS[document["code"]](document["text"])
            elif kind == END:
                return
            else:
                yield kind, body

    def _answer(self, start: int, count: int) -> None:
        self._file.seek(start)
        data = self._file.read(count)
        try:
            self._to.write(data)
            self._to.flush()
        except BrokenPipeError:
            raise self._explain_death() from None

    def _read(self, count: int) -> bytearray:
        """So many bytes of what the process says."""
        if count > MAX_FRAME_BYTES:
            raise MalformedInput("The file is not Parquet, or is damaged.")
        data = bytearray(count)
        view = memoryview(data)
        done = 0
        poll = select.poll()
        poll.register(self._from, select.POLLIN)
        while done < count:
            self._look_at_the_time()
            if poll.poll(_POLL_MS):
                piece = os.readv(self._from.fileno(), [view[done : done + _READ_BYTES]])
                if not piece:
                    raise self._explain_death()
                done += piece
        return data

    def _explain_death(self) -> RequestError:
        """What it died of: memory that ran out where nothing can be told any more, else the file."""
        if self._process.wait() in (-SIGABRT, -SIGKILL):
            return InputTooLarge(f"Reading the file takes more than {self._budget // 1024**2:,} MB of memory.")
        return MalformedInput("The file is not Parquet, or is damaged.")


def _make_environment(variables: Mapping[str, str]) -> dict[str, str]:
    paths = [str(Path(__file__).parents[4]), *filter(None, [variables.get("PYTHONPATH")])]
    return {
        **{name: variables[name] for name in _VARIABLES if name in variables},
        "PYTHONPATH": os.pathsep.join(paths),
        # One thread decodes: others would have arenas and buffers of their own.
        "MALLOC_ARENA_MAX": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
