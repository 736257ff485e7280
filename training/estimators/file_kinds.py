"""Recognize a file that is not a pickle by its first bytes, without loading it."""

import zipfile
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import IO, NamedTuple

from function.formats.csv_text import GIT_LFS, HDF5, PARQUET, PDF, ZIP
from training.errors import TrainingError
from training.estimators.decompression import LZ4, open_decompressed

DUMP_ESTIMATOR = "dump the fitted scikit-learn estimator with joblib.dump, and give that file after --model"
_START_SIZE = 1 << 16


class _FileKind(NamedTuple):
    """What a file is, and what the user should do; both are parts of a sentence."""

    name: str
    advice: str = DUMP_ESTIMATOR


_LFS = _FileKind("a pointer of git-lfs, not the file itself", "fetch that with git lfs pull")
_PAGE = _FileKind("a web page, not a model: a download went wrong", "open it in a browser to see what it says")
_TABLE = _FileKind("a Parquet table", "give it after --data, and the estimator after --model")
_LZ4_KIND = _FileKind("compressed with lz4, which is not installed", "dump it again with joblib.dump, without lz4")
# These models are served if the file is theirs alone: training.estimators.native_files.
_UNPACK = "decompress it, and give that file after --model"
_SAVE_AGAIN = (
    "load it with the release that wrote it, save it with save_model as .json, and give that file after --model"
)
_SAVE_AS_TEXT = "save it with the Booster's method save_model, and give that file after --model"

# File kinds by their first bytes, with which no pickle begins.
_SIGNATURES: tuple[tuple[bytes, _FileKind], ...] = (
    (GIT_LFS, _LFS),
    (LZ4, _LZ4_KIND),
    (HDF5, _FileKind("an HDF5 file, as Keras and pandas write them")),
    (b"CBM1", _FileKind("a CatBoost model (cbm)", _UNPACK)),
    (b"tree\nversion=", _FileKind("a LightGBM model (text)", _UNPACK)),
    (b"{L\0\0\0\0\0\0\0\x07learner", _FileKind("an XGBoost model (UBJ)", _UNPACK)),
    (b"{U\x07learner", _FileKind("an XGBoost model (UBJ)", _UNPACK)),
    (b"{i\x07learner", _FileKind("an XGBoost model (UBJ)", _UNPACK)),
    (b"binf", _FileKind("an XGBoost model (binary), which new releases cannot load", _SAVE_AGAIN)),
    (PARQUET, _TABLE),
    (b"\x93NUMPY", _FileKind("a numpy array (npy)")),
    (b"GGUF", _FileKind("a language model (GGUF)")),
    (b"X\n\0\0\0", _FileKind("an R object (rds)")),
    (b"RDX", _FileKind("a workspace of R (RData)")),
    (PDF, _FileKind("a PDF document")),
    (b"\x7fELF", _FileKind("a program")),
)
# Kinds of zip archives by the end of a member's name.
_ZIP_MEMBERS: tuple[tuple[str, _FileKind], ...] = (
    ("schema.json", _FileKind("a skops file", "load it with skops.io.load, and dump the estimator with joblib.dump")),
    ("data.pkl", _FileKind("a PyTorch model")),
    ("model.weights.h5", _FileKind("a Keras model")),
    ("model.ini", _FileKind("an H2O model (MOJO)")),
    ("[Content_Types].xml", _FileKind("a document of Excel or Word")),
    ("MLmodel", _FileKind("an MLflow model in a zip archive", "unpack it, and give its model.pkl after --model")),
    (".npy", _FileKind("numpy arrays (npz)")),
)
_FOLDER_MEMBERS: tuple[tuple[str, _FileKind], ...] = (
    ("saved_model.pb", _FileKind("a TensorFlow model's folder")),
    (
        "manifest.json",
        _FileKind("a folder with a bundle, which is packaged already", "serve it, or give the estimator"),
    ),
)


def check_folder(path: Path) -> None:
    """Raise TrainingError if the path is a folder."""
    if not path.is_dir():
        return
    if (path / "MLmodel").is_file():
        pickles = [str(file) for file in sorted(path.glob("*.pkl")) if file.is_file()]
        advice = (
            f"give {pickles[0]} after --model" if pickles else f"it has no pickle of an estimator: {DUMP_ESTIMATOR}"
        )
        raise _make_kind_error(path, _FileKind("an MLflow model's folder", advice))
    found = next((kind for name, kind in _FOLDER_MEMBERS if (path / name).is_file()), None)
    raise _make_kind_error(path, found or _FileKind("a folder", "name the file with the estimator after --model"))


def check_start(path: Path, file: IO[bytes]) -> None:
    """Raise TrainingError if the file begins like a file of another kind; `path` is its name."""
    kind = _identify(path, _read_start(file))
    if kind is None and (inner := _read_compressed_start(file)):
        kind = _identify(path, inner)
    if kind is not None:
        raise _make_kind_error(path, kind)


def check_text(path: Path, file: IO[bytes]) -> None:
    """Raise TrainingError if a file that could not be read as a pickle is a text."""
    try:
        text = _read_start(file)[:4096].decode("utf-8", errors="ignore")
    except EOFError:
        return
    if not text.strip() or not all(letter.isprintable() or letter in "\r\n\t" for letter in text):
        return
    first = text.lstrip().splitlines()[0]
    if any(separator in first for separator in ",;\t") and not first.startswith(("{", "[")):
        raise _make_kind_error(
            path, _FileKind("a table of text", "give it after --data, and the estimator after --model")
        )
    raise _make_kind_error(path, _FileKind("a JSON text" if first.startswith(("{", "[")) else "a text"))


def _make_kind_error(path: Path, kind: _FileKind) -> TrainingError:
    return TrainingError(f"{path} is {kind.name}: {kind.advice}.")


def _read_start(file: IO[bytes]) -> bytes:
    file.seek(0)
    start = file.read(_START_SIZE)
    file.seek(0)
    return start


def _read_compressed_start(file: IO[bytes]) -> bytes:
    """Return the first decompressed bytes; none if the file is not compressed or cannot be read."""
    try:
        inside = open_decompressed(file)
        return b"" if inside is file else inside.read(_START_SIZE)
    except Exception:  # noqa: BLE001
        # Each decompressor has errors of its own. What joblib raises for the file is reported later.
        return b""
    finally:
        file.seek(0)


def _identify(path: Path, start: bytes) -> _FileKind | None:
    if not start:
        return _FileKind("empty", "copy it again, or dump the estimator with joblib.dump")
    if start.startswith(LZ4) and find_spec("lz4"):
        return None
    found = next((kind for signature, kind in _SIGNATURES if start.startswith(signature)), None)
    tests: Sequence[tuple[Callable[[bytes], bool], _FileKind]] = (
        (lambda data: data[257:262] == b"ustar", _FileKind("a tar archive", "unpack it, and give the file inside")),
        (lambda data: data[4:8] == b"TFL3", _FileKind("a TensorFlow Lite model")),
        (lambda data: data[8:10] == b'{"', _FileKind("a safetensors file")),
        (
            _is_onnx,
            _FileKind("an ONNX model, not a scikit-learn estimator", "give the estimator that it was converted from"),
        ),
    )
    if start.startswith(ZIP):
        return _identify_zip(path)
    return found or next((kind for is_so, kind in tests if is_so(start)), None) or _identify_markup(start)


def _identify_zip(path: Path) -> _FileKind:
    try:
        names = zipfile.ZipFile(path).namelist()
    except (OSError, zipfile.BadZipFile):
        return _FileKind("a zip archive that is cut short or damaged", "copy it again")
    found = (kind for end, kind in _ZIP_MEMBERS if any(name.endswith(end) for name in names))
    return next(found, _FileKind("a zip archive", "unpack it, and give the file with the estimator after --model"))


def _identify_markup(start: bytes) -> _FileKind | None:
    """Recognize a text in JSON, XML or HTML."""
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    low = text[:4096].lower()
    if low.startswith((b"<!doctype html", b"<html")):
        return _PAGE
    if low.startswith((b"<?xml", b"<pmml")):
        return _FileKind("a PMML model" if b"<pmml" in low else "an XML text")
    if not text.startswith((b'{"', b"{\n", b"{\r\n", b"{ ")):
        return None
    for key, what, advice in (
        (b'"learner"', "an XGBoost model (JSON)", _UNPACK),
        (b'"tree_info"', "a LightGBM model (JSON), which LightGBM cannot load", _SAVE_AS_TEXT),
        (b'"oblivious_trees"', "a CatBoost model (JSON)", _UNPACK),
        (b'"features_info"', "a CatBoost model (JSON)", _UNPACK),
        (b'"nbformat"', "a notebook", "dump the estimator in it with joblib.dump, and give that file after --model"),
        (b'"cells"', "a notebook", "dump the estimator in it with joblib.dump, and give that file after --model"),
    ):
        if key in text:
            return _FileKind(what, advice)
    return _FileKind("a JSON text")


def _is_onnx(start: bytes) -> bool:
    """Tell whether the bytes begin like ONNX's ModelProto: a version, then texts, opsets or a graph (onnx.proto)."""
    if len(start) < 4 or start[0] != 0x08 or not 0 < start[1] < 32:
        return False
    offset, tag = 2, start[2]
    while tag in (0x12, 0x1A, 0x22, 0x32) and offset + 1 < len(start) and start[offset + 1] < 0x80:
        offset += 2 + start[offset + 1]
        tag = start[offset] if offset < len(start) else 0x3A
    return tag in (0x28, 0x3A, 0x42)
