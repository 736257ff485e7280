"""The rule by which a runtime is chosen: one for records, one for tables of many rows. What it rests on was measured.

docs/decisions/0005 has the figures. The rule knows the bundle alone, so that equal bundles are answered in the same way
everywhere, but for one thing: an image without scikit-learn has no joblib runtime to choose.
"""

from collections.abc import Callable, Sequence

from function.errors import RUNTIME_UNSUPPORTED, BundleError
from function.model.manifest import FLAT, JOBLIB, ONNX, PACKAGE_AGAIN, RUNTIMES, Artifact

# An ONNX file up to this size is ready before scikit-learn is even imported; of larger ones joblib's is ready first.
MAX_ONNX_BYTES = 20 * 1024 * 1024
# From such sizes of a forest on, scikit-learn walks a table tree by tree faster than ONNX does (three times), or numpy
# on flat arrays (up to twice, and it holds no lock that other threads wait for), and is worth its import.
MIN_BULK_BYTES = {ONNX: 2 * 1024 * 1024, FLAT: 4 * 1024 * 1024}


def for_records(artifacts: Sequence[Artifact], asked: str, can_unpickle: Callable[[], bool]) -> Artifact:
    """The artifact that answers records: the one asked for, else that of the quickest start.

    `can_unpickle()` says whether scikit-learn is installed. Raises BundleError `runtime_unsupported`.
    """
    known = {artifact.runtime: artifact for artifact in artifacts if artifact.runtime in RUNTIMES}
    if asked and asked not in known:
        there = ", ".join(known) or "none that this code knows"
        raise BundleError(
            RUNTIME_UNSUPPORTED,
            f"MODEL_RUNTIME asks for {asked} and the bundle has {there}: unset it, or {PACKAGE_AGAIN}.",
        )
    chosen = known.get(asked) or known.get(FLAT) or _onnx_or_joblib(known, can_unpickle)
    if chosen is None or (chosen.runtime == JOBLIB and not can_unpickle()):
        raise BundleError(
            RUNTIME_UNSUPPORTED,
            "The bundle has nothing that this image can run: "
            + ("build the image's target full, which has scikit-learn." if known else f"{PACKAGE_AGAIN}."),
        )
    return chosen


def _onnx_or_joblib(known: dict[str, Artifact], can_unpickle: Callable[[], bool]) -> Artifact | None:
    onnx, joblib = known.get(ONNX), known.get(JOBLIB)
    if onnx is None or joblib is None or onnx.size <= MAX_ONNX_BYTES or not can_unpickle():
        return onnx or joblib
    return joblib


def for_tables(
    artifacts: Sequence[Artifact], records: Artifact, asked: str, can_unpickle: Callable[[], bool]
) -> Artifact:
    """The artifact that scores tables: that of `records`, unless scikit-learn is faster and gives equal bits."""
    joblib = next((artifact for artifact in artifacts if artifact.runtime == JOBLIB), None)
    same = records.largest_error == 0
    large = records.size >= MIN_BULK_BYTES.get(records.runtime, 0)
    return joblib if joblib and not asked and same and large and can_unpickle() else records
