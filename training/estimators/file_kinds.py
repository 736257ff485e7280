"""Says what a file is that holds no pickle, from its first bytes: nothing of it is loaded."""

import zipfile
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import IO, NamedTuple

from function.formats.csv_text import GIT_LFS, HDF5, PARQUET, PDF, ZIP
from training.errors import TrainingError
from training.estimators.decompression import LZ4, decompressed

DUMP = "dump the fitted scikit-learn estimator with joblib.dump, and give that file after --model"
_READ = 1 << 16


class _Kind(NamedTuple):
    """What a file is, and what to do with it."""

    what: str
    advice: str = DUMP


_LFS = _Kind("a pointer of git-lfs, not the file itself", "fetch that with git lfs pull")
_PAGE = _Kind("a web page, not a model: a download went wrong", "open it in a browser to see what it says")
_TABLE = _Kind("a Parquet table", "give it after --data, and the estimator after --model")
_LZ4_KIND = _Kind("compressed with lz4, which is not installed", "dump it again with joblib.dump, without lz4")
_GRADIENT = "train a scikit-learn estimator, such as HistGradientBoostingRegressor, and dump it with joblib.dump"

# What begins so is that; no pickle does.
_STARTS: tuple[tuple[bytes, _Kind], ...] = (
    (GIT_LFS, _LFS),
    (LZ4, _LZ4_KIND),
    (HDF5, _Kind("an HDF5 file, as Keras and pandas write them")),
    (b"CBM1", _Kind("a CatBoost model (cbm)", _GRADIENT)),
    (b"tree\nversion=", _Kind("a LightGBM model (text)", _GRADIENT)),
    (b"{L\0\0\0\0\0\0\0\x07learner", _Kind("an XGBoost model (UBJ)", _GRADIENT)),
    (b"{U\x07learner", _Kind("an XGBoost model (UBJ)", _GRADIENT)),
    (b"{i\x07learner", _Kind("an XGBoost model (UBJ)", _GRADIENT)),
    (b"binf", _Kind("an XGBoost model (binary)", _GRADIENT)),
    (PARQUET, _TABLE),
    (b"\x93NUMPY", _Kind("a numpy array (npy)")),
    (b"GGUF", _Kind("a language model (GGUF)")),
    (b"X\n\0\0\0", _Kind("an R object (rds)")),
    (b"RDX", _Kind("a workspace of R (RData)")),
    (PDF, _Kind("a PDF document")),
    (b"\x7fELF", _Kind("a program")),
)
# What a zip archive with such a member is.
_MEMBERS: tuple[tuple[str, _Kind], ...] = (
    ("schema.json", _Kind("a skops file", "load it with skops.io.load, and dump the estimator with joblib.dump")),
    ("data.pkl", _Kind("a PyTorch model")),
    ("model.weights.h5", _Kind("a Keras model")),
    ("model.ini", _Kind("an H2O model (MOJO)")),
    ("[Content_Types].xml", _Kind("a document of Excel or Word")),
    ("MLmodel", _Kind("an MLflow model in a zip archive", "unpack it, and give its model.pkl after --model")),
    (".npy", _Kind("numpy arrays (npz)")),
)
_MEMBERS_OF_FOLDERS: tuple[tuple[str, _Kind], ...] = (
    ("saved_model.pb", _Kind("a TensorFlow model's folder")),
    ("manifest.json", _Kind("a folder with a bundle, which is packaged already", "serve it, or give the estimator")),
)


def check_folder(path: Path) -> None:
    """Raises TrainingError where the path is a folder."""
    if not path.is_dir():
        return
    if (path / "MLmodel").is_file():
        inside = [str(found) for found in sorted(path.glob("*.pkl")) if found.is_file()]
        advice = f"give {inside[0]} after --model" if inside else f"it has no pickle of an estimator: {DUMP}"
        raise _refusal(path, _Kind("an MLflow model's folder", advice))
    found = next((kind for name, kind in _MEMBERS_OF_FOLDERS if (path / name).is_file()), None)
    raise _refusal(path, found or _Kind("a folder", "name the file with the estimator after --model"))


def check_start(path: Path, file: IO[bytes]) -> None:
    """Raises TrainingError where the file's first bytes are those of something else than a pickle."""
    kind = _by_start(path, _start(file))
    if kind is None and (inner := _start_inside(file)):
        kind = _by_start(path, inner)
    if kind is not None:
        raise _refusal(path, kind)


def check_text(path: Path, file: IO[bytes]) -> None:
    """Raises TrainingError where a file that could not be read as a pickle is a text."""
    try:
        text = _start(file)[:4096].decode("utf-8", errors="ignore")
    except EOFError:
        return
    if not text.strip() or not all(letter.isprintable() or letter in "\r\n\t" for letter in text):
        return
    first = text.lstrip().splitlines()[0]
    if any(separator in first for separator in ",;\t") and not first.startswith(("{", "[")):
        raise _refusal(path, _Kind("a table of text", "give it after --data, and the estimator after --model"))
    raise _refusal(path, _Kind("a JSON text" if first.startswith(("{", "[")) else "a text"))


def _refusal(path: Path, kind: _Kind) -> TrainingError:
    return TrainingError(f"{path} is {kind.what}: {kind.advice}.")


def _start(file: IO[bytes]) -> bytes:
    file.seek(0)
    start = file.read(_READ)
    file.seek(0)
    return start


def _start_inside(file: IO[bytes]) -> bytes:
    """The first bytes of what is compressed, where anything is and can be read."""
    try:
        inside = decompressed(file)
        return b"" if inside is file else inside.read(_READ)
    except Exception:  # noqa: BLE001
        # Each decompressor has errors of its own; joblib says later what it finds.
        return b""
    finally:
        file.seek(0)


def _by_start(path: Path, start: bytes) -> _Kind | None:
    if not start:
        return _Kind("empty", "copy it again, or dump the estimator with joblib.dump")
    if start.startswith(LZ4) and find_spec("lz4"):
        return None
    known = next((kind for signature, kind in _STARTS if start.startswith(signature)), None)
    tests: Sequence[tuple[Callable[[bytes], bool], _Kind]] = (
        (lambda found: found[257:262] == b"ustar", _Kind("a tar archive", "unpack it, and give the file inside")),
        (lambda found: found[4:8] == b"TFL3", _Kind("a TensorFlow Lite model")),
        (lambda found: found[8:10] == b'{"', _Kind("a safetensors file")),
        (_is_onnx, _Kind("an ONNX model, which is no estimator", "give the estimator that it was converted from")),
    )
    if start.startswith(ZIP):
        return _zipped(path)
    return known or next((kind for is_so, kind in tests if is_so(start)), None) or _marked_up(start)


def _zipped(path: Path) -> _Kind:
    try:
        names = zipfile.ZipFile(path).namelist()
    except (OSError, zipfile.BadZipFile):
        return _Kind("a zip archive that is cut short or damaged", "copy it again")
    found = (kind for end, kind in _MEMBERS if any(name.endswith(end) for name in names))
    return next(found, _Kind("a zip archive", "unpack it, and give the file with the estimator after --model"))


def _marked_up(start: bytes) -> _Kind | None:
    """What a text in JSON or XML is."""
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    low = text[:4096].lower()
    if low.startswith((b"<!doctype html", b"<html")):
        return _PAGE
    if low.startswith((b"<?xml", b"<pmml")):
        return _Kind("a PMML model" if b"<pmml" in low else "an XML text")
    if not text.startswith((b'{"', b"{\n", b"{\r\n", b"{ ")):
        return None
    for key, what, advice in (
        (b'"learner"', "an XGBoost model (JSON)", _GRADIENT),
        (b'"tree_info"', "a LightGBM model (JSON)", _GRADIENT),
        (b'"oblivious_trees"', "a CatBoost model (JSON)", _GRADIENT),
        (b'"features_info"', "a CatBoost model (JSON)", _GRADIENT),
        (b'"nbformat"', "a notebook", "dump the estimator in it with joblib.dump, and give that file after --model"),
        (b'"cells"', "a notebook", "dump the estimator in it with joblib.dump, and give that file after --model"),
    ):
        if key in text:
            return _Kind(what, advice)
    return _Kind("a JSON text")


def _is_onnx(start: bytes) -> bool:
    """Whether the first fields are those of ONNX's ModelProto: a version, and texts, opsets or a graph (onnx.proto)."""
    if len(start) < 4 or start[0] != 0x08 or not 0 < start[1] < 32:
        return False
    at, tag = 2, start[2]
    while tag in (0x12, 0x1A, 0x22, 0x32) and at + 1 < len(start) and start[at + 1] < 0x80:
        at += 2 + start[at + 1]
        tag = start[at] if at < len(start) else 0x3A
    return tag in (0x28, 0x3A, 0x42)
