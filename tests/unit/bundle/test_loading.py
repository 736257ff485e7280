"""Every check at load, each with its own code and in its order. Writes bundles and pickles into temporary folders."""

import hashlib
import io
import lzma
import math
import pickle
import random
import re
import shutil
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import joblib
import pytest

from function.bundle import loading
from function.bundle.environment import check_environment
from function.bundle.folder import Folder
from function.bundle.loading import matches_example
from function.errors import BundleError
from function.model.manifest import LIBRARIES, Artifact, Example
from function.model.runtime import Model
from tests import bundles
from tests.bundles import Document, document_of, edit, write_manifest_bytes

type Fault = Callable[[Path], None]

ARTIFACT = "model.joblib"
WHAT_TO_DO = re.compile(r"python -m training|make a bundle|copy the bundle|install what")
ABSOLUTE_PATH = re.compile(r"(?:^|[\s'\"(=])/\w")


@pytest.fixture
def folder(full_bundle: Path, tmp_path: Path) -> Path:
    """A copy of the bundle, to be broken."""
    return Path(shutil.copytree(full_bundle, tmp_path / "broken"))


def load(folder: Path | str) -> Model:
    """The model, by the runtime that unpickles: most that can go wrong does so there."""
    return loading.load(folder, "joblib")


def refusal(folder: Path) -> BundleError:
    with pytest.raises(BundleError) as raised:
        load(folder)
    sentence = str(raised.value)
    assert sentence.endswith(".")
    assert WHAT_TO_DO.search(sentence)
    assert not ABSOLUTE_PATH.search(sentence.replace("(/", "("))  # a JSON pointer
    assert str(folder) not in sentence
    return raised.value


def replace_artifact(folder: Path, data: bytes) -> None:
    """Another artifact, with the digest that it has: what an attacker who owns the manifest, or a bug, would do."""
    bundles.replace_artifact(folder, ARTIFACT, data)


def decompress(folder: Path) -> bytes:
    """The estimator as joblib writes it without compression."""
    data = io.BytesIO()
    joblib.dump(joblib.load(folder / ARTIFACT), data)
    return data.getvalue()


def older_scikit_learn(folder: Path) -> bytes:
    """The estimator with another release of scikit-learn written into each part of it."""
    here = document_of(folder)["environment"]["scikit-learn"].encode()
    return decompress(folder).replace(here, b"0" + here[1:])


class Evil:
    """Touches a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.marker,))


def test_bundle_is_loaded(full_bundle: Path) -> None:
    model = load(full_bundle)
    assert model.manifest.name == "house-prices"
    assert model.runtime.predict([[1500.0], [3.0]]) == [[360000.0]]


def test_path_may_be_a_text(full_bundle: Path) -> None:
    assert load(str(full_bundle)).manifest.document == document_of(full_bundle)


def test_other_files_of_the_folder_do_not_matter(folder: Path, tmp_path: Path) -> None:
    (folder / "other.joblib").write_bytes(pickle.dumps(Evil(tmp_path / "touched")))
    load(folder)
    assert not (tmp_path / "touched").exists()


def test_missing_folder(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nowhere").code == "model_missing"


def test_missing_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    assert refusal(folder).code == "model_missing"


def test_folder_that_is_a_file(folder: Path) -> None:
    assert refusal(folder / "manifest.json").code == "model_missing"


def test_manifest_that_is_a_folder(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").mkdir()
    assert refusal(folder).code == "model_missing"


@pytest.mark.parametrize(
    "key", ["name", "version", "task", "features", "targets", "environment", "artifacts", "examples"]
)
def test_manifest_without_a_key(folder: Path, key: str) -> None:
    edit(folder, lambda document: document.pop(key))
    error = refusal(folder)
    assert error.code == "manifest_invalid"
    assert f"'{key}'" in str(error)


def test_empty_manifest(folder: Path) -> None:
    write_manifest_bytes(folder, b"")
    assert refusal(folder).code == "manifest_invalid"


def test_another_format_is_named(folder: Path) -> None:
    edit(folder, lambda document: document.update(format=1))
    error = refusal(folder)
    assert error.code == "format_unsupported"
    assert "format 1," in str(error)
    assert "reads format 3" in str(error)


def test_bundle_of_the_first_format_is_told_by_its_format(folder: Path) -> None:
    (folder / "manifest.json.sha256").unlink()  # there was none
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"format": ', '"format": 0.5, "was": '))
    assert refusal(folder).code == "format_unsupported"


def test_missing_digest_of_the_manifest_is_named(folder: Path) -> None:
    (folder / "manifest.json.sha256").unlink()
    error = refusal(folder)
    assert error.code == "artifact_missing"
    assert "manifest.json.sha256" in str(error)


@pytest.mark.parametrize("text", ["", "\n", "no digest\n", "0" * 64, "é", "\0"], ids=repr)
def test_digest_of_the_manifest_that_is_none_is_refused(folder: Path, text: str) -> None:
    (folder / "manifest.json.sha256").write_text(text, encoding="utf-8")
    assert refusal(folder).code == "digest_mismatch"


@pytest.mark.parametrize("form", ["{} *manifest.json", "{}  model/manifest.json\r\n", "{}", "\n{}\n"])
def test_digest_of_the_manifest_may_be_written_otherwise(folder: Path, form: str) -> None:
    beside = folder / "manifest.json.sha256"
    beside.write_text(form.format(beside.read_text().split()[0].upper()))
    load(folder)


def test_flipped_bit_of_the_manifest_is_found(folder: Path) -> None:
    whole = (folder / "manifest.json").read_bytes()
    for place in random.Random(0).sample(range(len(whole) * 8), 600):
        flipped = bytearray(whole)
        flipped[place // 8] ^= 1 << place % 8
        (folder / "manifest.json").write_bytes(flipped)
        for runtime in ("", "flat"):
            with pytest.raises(BundleError, match=r"manifest\.json is not the one") as raised:
                loading.load(folder, runtime)
            assert raised.value.code == "digest_mismatch"


def test_edited_manifest_is_told_with_both_beginnings(folder: Path) -> None:
    wanted = (folder / "manifest.json.sha256").read_text()[:12]
    data = (folder / "manifest.json").read_bytes() + b"\n"
    (folder / "manifest.json").write_bytes(data)
    sentence = str(refusal(folder))
    assert wanted in sentence
    assert hashlib.sha256(data).hexdigest()[:12] in sentence


def test_missing_artifact_is_named(folder: Path) -> None:
    (folder / ARTIFACT).unlink()
    error = refusal(folder)
    assert error.code == "artifact_missing"
    assert ARTIFACT in str(error)


def test_artifact_that_is_a_folder(folder: Path) -> None:
    (folder / ARTIFACT).unlink()
    (folder / ARTIFACT).mkdir()
    assert refusal(folder).code == "artifact_missing"


def test_every_artifact_is_checked_the_unused_ones_too(folder: Path) -> None:
    other = {"sha256": "0" * 64, "bytes": 1, "runtime": "other", "input": "array"}
    edit(folder, lambda document: document["artifacts"].update({"other.bin": other}))
    assert refusal(folder).code == "artifact_missing"
    (folder / "other.bin").write_bytes(b"x")
    assert refusal(folder).code == "digest_mismatch"


def test_flipped_bits_are_found(folder: Path) -> None:
    whole = (folder / ARTIFACT).read_bytes()
    for place in range(0, len(whole) * 8, max(1, len(whole) * 8 // 600)):
        flipped = bytearray(whole)
        flipped[place // 8] ^= 1 << place % 8
        (folder / ARTIFACT).write_bytes(flipped)
        with pytest.raises(BundleError) as raised:
            load(folder)
        assert raised.value.code == "digest_mismatch"


def test_truncations_are_found(folder: Path) -> None:
    whole = (folder / ARTIFACT).read_bytes()
    for length in range(0, len(whole), max(1, len(whole) // 300)):
        (folder / ARTIFACT).write_bytes(whole[:length])
        assert refusal(folder).code == "digest_mismatch"


def test_added_byte_is_found(folder: Path) -> None:
    (folder / ARTIFACT).write_bytes((folder / ARTIFACT).read_bytes() + b"\0")
    assert refusal(folder).code == "digest_mismatch"


def test_digest_is_told_with_both_beginnings(folder: Path) -> None:
    expected = document_of(folder)["artifacts"][ARTIFACT]["sha256"]
    (folder / ARTIFACT).write_bytes(b"x")
    sentence = str(refusal(folder))
    assert expected[:12] in sentence
    assert hashlib.sha256(b"x").hexdigest()[:12] in sentence


def test_verified_bytes_are_those_that_were_hashed(folder: Path) -> None:
    data = (folder / ARTIFACT).read_bytes()
    artifact = Artifact(ARTIFACT, hashlib.sha256(data).hexdigest(), len(data), "joblib", "array")
    assert Folder(str(folder)).read_artifact(artifact) == data


def evil_payloads(marker: Path) -> Iterator[bytes]:
    """The same payload plain, inside what joblib writes, compressed, and each of them cut short."""
    inside = io.BytesIO()
    joblib.dump([Evil(marker)], inside, protocol=2)
    plain = pickle.dumps(Evil(marker), protocol=2)  # later protocols read a frame whole before they act
    for data in (plain, inside.getvalue(), lzma.compress(plain)):
        yield data
        yield data[:-1]
        yield data[: len(data) * 3 // 4]


def test_payload_does_run_where_it_is_unpickled(tmp_path: Path) -> None:
    marker = tmp_path / "touched"
    plain, cut, *_ = evil_payloads(marker)
    pickle.loads(plain)
    assert marker.exists()
    marker.unlink()
    with pytest.raises((EOFError, pickle.UnpicklingError)):
        pickle.loads(cut)
    assert marker.exists()  # before it raised


def test_foreign_pickle_is_refused_before_anything_runs(folder: Path, tmp_path: Path) -> None:
    marker = tmp_path / "touched"
    for data in evil_payloads(marker):
        (folder / ARTIFACT).write_bytes(data)
        assert refusal(folder).code == "digest_mismatch"
        assert not marker.exists()


def test_pickle_of_another_environment_is_refused_before_anything_runs(folder: Path, tmp_path: Path) -> None:
    replace_artifact(folder, pickle.dumps(Evil(tmp_path / "touched")))
    edit(folder, lambda document: document["environment"].update(numpy="1.0"))
    assert refusal(folder).code == "version_mismatch"
    assert not (tmp_path / "touched").exists()


def test_artifact_of_no_known_runtime(folder: Path) -> None:
    edit(folder, lambda document: document["artifacts"][ARTIFACT].update(runtime="tensorflow"))
    assert refusal(folder).code == "runtime_unsupported"


def test_no_artifacts(folder: Path) -> None:
    edit(folder, lambda document: document.update(artifacts={}))
    assert refusal(folder).code == "runtime_unsupported"


@pytest.mark.parametrize("library", LIBRARIES)
def test_another_version_of_a_library_is_named_with_both(folder: Path, library: str) -> None:
    here = document_of(folder)["environment"].get(library)
    edit(folder, lambda document: document["environment"].update({library: "1.0.99"}))
    error = refusal(folder)
    assert error.code == "version_mismatch"
    assert f"{library} 1.0.99 (here: " in str(error)
    assert here is None or f"(here: {here})" in str(error)


def test_another_minor_python_is_named_with_both(folder: Path) -> None:
    here = document_of(folder)["environment"]["python"]
    edit(folder, lambda document: document["environment"].update(python="3.12.4"))
    error = refusal(folder)
    assert error.code == "version_mismatch"
    assert f"python 3.12.4 (here: {here})" in str(error)


def test_patch_release_of_python_does_not_matter(folder: Path) -> None:
    edit(folder, lambda document: document["environment"].update(python="3.13.99"))
    load(folder)


def test_every_difference_is_named_and_nothing_else() -> None:
    wanted = {"python": "3.13.1", "numpy": "1.0", "scipy": "2.0", "xgboost": "3.0"}
    found = {"python": "3.13.7", "numpy": "1.0", "scipy": "2.1", "pandas": "3.0"}
    with pytest.raises(BundleError, match=re.escape("with scipy 2.0 (here: 2.1), xgboost 3.0 (here: none): ")):
        check_environment(wanted, found)


def test_python_3_1_is_not_python_3_13() -> None:
    with pytest.raises(BundleError):
        check_environment({"python": "3.1"}, {"python": "3.13.0"})


def test_estimator_of_another_scikit_learn_is_named_with_both(folder: Path) -> None:
    here = document_of(folder)["environment"]["scikit-learn"]
    replace_artifact(folder, older_scikit_learn(folder))
    error = refusal(folder)
    assert error.code == "version_mismatch"
    assert f"scikit-learn 0{here[1:]} " in str(error)
    assert f"this is {here}:" in str(error)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"\x80\x05",
        b"cno_such_module\nThing\n.",
        b"cno.such\nThing\n)R.",
        b"cos\nno_such_name\n.",
        b"cbuiltins\nint\n(Vcanary\ntR.",
        lzma.compress(b"x"),
    ],
    ids=repr,
)
def test_artifact_that_cannot_be_unpickled(folder: Path, data: bytes) -> None:
    replace_artifact(folder, data)
    error = refusal(folder)
    assert error.code == "artifact_unreadable"
    assert ARTIFACT in str(error)
    assert "canary" not in str(error)


def test_truncated_artifact_with_its_own_digest(folder: Path) -> None:
    whole = decompress(folder)
    for length in range(0, len(whole), max(1, len(whole) // 25)):
        replace_artifact(folder, whole[:length])
        assert refusal(folder).code == "artifact_unreadable"


def test_another_golden_prediction_is_told_by_its_number(folder: Path) -> None:
    edit(folder, lambda document: document["examples"][1].update(prediction=document["examples"][1]["prediction"] + 1))
    error = refusal(folder)
    assert error.code == "golden_mismatch"
    assert "example 2 of " in str(error)


@pytest.mark.parametrize("prediction", ["360000", True, 360000.5, 0, -360000.0, 10**308])
def test_golden_prediction_of_another_value(folder: Path, prediction: object) -> None:
    edit(folder, lambda document: document["examples"][0].update(prediction=prediction))
    assert refusal(folder).code == "golden_mismatch"


def test_last_bits_of_a_golden_prediction_do_not_matter(folder: Path) -> None:
    edit(folder, lambda document: document["examples"][0].update(prediction=360000.0 * (1 + 1e-9)))
    load(folder)


@pytest.mark.parametrize(
    "record",
    [{}, {"AreaSqft": "x", "NumBedrooms": 3}, {"AreaSqft": 1500}, {"AreaSqft": 1e308, "NumBedrooms": 3}, {"a": 1}],
    ids=repr,
)
def test_golden_row_that_cannot_be_predicted(folder: Path, record: dict[str, object]) -> None:
    edit(folder, lambda document: document["examples"][0].update(input=record))
    assert refusal(folder).code == "golden_mismatch"


def test_probabilities_are_golden_too(iris_bundle: Path, tmp_path: Path) -> None:
    changes: list[tuple[str, Callable[[Document], object]]] = [
        ("golden_mismatch", lambda example: example["probabilities"].update(setosa=0.123)),
        # The columns of a table have one for each class.
        ("manifest_invalid", lambda example: example.update(probabilities={"setosa": 1.0})),
        ("manifest_invalid", lambda example: example.update(probabilities={})),
        ("manifest_invalid", lambda example: example["probabilities"].update(other=0.0)),
        ("golden_mismatch", lambda example: example.update(prediction="other")),
    ]
    for index, (code, change) in enumerate(changes):
        folder = Path(shutil.copytree(iris_bundle, tmp_path / str(index)))
        edit(folder, lambda document, change=change: change(document["examples"][0]))  # type: ignore[misc]
        assert refusal(folder).code == code


@pytest.mark.parametrize(
    ("found", "golden", "same"),
    [
        *[(label, label, True) for label in ("a", "1", "", 1, 0, -3, True, False, 2.5)],
        *[(1.0, 1, True), (1, 1.0, False), (1.0, True, False), (True, 1.0, False), (0.0, False, False)],
        *[(True, 1, False), (1, True, False), (0, False, False), (False, 0, False)],
        *[("1", 1, False), (1, "1", False), ("1.0", 1.0, False), (1.0, "1.0", False), ("True", True, False)],
        *[("a", "b", False), (1, 2, False), (True, False, False)],
        *[(1.0, 1.0 + 5e-7, True), (1.0, 1.0 + 5e-6, False), (0.0, 5e-10, True), (0.0, 5e-9, False)],
        *[(math.nan, math.nan, False), (math.inf, math.inf, True), (math.inf, 1e308, False), (None, "a", False)],
    ],
)
def test_label_is_golden_by_its_type_and_value(found: Any, golden: Any, same: bool) -> None:
    assert matches_example(Example({}, [golden]), [found]) is same


def test_probabilities_that_are_missing_too_many_or_others_are_not_golden() -> None:
    example = Example({}, ["a", 0.75, 0.25])
    assert matches_example(example, ["a", 0.75, 0.25])
    assert matches_example(example, ["a", 0.75 + 1e-7, 0.25])
    for row in ([], [0.75], [0.75, 0.25, 0.0], [0.25, 0.75], [0.75, 0.26]):
        assert not matches_example(example, ["a", *row])
    assert not matches_example(example, [])
    assert not matches_example(example, ["b", 0.75, 0.25])


def swap_columns(document: Document) -> None:
    document["features"].reverse()


def test_features_in_another_order_are_found_by_the_golden_rows(folder: Path) -> None:
    edit(folder, swap_columns)
    assert refusal(folder).code == "golden_mismatch"


FAULTS: tuple[tuple[str, Fault], ...] = (
    ("model_missing", lambda folder: (folder / "manifest.json").unlink()),
    ("format_unsupported", lambda folder: edit(folder, lambda document: document.update(format=9))),
    ("manifest_invalid", lambda folder: edit(folder, lambda document: document.pop("task"))),
    ("digest_mismatch", lambda folder: edit(folder, lambda document: artifact_of(document).update(sha256="0" * 64))),
    ("runtime_unsupported", lambda folder: edit(folder, lambda document: artifact_of(document).update(runtime="x"))),
    ("version_mismatch", lambda folder: edit(folder, lambda document: document["environment"].update(numpy="0.1"))),
    ("artifact_unreadable", lambda folder: replace_artifact(folder, b"garbage")),
    ("golden_mismatch", lambda folder: edit(folder, lambda document: document["examples"][0].update(prediction=1.0))),
)


def artifact_of(document: Document) -> Document:
    artifact: Document = document["artifacts"][ARTIFACT]
    return artifact


@pytest.mark.parametrize(("earlier", "later"), list(combinations(FAULTS, 2)), ids=lambda fault: fault[0])
def test_bundle_with_two_faults_is_told_the_earlier(
    folder: Path, earlier: tuple[str, Fault], later: tuple[str, Fault]
) -> None:
    # The later fault first: it may write what the earlier one then spoils.
    later[1](folder)
    earlier[1](folder)
    assert refusal(folder).code == earlier[0]


def test_bundle_with_every_fault_is_told_the_first_and_then_the_next(folder: Path, full_bundle: Path) -> None:
    for start in range(len(FAULTS)):
        shutil.copytree(full_bundle, folder, dirs_exist_ok=True)
        for _, spoil in reversed(FAULTS[start:]):
            spoil(folder)
        assert refusal(folder).code == FAULTS[start][0]


def test_missing_artifact_comes_before_another_that_differs(folder: Path) -> None:
    (folder / ARTIFACT).unlink()
    edit(folder, lambda document: document["environment"].update(python="2.7"))
    assert refusal(folder).code == "artifact_missing"


def test_older_estimator_comes_before_its_golden_rows(folder: Path) -> None:
    replace_artifact(folder, older_scikit_learn(folder))
    edit(folder, lambda document: document["examples"][0].update(prediction=1.0))
    assert refusal(folder).code == "version_mismatch"


def test_each_test_model_is_verified(houses: Model, iris: Model, mixed: Model, picky: Model) -> None:
    assert len({model.manifest.version for model in (houses, iris, mixed, picky)}) == 4
