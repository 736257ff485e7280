"""A file that is not a model is recognized from its bytes, and named, before any of it is loaded."""

import bz2
import gzip
import io
import json
import lzma
import pickle
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy
import pandas
import pytest
from sklearn import __version__ as version
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from training.errors import TrainingError
from training.estimators.loading import load_estimator
from training.estimators.pickle_contents import StandIn, read_contents

OLD = sorted(path for path in (Path(__file__).parent / "old_releases").iterdir() if path.suffix != ".py")
VALUES = numpy.arange(60.0).reshape(20, 3) % 7
NUMBERS, LABELS = VALUES.sum(axis=1), numpy.where(VALUES[:, 0] > 3, "hi", "lo")


def get_refusal(path: Path) -> str:
    with pytest.raises(TrainingError) as caught:
        load_estimator(path)
    return str(caught.value)


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.name)
def test_an_older_release_is_named_before_anything_is_loaded(path: Path) -> None:
    release = path.stem.rpartition("-")[2]

    assert get_refusal(path) == (
        f"The estimator in {path} was saved with scikit-learn {release}, but {version} is installed: train it again "
        "with the versions in function/requirements.txt."
    )


def make_mixed_pipeline() -> Any:
    frame = pandas.DataFrame({"n": NUMBERS, "t": LABELS.astype(object)})
    columns = ColumnTransformer([("n", StandardScaler(), ["n"]), ("t", OneHotEncoder(), ["t"])])
    return make_pipeline(columns, Ridge()).fit(frame, NUMBERS)


ESTIMATORS: dict[str, Callable[[], Any]] = {
    "mixed": make_mixed_pipeline,
    "forest": lambda: RandomForestRegressor(3).fit(VALUES, NUMBERS),
    "boosted": lambda: GradientBoostingClassifier(n_estimators=2).fit(VALUES, LABELS),
    "histogram": lambda: HistGradientBoostingRegressor(max_iter=2).fit(VALUES, NUMBERS),
    "neighbours": lambda: KNeighborsClassifier(algorithm="kd_tree").fit(VALUES, LABELS),
}
WRITERS: dict[str, Callable[[Any, Path], object]] = {
    "joblib": joblib.dump,
    "zlib": lambda estimator, path: joblib.dump(estimator, path, compress=("zlib", 3)),
    "gzip": lambda estimator, path: joblib.dump(estimator, path, compress=("gzip", 3)),
    "bz2": lambda estimator, path: joblib.dump(estimator, path, compress=("bz2", 3)),
    "lzma": lambda estimator, path: joblib.dump(estimator, path, compress=("lzma", 3)),
    "xz": lambda estimator, path: joblib.dump(estimator, path, compress=("xz", 3)),
    "protocol 0": lambda estimator, path: path.write_bytes(pickle.dumps(estimator, protocol=0)),
    "protocol 2": lambda estimator, path: path.write_bytes(pickle.dumps(estimator, protocol=2)),
    "protocol 5": lambda estimator, path: path.write_bytes(pickle.dumps(estimator, protocol=5)),
}


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("name", ESTIMATORS)
def test_each_form_of_a_pickle_is_read_to_its_end(tmp_path: Path, name: str, form: str) -> None:
    path = tmp_path / "mine"
    estimator = ESTIMATORS[name]()
    WRITERS[form](estimator, path)
    with path.open("rb") as file:
        contents = read_contents(file)

    assert contents.is_complete
    assert set(contents.versions) == {version}
    assert isinstance(contents.root, StandIn)
    assert contents.root.name == type(estimator).__name__
    assert type(load_estimator(path)) is type(estimator)


class Trap:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def test_nothing_is_run_by_reading(tmp_path: Path) -> None:
    for protocol in range(6):
        data = pickle.dumps([Trap(tmp_path / "sprung")], protocol=protocol)
        assert read_contents(io.BytesIO(data)).is_complete
    assert list(tmp_path.iterdir()) == []


def make_zip(*members: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for member in members:
            archive.writestr(member, "x")
    return buffer.getvalue()


def make_tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("model.joblib"))
    return buffer.getvalue()


def make_parquet() -> bytes:
    buffer = io.BytesIO()
    pandas.DataFrame({"a": [1]}).to_parquet(buffer)
    return buffer.getvalue()


# The graph and the opset of a model that onnx 1.23 wrote.
ONNX_GRAPH = (
    b":7\n\x10\n\x01x\x12\x01y\x22\x08Identity\x12\x01gZ\x0f\n\x01x\x12\n\n\x08\x08\x01\x12\x04\n\x02\x08\x01"
    b"b\x0f\n\x01y\x12\n\n\x08\x08\x01\x12\x04\n\x02\x08\x01B\x02\x10\x1c"
)

# What the file holds, and words of the sentence.
FILES: dict[str, tuple[bytes, list[str]]] = {
    "nothing": (b"", ["is empty", "copy it again"]),
    "an ONNX model": (b"\x08\x0e" + ONNX_GRAPH, ["is an ONNX model"]),
    "an ONNX model with a producer": (
        b"\x08\x0e\x12\x08skl2onnx\x1a\x031.2\x22\x07ai.onnx2\x04mine" + ONNX_GRAPH,
        ["is an ONNX model"],
    ),
    "skops": (make_zip("schema.json", "1.npy"), ["is a skops file", "skops.io.load"]),
    "PyTorch": (make_zip("archive/data.pkl", "archive/version"), ["is a PyTorch model"]),
    "Keras": (make_zip("config.json", "model.weights.h5"), ["is a Keras model"]),
    "MOJO": (make_zip("model.ini", "trees/t00.bin"), ["is an H2O model"]),
    "Excel": (make_zip("[Content_Types].xml"), ["Excel"]),
    "a zip archive": (make_zip("mine.joblib"), ["is a zip archive", "unpack it"]),
    "half a zip archive": (make_zip("mine.joblib")[:40], ["zip archive that is cut short"]),
    "PMML": (b'<?xml version="1.0"?>\n<PMML xmlns="http://www.dmg.org/PMML-4_4">', ["is a PMML model"]),
    "a page": (b"\n<!DOCTYPE html><html><head><title>Sign in", ["is a web page", "browser"]),
    "half of XGBoost JSON": (b'{"learner":{"attributes":{}', ["is a model of XGBoost", "cannot load it"]),
    "half of XGBoost UBJ": (
        b"{L\0\0\0\0\0\0\0\x07learner{L\0\0\0\0\0\0\0\nattributes",
        ["is a model of XGBoost", "cannot load it"],
    ),
    "XGBoost binary": (b"binf\0\0\0\x3f", ["is an XGBoost model (binary)", "save_model"]),
    "compressed XGBoost JSON": (
        gzip.compress(b'{"learner":{"attributes":{}'),
        ["is an XGBoost model (JSON)", "decompress it"],
    ),
    "half of LightGBM": (b"tree\nversion=v4\nnum_class=1\n", ["is a model of LightGBM", "cannot load it"]),
    "LightGBM JSON": (b'{"name": "tree", "tree_info": []}', ["is a LightGBM model (JSON)", "save_model"]),
    "half of CatBoost": (b"CBM1\x88\x01\0\0", ["is a model of CatBoost", "cannot load it"]),
    "git-lfs": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
        ["pointer of git-lfs", "git lfs pull"],
    ),
    "HDF5": (b"\x89HDF\r\n\x1a\n\0\0", ["Keras"]),
    "lz4": (b"\x04\x22\x4d\x18\x64\x40", ["lz4", "without lz4"]),
    "a tar archive": (make_tar(), ["is a tar archive", "unpack it"]),
    "an array": (b"\x93NUMPY\x01\0v\0{'descr'", ["is a numpy array"]),
    "Parquet": (make_parquet(), ["is a Parquet table", "--data"]),
    "R": (gzip.compress(b"X\n\0\0\0\x03\0\x04"), ["is an R object"]),
    "a notebook": (json.dumps({"cells": [], "nbformat": 4}, indent=1).encode(), ["is a notebook"]),
    "JSON": (b'{"a": 1}', ["is a JSON text"]),
    "a list of JSON": (b"[1, 2]", ["is a JSON text"]),
    "a table": (b"area,rooms,price\n1,2,3\n", ["is a table of text", "--data"]),
    "a table with semicolons": ("größe;preis\n1;2\n".encode(), ["is a table of text"]),
    "a script": (b"import joblib\nmodel = 1\n", ["is a text", "joblib.dump"]),
    "noise": (bytes(range(7, 250)), ["cut short, damaged"]),
    "half a pickle": (pickle.dumps(Ridge().fit(VALUES, NUMBERS))[:-60], ["cut short, damaged", "copy it again"]),
    "half of what is compressed": (zlib.compress(pickle.dumps(VALUES))[:60], ["cut short, damaged"]),
    "damaged gzip": (gzip.compress(pickle.dumps(VALUES))[:-12] + b"x" * 12, ["cut short, damaged"]),
    "damaged xz": (lzma.compress(pickle.dumps(VALUES))[:50], ["cut short, damaged"]),
    "damaged bz2": (bz2.compress(pickle.dumps(VALUES))[:50], ["cut short, damaged"]),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_no_pickle_is_called_what_it_is(tmp_path: Path, case: str) -> None:
    content, words = FILES[case]
    path = tmp_path / "model.bin"
    path.write_bytes(content)
    sentence = get_refusal(path)

    assert sentence.startswith(str(path))
    assert all(word in sentence for word in words), sentence


def test_a_folder_of_mlflow_names_the_file_inside(tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text("flavors:\n  sklearn: {}\n")
    assert "MLflow model's folder: it has no pickle" in get_refusal(tmp_path)
    (tmp_path / "model.pkl").write_bytes(b"")
    assert get_refusal(tmp_path).endswith(f"is an MLflow model's folder: give {tmp_path / 'model.pkl'} after --model.")


def test_other_folders_are_named(tmp_path: Path) -> None:
    assert "is a folder: name the file" in get_refusal(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"")
    assert "TensorFlow" in get_refusal(tmp_path)


def pickle_instance(module: str, name: str) -> bytes:
    """Pickle an instance of a class in a module that is not installed."""
    return (
        b"\x80\x04\x8c"
        + bytes([len(module)])
        + module.encode()
        + b"\x8c"
        + bytes([len(name)])
        + name.encode()
        + (b"\x93)\x81}\x8c\x01aK\x01sb.")
    )


FOREIGN: dict[str, tuple[bytes, list[str]]] = {
    "statsmodels": (
        pickle_instance("statsmodels.regression.linear_model", "RegressionResultsWrapper"),
        ["holds a RegressionResultsWrapper of statsmodels"],
    ),
    "imblearn": (
        pickle_instance("imblearn.pipeline", "Pipeline"),
        ["holds a Pipeline of imbalanced-learn", "'imblearn'"],
    ),
    "a module of one's own": (pickle_instance("mycompany.models", "Mine"), ["needs Mine of the module 'mycompany'"]),
    "a script": (pickle_instance("__main__", "Mine"), ["needs Mine of a script or notebook (__main__)"]),
    "a lambda": (
        pickle_instance("cloudpickle.cloudpickle", "_make_function"),
        ["a lambda or a script, pickled by cloudpickle"],
    ),
    "old protocol": (b"cimblearn.pipeline\nPipeline\n)R.", ["holds a Pipeline of imbalanced-learn"]),
    "inside a pipeline": (
        pickle.dumps(make_pipeline(Ridge()).fit(VALUES, NUMBERS)).replace(
            b"\x8c\x1bsklearn.linear_model._ridge", b"\x8c\x1bcategory_encoders.targetenc"
        ),
        ["needs Ridge of category_encoders"],
    ),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_objects_of_other_libraries_are_called_what_they_are(tmp_path: Path, case: str) -> None:
    content, words = FOREIGN[case]
    path = tmp_path / "model.pkl"
    path.write_bytes(content)
    sentence = get_refusal(path)

    assert all(word in sentence for word in [*words, "the image does not have"]), sentence


def make_ridge() -> Ridge:
    return Ridge().fit(VALUES, NUMBERS)


HOLDERS: dict[str, tuple[Callable[[], Any], list[str]]] = {
    "a dict": (
        lambda: {"model": make_ridge(), "columns": ["a"], "rows": 20, "mean": VALUES, "note": "x", "none": None},
        [
            "a dict with the keys 'model' (a Ridge), 'columns' (a list), 'rows' (a number), 'mean' (an array), 'note' "
            "(a text), 'none' (None)",
            "dump the estimator alone, with joblib.dump(content['model'], FILE)",
        ],
    ),
    "a dict with a scaler": (
        lambda: {"model": make_ridge(), "scaler": StandardScaler().fit(VALUES)},
        ["'model' (a Ridge), 'scaler' (a StandardScaler)", "one Pipeline"],
    ),
    "a tuple": (lambda: (make_ridge(), ["a", "b"]), ["a tuple with the members a Ridge, a list", "content[0]"]),
    "a list": (lambda: [make_ridge()], ["a list with the member a Ridge", "content[0]"]),
    "many keys": (lambda: {str(key): key for key in range(30)}, ["and 22 more"]),
    "an empty dict": (dict, ["a dict with nothing in it"]),
    "a frame": (
        lambda: pandas.DataFrame({"a": [1]}),
        ["holds a value of the type DataFrame, not a scikit-learn estimator"],
    ),
    "an array": (lambda: VALUES, ["holds a value of the type ndarray, not a scikit-learn estimator"]),
    "a text": (lambda: "model", ["holds a value of the type str, not a scikit-learn estimator"]),
    "a class": (lambda: Ridge, ["holds the class Ridge, not a fitted instance"]),
    "PyTorch": (lambda: 0x1950A86A20F9469CFC6C, ["is a PyTorch model"]),
}


@pytest.mark.parametrize("write", ["joblib", "protocol 2", "xz"])
@pytest.mark.parametrize("case", HOLDERS)
def test_what_holds_the_estimator_names_its_members(tmp_path: Path, case: str, write: str) -> None:
    make, words = HOLDERS[case]
    path = tmp_path / "model.joblib"
    WRITERS[write](make(), path)
    sentence = get_refusal(path)

    assert all(word in sentence for word in words), sentence


def test_every_release_in_a_file_is_named(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    pickler = pickle.Pickler(buffer, 2)
    pickler.fast = True  # a text that comes again is written again
    pickler.dump(make_pipeline(StandardScaler(), Ridge()).fit(VALUES, NUMBERS))
    first, *middle, last = buffer.getvalue().split(version.encode())
    data = b"0.9.2".join([first + b"0.9.1" + middle[0], *middle[1:], last])
    path = tmp_path / "model.pkl"
    path.write_bytes(data)

    assert "was saved with scikit-learn 0.9.1 and 0.9.2, but" in get_refusal(path)


def test_a_release_without_a_version_is_told_by_its_modules(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(b"csklearn.ensemble.forest\nRandomForestRegressor\n)R.")

    assert "was saved with a scikit-learn before 0.22 (it names sklearn.ensemble.forest)" in get_refusal(path)
