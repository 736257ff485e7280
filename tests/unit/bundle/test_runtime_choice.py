"""Which runtime answers what: a rule on the bundle's artifacts alone. Touches nothing."""

import pytest

from function.bundle.runtime_choice import MAX_ONNX_BYTES, MIN_BULK_BYTES, choose_for_records, choose_for_tables
from function.errors import BundleError
from function.model.manifest import FLAT, JOBLIB, ONNX, Artifact


def artifact(runtime: str, size: int = 1_000, largest_error: float = 0.0) -> Artifact:
    return Artifact(f"model.{runtime}", "0" * 64, size, runtime, "array", largest_error)


def yes() -> bool:
    return True


def no() -> bool:
    return False


JOBLIBS, SMALL_ONNX, LARGE_ONNX = artifact(JOBLIB), artifact(ONNX, MAX_ONNX_BYTES), artifact(ONNX, MAX_ONNX_BYTES + 1)


@pytest.mark.parametrize(
    ("artifacts", "chosen"),
    [
        ([JOBLIBS], JOBLIB),
        ([JOBLIBS, SMALL_ONNX], ONNX),
        ([JOBLIBS, LARGE_ONNX], JOBLIB),
        ([LARGE_ONNX], ONNX),
        ([JOBLIBS, SMALL_ONNX, artifact(FLAT)], FLAT),
        ([JOBLIBS, LARGE_ONNX, artifact(FLAT, 10**9)], FLAT),
    ],
)
def test_records_are_answered_by_what_starts_first(artifacts: list[Artifact], chosen: str) -> None:
    assert choose_for_records(artifacts, "", yes).runtime == chosen
    assert choose_for_records(artifacts[::-1], "", yes).runtime == chosen


@pytest.mark.parametrize("asked", [JOBLIB, ONNX, FLAT])
def test_what_is_asked_for_is_taken(asked: str) -> None:
    assert choose_for_records([JOBLIBS, LARGE_ONNX, artifact(FLAT)], asked, yes).runtime == asked


def test_what_is_asked_for_and_not_there_is_named_with_what_is() -> None:
    with pytest.raises(BundleError, match=r"asks for onnx and the bundle has joblib, flat: unset it") as raised:
        choose_for_records([JOBLIBS, artifact(FLAT)], ONNX, yes)
    assert raised.value.code == "runtime_unsupported"


@pytest.mark.parametrize("asked", ["", JOBLIB])
def test_bundle_that_needs_scikit_learn_is_refused_without_it(asked: str) -> None:
    with pytest.raises(BundleError, match="build the image's target full") as raised:
        choose_for_records([JOBLIBS], asked, no)
    assert raised.value.code == "runtime_unsupported"


def test_large_onnx_is_taken_where_scikit_learn_is_not_installed() -> None:
    assert choose_for_records([JOBLIBS, LARGE_ONNX], "", no) == LARGE_ONNX


@pytest.mark.parametrize(
    ("records", "asked", "installed", "chosen"),
    [
        (artifact(ONNX, MIN_BULK_BYTES[ONNX]), "", yes, JOBLIB),
        (artifact(ONNX, MIN_BULK_BYTES[ONNX] - 1), "", yes, ONNX),
        (artifact(ONNX, MIN_BULK_BYTES[ONNX], 1e-16), "", yes, ONNX),
        (artifact(ONNX, MIN_BULK_BYTES[ONNX]), ONNX, yes, ONNX),
        (artifact(ONNX, MIN_BULK_BYTES[ONNX]), "", no, ONNX),
        (artifact(FLAT, MIN_BULK_BYTES[FLAT]), "", yes, JOBLIB),
        (artifact(FLAT, MIN_BULK_BYTES[FLAT] - 1), "", yes, FLAT),
        (artifact(FLAT, MIN_BULK_BYTES[FLAT], 1e-16), "", yes, FLAT),
        (JOBLIBS, "", yes, JOBLIB),
    ],
)
def test_tables_go_elsewhere_only_for_equal_bits(records: Artifact, asked: str, installed: object, chosen: str) -> None:
    assert choose_for_tables([JOBLIBS, records], records, asked, installed).runtime == chosen  # type: ignore[arg-type]


def test_bundle_without_joblib_scores_tables_with_what_it_has() -> None:
    onnx = artifact(ONNX, MIN_BULK_BYTES[ONNX])
    assert choose_for_tables([onnx], onnx, "", yes) == onnx
