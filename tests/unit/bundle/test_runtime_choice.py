"""Which runtime answers what: a rule on the bundle's artifacts alone. Touches nothing."""

import pytest

from function.bundle.runtime_choice import MIN_BULK_BYTES, choose_for_records, choose_for_tables
from function.errors import BundleError
from function.model.manifest import FLAT, JOBLIB, Artifact


def artifact(runtime: str, size: int = 1_000, largest_error: float = 0.0) -> Artifact:
    return Artifact(f"model.{runtime}", "0" * 64, size, runtime, "array", largest_error)


def yes() -> bool:
    return True


def no() -> bool:
    return False


JOBLIBS = artifact(JOBLIB)


@pytest.mark.parametrize(
    ("artifacts", "chosen"),
    [
        ([JOBLIBS], JOBLIB),
        ([JOBLIBS, artifact(FLAT)], FLAT),
        ([JOBLIBS, artifact(FLAT, 10**9)], FLAT),
        ([artifact("onnx"), JOBLIBS], JOBLIB),
    ],
)
def test_records_are_answered_by_what_starts_first(artifacts: list[Artifact], chosen: str) -> None:
    assert choose_for_records(artifacts, "", yes).runtime == chosen
    assert choose_for_records(artifacts[::-1], "", yes).runtime == chosen


@pytest.mark.parametrize("asked", [JOBLIB, FLAT])
def test_what_is_asked_for_is_taken(asked: str) -> None:
    assert choose_for_records([JOBLIBS, artifact(FLAT)], asked, yes).runtime == asked


def test_what_is_asked_for_and_not_there_is_named_with_what_is() -> None:
    with pytest.raises(BundleError, match=r"asks for joblib and the bundle has flat: unset it") as raised:
        choose_for_records([artifact(FLAT)], JOBLIB, yes)
    assert raised.value.code == "runtime_unsupported"


@pytest.mark.parametrize("asked", ["", JOBLIB])
def test_bundle_that_needs_scikit_learn_is_refused_without_it(asked: str) -> None:
    with pytest.raises(BundleError, match="build the image's target full") as raised:
        choose_for_records([JOBLIBS], asked, no)
    assert raised.value.code == "runtime_unsupported"


def test_bundle_with_an_onnx_file_alone_must_be_packaged_again() -> None:
    with pytest.raises(BundleError, match=r"package the model again \(python -m training\)") as raised:
        choose_for_records([artifact("onnx")], "", yes)
    assert raised.value.code == "runtime_unsupported"


@pytest.mark.parametrize(
    ("records", "asked", "installed", "chosen"),
    [
        (artifact(FLAT, MIN_BULK_BYTES), "", yes, JOBLIB),
        (artifact(FLAT, MIN_BULK_BYTES - 1), "", yes, FLAT),
        (artifact(FLAT, MIN_BULK_BYTES, 1e-16), "", yes, FLAT),
        (artifact(FLAT, MIN_BULK_BYTES), FLAT, yes, FLAT),
        (artifact(FLAT, MIN_BULK_BYTES), "", no, FLAT),
        (JOBLIBS, "", yes, JOBLIB),
    ],
)
def test_tables_go_elsewhere_only_for_equal_bits(records: Artifact, asked: str, installed: object, chosen: str) -> None:
    assert choose_for_tables([JOBLIBS, records], records, asked, installed).runtime == chosen  # type: ignore[arg-type]


def test_bundle_without_joblib_scores_tables_with_what_it_has() -> None:
    flat = artifact(FLAT, MIN_BULK_BYTES)
    assert choose_for_tables([flat], flat, "", yes) == flat
