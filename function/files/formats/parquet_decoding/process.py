"""The function's side of decoding: start the process, read the object for it, and receive the rows.

A few bytes of Parquet may decode to any number of bytes, and only decoding shows how many. In the decoding process
(`__main__`) an allocation above the limit fails, smaller batches are tried, and a row that still does not fit is
reported. Any other failure, even a crash inside Arrow, ends that process only. `frames` is the protocol between them.

The process gets neither the function's credentials nor its log, and is killed when the file is done or has failed.
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

# The share of the function's memory for decoding; the rest is for the model, the results and both interpreters.
_SHARE = 0.3
_POLL_MS = 500
_READ_BYTES = 1024 * 1024
_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "PYTHONDONTWRITEBYTECODE")
_REFUSALS: dict[str, type[RequestError]] = {InputTooLarge.code: InputTooLarge, MalformedInput.code: MalformedInput}


class Decoding:
    """The process for one file, killed when the context ends. `check_time` raises if too little time is left."""

    def __init__(self, file: RangeFile, size: int, memory: int, check_time: Callable[[], None]) -> None:
        self._file = file
        self._check_time = check_time
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
        with suppress(OSError):  # a larger pipe than 64 kB makes the process wait less
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

    def read_head(self) -> tuple[dict[str, Any], Any, Any]:
        """Read the file's description, its schema and the rows' schema. Raises RequestError, RetryLater, Gone."""
        import pyarrow

        document = strict_json.loads(self._read_frame(HEAD))
        schemas = [pyarrow.ipc.read_schema(pyarrow.py_buffer(self._read_frame(SCHEMA))) for _ in range(2)]
        return document, schemas[0], schemas[1]

    def read_batches(self) -> Iterator[Any]:
        """Yield the rows, after `read_head`. Raises RequestError, RetryLater, Gone."""
        import pyarrow

        for kind, body in self._frames:
            if kind != BATCH:
                raise MalformedInput("The file is not Parquet, or is damaged.")
            with pyarrow.ipc.open_stream(pyarrow.py_buffer(body)) as stream:
                yield stream.read_next_batch()

    def _read_frame(self, expected: bytes) -> bytes:
        kind, body = next(self._frames)
        if kind != expected:
            raise MalformedInput("The file is not Parquet, or is damaged.")
        return bytes(body)

    def _receive_frames(self) -> Iterator[tuple[bytes, bytearray]]:
        """Yield the frames, except those that are handled here."""
        while True:
            kind, size = FRAME.unpack(self._read(FRAME.size))
            body = self._read(size)
            if kind == READ:
                self._send_range(*PLACE.unpack(body))
            elif kind == REFUSAL:
                document = strict_json.loads(bytes(body))
                raise _REFUSALS[document["code"]](document["text"])
            elif kind == END:
                return
            else:
                yield kind, body

    def _send_range(self, start: int, count: int) -> None:
        self._file.seek(start)
        data = self._file.read(count)
        try:
            self._to.write(data)
            self._to.flush()
        except BrokenPipeError:
            raise self._explain_exit() from None

    def _read(self, count: int) -> bytearray:
        """Read `count` bytes from the process."""
        if count > MAX_FRAME_BYTES:
            raise MalformedInput("The file is not Parquet, or is damaged.")
        data = bytearray(count)
        view = memoryview(data)
        done = 0
        poll = select.poll()
        poll.register(self._from, select.POLLIN)
        while done < count:
            self._check_time()
            if poll.poll(_POLL_MS):
                piece = os.readv(self._from.fileno(), [view[done : done + _READ_BYTES]])
                if not piece:
                    raise self._explain_exit()
                done += piece
        return data

    def _explain_exit(self) -> RequestError:
        """Explain why the process ended: out of memory if it was aborted or killed, otherwise a damaged file."""
        if self._process.wait() in (-SIGABRT, -SIGKILL):
            return InputTooLarge(f"Reading the file takes more than {self._budget // 1024**2:,} MB of memory.")
        return MalformedInput("The file is not Parquet, or is damaged.")


def _make_environment(variables: Mapping[str, str]) -> dict[str, str]:
    paths = [str(Path(__file__).parents[4]), *filter(None, [variables.get("PYTHONPATH")])]
    return {
        **{name: variables[name] for name in _VARIABLES if name in variables},
        "PYTHONPATH": os.pathsep.join(paths),
        # One thread decodes: more threads would need arenas and buffers of their own.
        "MALLOC_ARENA_MAX": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
