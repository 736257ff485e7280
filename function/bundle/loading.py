"""Loads a bundle, and checks everything that can be checked before and after.

The order is the point: the digests come first, over the very bytes that are then loaded, so that nothing is unpickled
before it is known. (A flipped bit in a joblib forest was measured to predict silently wrong in 11 % of 600 cases.) What
the image's build verified is not read through again at each start, unless it is unpickled: see function.bundle.folder.
"""

from collections.abc import Sequence
from importlib import import_module
from math import isclose
from os import PathLike, fspath
from typing import Any, Protocol

from function.bundle import runtime_choice
from function.bundle.folder import Folder, mapped
from function.errors import ARTIFACT_UNREADABLE, GOLDEN_MISMATCH, VERSION_MISMATCH, BundleError, DeployerError
from function.model.manifest import FLAT, JOBLIB, ONNX, PACKAGE_AGAIN, RUNTIMES, Artifact, Example, Manifest
from function.model.runtime import Model, NotPredictable, Runtime

# The runtime recomputes what scikit-learn answered with the same libraries; another CPU may round the last bits
# differently (BLAS picks its kernels by CPU), nothing more.
RELATIVE_TOLERANCE = 1e-6
ABSOLUTE_TOLERANCE = 1e-9


class Place(Protocol):
    """Where a bundle is: a directory (function.bundle.folder) or a bucket (function.bundle.bucket)."""

    def manifest(self) -> Manifest:
        """The manifest, known by its digest. Raises BundleError."""
        ...

    def checked(self, artifacts: Sequence[Artifact]) -> dict[Artifact, bytes]:
        """Those of the artifacts that are checked whether they are loaded or not. Raises BundleError."""
        ...

    def content(self, artifact: Artifact) -> bytes:
        """The artifact's bytes, known to be the manifest's. Raises BundleError."""
        ...

    def verified(self, artifact: Artifact) -> str | None:
        """The path of an artifact that the image's build verified, else None."""
        ...


def load(place: str | PathLike[str] | Place, asked: str = "") -> Model:
    """The model of the bundle at `place`, answered by the runtime that is `asked` for or that the rule chooses.

    Raises BundleError with the code of the first check that fails: model_missing, manifest_invalid, format_unsupported,
    artifact_missing, digest_mismatch, runtime_unsupported, version_mismatch, artifact_unreadable, golden_mismatch.
    """
    place = _place(place)
    manifest = place.manifest()
    contents = place.checked(manifest.artifacts)
    artifact = runtime_choice.for_records(manifest.artifacts, asked, _can_unpickle)
    # The very bytes that were hashed.
    runtime = load_runtime(place, manifest, artifact, contents.get(artifact))
    for_tables = runtime_choice.for_tables(manifest.artifacts, artifact, asked, _can_unpickle)
    return Model(manifest, runtime, None if for_tables is artifact else _TableLoader(place, manifest, for_tables))


def verify(directory: str | PathLike[str], record: str | None = None) -> tuple[Manifest, list[str]]:
    """Checks every artifact of the bundle that this installation can run, and the digests of all.

    Returns the manifest and the runtimes that were checked; writes the digests to the file `record`, where it is given.
    Raises BundleError as `load` does.
    """
    from function.runtimes.flat import FlatRuntime

    folder = Folder(fspath(directory))
    manifest = folder.manifest()
    contents = {artifact: folder.content(artifact) for artifact in manifest.artifacts}
    runtime_choice.for_records(manifest.artifacts, "", _can_unpickle)
    known = [artifact for artifact in manifest.artifacts if artifact.runtime in RUNTIMES]
    runnable = [artifact for artifact in known if artifact.runtime != JOBLIB or _can_unpickle()]
    for artifact in runnable:
        runtime = load_runtime(folder, manifest, artifact, contents[artifact])
        if isinstance(runtime, FlatRuntime):
            runtime.check()
    if record is not None:
        folder.record(manifest.artifacts, record)
    return manifest, [artifact.runtime for artifact in runnable]


class _TableLoader:
    """Load the runtime for tables at the first call, and keep it."""

    def __init__(self, place: Place, manifest: Manifest, artifact: Artifact) -> None:
        self._place = (place, manifest, artifact)
        self._runtime: Runtime | None = None

    def __call__(self) -> Runtime:
        if self._runtime is None:
            self._runtime = load_runtime(*self._place)
        return self._runtime


def _can_unpickle() -> bool:
    from importlib.util import find_spec

    return find_spec("sklearn") is not None


def _place(place: str | PathLike[str] | Place) -> Place:
    return Folder(fspath(place)) if isinstance(place, (str, PathLike)) else place


def load_runtime(place: Place, manifest: Manifest, artifact: Artifact, content: bytes | None = None) -> Runtime:
    """The runtime of one artifact, once it reproduces the golden rows.

    `content` are its bytes, where they were hashed just now. Raises BundleError.
    """
    data: Any = content
    if data is None and artifact.runtime != JOBLIB and (path := place.verified(artifact)):
        data = path if artifact.runtime == ONNX else mapped(path)
    elif data is None:
        data = place.content(artifact)
    module = import_module(f"function.runtimes.{artifact.runtime}")
    if artifact.runtime != FLAT:
        wanted = _wanted(manifest, artifact)
        check_environment(wanted, module.versions(wanted))
    runtime: Runtime = module.load(data, manifest, artifact)
    try:
        check_examples(manifest, runtime, max(RELATIVE_TOLERANCE, 2 * artifact.largest_error))
    except DeployerError:
        raise
    except Exception as error:  # noqa: BLE001
        # A library loads what is damaged, too, and then answers in another form, or raises anything.
        raise BundleError(
            ARTIFACT_UNREADABLE,
            f"What the bundle's file {artifact.file} holds cannot predict ({type(error).__name__}): {PACKAGE_AGAIN}.",
        ) from None
    return runtime


def _wanted(manifest: Manifest, artifact: Artifact) -> dict[str, str]:
    """The versions that the artifact's runtime must find."""
    recorded = manifest.environment
    if artifact.runtime == ONNX:
        return {"onnxruntime": recorded.get("onnxruntime", "unknown")}
    # An estimator depends on both, whether the manifest says so or not.
    pickled = {library: version for library, version in recorded.items() if library != "onnxruntime"}
    return {"python": "unknown", "scikit-learn": "unknown", **pickled}


def check_environment(wanted: dict[str, str], found: dict[str, str]) -> None:
    """Holds the versions that the bundle was made with against those found; of Python only the minor release counts.

    Raises BundleError `version_mismatch`, naming each difference with both versions.
    """
    differences = [
        f"{library} {version} (here: {found.get(library, 'none')})"
        for library, version in wanted.items()
        if _comparable(library, version) != _comparable(library, found.get(library, ""))
    ]
    if differences:
        raise BundleError(
            VERSION_MISMATCH,
            f"The bundle was made with {', '.join(differences)}: install what function/requirements.txt pins where the "
            f"bundle is made and where it runs, or {PACKAGE_AGAIN}.",
        )


def _comparable(library: str, version: str) -> str:
    return ".".join(version.split(".")[:2]) if library == "python" else version


def check_examples(manifest: Manifest, runtime: Runtime, tolerance: float = RELATIVE_TOLERANCE) -> None:
    """Predicts the golden rows and holds the answers against scikit-learn's.

    Raises BundleError `golden_mismatch` with the number of the first row that differs.
    """
    examples = manifest.examples
    checked = manifest.contract.check([example.record for example in examples])
    for index, problems in checked.problems.items():
        raise _golden(
            f"example {index + 1} does not fit the features ({problems[0].pointer[1:]}: {problems[0].detail})"
        )
    try:
        outputs = runtime.predict(checked.columns)
    except NotPredictable:
        raise _golden("the model refuses an example") from None
    for index, example in enumerate(examples):
        row = None if outputs.probabilities is None else outputs.probabilities[index]
        if not matches_example(example, outputs.values[index], row, tolerance):
            raise _golden(f"the prediction for example {index + 1} of {len(examples)} is another one")


def matches_example(
    example: Example, value: object, probabilities: Sequence[float] | None, tolerance: float = RELATIVE_TOLERANCE
) -> bool:
    """Whether an answer to a golden row is the one that scikit-learn gave."""
    same = _close(value, example.prediction, tolerance)
    if example.probabilities is None:
        return same
    found, expected = probabilities or [], list(example.probabilities.values())
    return (
        same
        and len(found) == len(expected)
        and all(_close(f, e, tolerance) for f, e in zip(found, expected, strict=True))
    )


def _golden(what: str) -> BundleError:
    return BundleError(
        GOLDEN_MISMATCH,
        f"The bundle does not reproduce the predictions it was packaged with: {what}; {PACKAGE_AGAIN}.",
    )


def _close(found: object, expected: object, tolerance: float) -> bool:
    if isinstance(found, float) and isinstance(expected, (int, float)) and not isinstance(expected, bool):
        return isclose(found, expected, rel_tol=tolerance, abs_tol=ABSOLUTE_TOLERANCE)
    return type(found) is type(expected) and found == expected
