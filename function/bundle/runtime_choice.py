"""Choose the runtime for records, and the one for tables of many rows. docs/decisions/0005 has the measurements.

The rule looks at the bundle alone, so that equal bundles are answered in the same way everywhere. The one exception is
an image without scikit-learn, which has no joblib runtime to choose.
"""

from collections.abc import Callable, Sequence

from function.errors import RUNTIME_UNSUPPORTED, BundleError
from function.model.manifest import FLAT, JOBLIB, PACKAGE_AGAIN, RUNTIMES, Artifact

# From this size of a forest on, scikit-learn is worth its import: on a table it is up to twice as fast as numpy on flat
# arrays, and holds no lock that other threads wait for.
MIN_BULK_BYTES = 4 * 1024 * 1024


def choose_for_records(artifacts: Sequence[Artifact], asked: str, can_unpickle: Callable[[], bool]) -> Artifact:
    """Choose the artifact that answers records: the one asked for, else the one with the quickest start.

    `can_unpickle()` tells whether scikit-learn is installed. Raises BundleError `runtime_unsupported`.
    """
    known = {artifact.runtime: artifact for artifact in artifacts if artifact.runtime in RUNTIMES}
    if asked and asked not in known:
        there = ", ".join(known) or "none that this code knows"
        raise BundleError(
            RUNTIME_UNSUPPORTED,
            f"MODEL_RUNTIME asks for {asked} and the bundle has {there}: unset it, or {PACKAGE_AGAIN}.",
        )
    chosen = known.get(asked) or known.get(FLAT) or known.get(JOBLIB)
    if chosen is None:
        raise BundleError(RUNTIME_UNSUPPORTED, f"The bundle has nothing that this code can run: {PACKAGE_AGAIN}.")
    if chosen.runtime == JOBLIB and not can_unpickle():
        raise BundleError(
            RUNTIME_UNSUPPORTED,
            f"The bundle's file {chosen.file} needs scikit-learn, which this image does not have: build the image's "
            "target full (make image TARGET=full, or ImageTarget=full for sam build).",
        )
    return chosen


def choose_for_tables(
    artifacts: Sequence[Artifact], records: Artifact, asked: str, can_unpickle: Callable[[], bool]
) -> Artifact:
    """Choose the artifact that scores tables: `records`, unless scikit-learn is faster and gives equal bits."""
    joblib = next((artifact for artifact in artifacts if artifact.runtime == JOBLIB), None)
    same = records.largest_error == 0
    large = records.size >= MIN_BULK_BYTES
    return joblib if joblib and not asked and same and large and can_unpickle() else records
