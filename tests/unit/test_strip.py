"""What the image's build cuts from libraries. Writes into temporary folders, and starts a process."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy
import pytest

from tools.strip import compute_loaded_size, strip

LIBRARY = Path(numpy.linalg._umath_linalg.__file__)


def test_library_is_loaded_without_what_was_cut(tmp_path: Path) -> None:
    path = Path(shutil.copy(LIBRARY, tmp_path))
    path.write_bytes(path.read_bytes() + b"debugging information")
    strip(path)
    data = path.read_bytes()
    assert compute_loaded_size(data) == len(data) <= LIBRARY.stat().st_size
    assert (data[40:48], data[58:64]) == (bytes(8), bytes(6))
    code = "import ctypes, numpy, sys; print(ctypes.PyDLL(sys.argv[1]).PyInit__umath_linalg is not None)"
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
    strip(path)
    assert path.read_bytes() == data


@pytest.mark.parametrize(
    "data",
    [b"", b"text", b"\x7fELF\x01\x01" + bytes(100), b"\x7fELF\x02\x01" + bytes(10) + b"\x01\x00" + bytes(100)],
    ids=["nothing", "a text", "32 bits", "an object file"],
)
def test_other_file_stays_as_it_is(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    strip(path)
    assert path.read_bytes() == data
