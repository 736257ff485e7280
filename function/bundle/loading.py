"""Load a bundle and check all of it that can be checked, before and after loading.

The order matters: digests are checked first, over the same bytes that are then loaded, so that nothing is unpickled
before its digest is known. (Measured: of 600 bit flips in a joblib forest, 11 % led to wrong predictions.) What the
image's build verified is not hashed again at each start, unless it is unpickled: see function.bundle.folder.
"""

from collections.abc import Iterable
from math import isclose
from os import PathLike, fspath
from typing import Protocol

from function.bundle.environment import check_environment, list_wanted_versions
from function.bundle.folder import Folder
from function.bundle.runtime_choice import choose_for_records, choose_for_tables
from function.errors import ARTIFACT_UNREADABLE, GOLDEN_MISMATCH, BundleError, DeployerError
from function.model.manifest import FLAT, JOBLIB, PACKAGE_AGAIN, RUNTIMES, Artifact, Example, Manifest
from function.model.runtime import Content, Model, NotPredictable, Runtime, wrap_bytes
from function.model.target import Output

# The runtime recomputes what scikit-learn answered with the same libraries. Another CPU may round the last bits
# differently (BLAS chooses its kernels by CPU); larger differences are errors.
RELATIVE_TOLERANCE = 1e-6
ABSOLUTE_TOLERANCE = 1e-9


class RuntimeModule(Protocol):
    """A module of function.runtimes that loads artifacts."""

    def list_versions(self, wanted: Iterable[str]) -> dict[str, str]:
        """List the installed versions of what the runtime depends on, of Python and these libraries."""
        ...

    def load(self, content: Content, manifest: Manifest, artifact: Artifact) -> Runtime:
        """Load an artifact. Raises BundleError."""
        ...


class BundleStore(Protocol):
    """What holds a bundle: a directory (function.bundle.folder) or a bucket (function.bundle.bucket)."""

    def read_manifest(self) -> Manifest:
        """Read the manifest and check its digest. Raises BundleError."""
        ...

    def open_artifact(self, artifact: Artifact) -> Content:
        """Open an artifact of the manifest, which was read before. Raises BundleError.

        A folder reads and hashes a file as it is opened, unless the image's build verified it; a bucket fetches nothing
        before the content is read.
        """
        ...


def load(bundle: str | PathLike[str] | BundleStore, asked: str = "") -> Model:
    """Load the model of the bundle: a directory's path or a store.

    `asked` names a runtime; where it is empty, function.bundle.runtime_choice chooses. Raises BundleError with the code
    of the first check that fails: model_missing, format_unsupported, manifest_invalid, artifact_missing,
    digest_mismatch, runtime_unsupported, version_mismatch, artifact_unreadable, golden_mismatch; of a bucket also
    model_unreachable.
    """
    store = Folder(fspath(bundle)) if isinstance(bundle, (str, PathLike)) else bundle
    manifest = store.read_manifest()
    contents = {artifact: store.open_artifact(artifact) for artifact in manifest.artifacts}
    artifact = choose_for_records(manifest.artifacts, asked, _can_unpickle)
    runtime = load_runtime(manifest, artifact, contents[artifact])
    bulk = choose_for_tables(manifest.artifacts, artifact, asked, _can_unpickle)
    return Model(manifest, runtime, None if bulk is artifact else _BulkLoader(store, manifest, bulk))


def verify(directory: str | PathLike[str], record: str | None = None) -> tuple[Manifest, list[str]]:
    """Check the digests of all artifacts, and load each one that this installation can run.

    Returns the manifest and the runtimes that were checked; writes the digests to the file `record` if it is given.
    Raises BundleError as `load` does.
    """
    from function.runtimes.flat.runtime import FlatRuntime

    folder = Folder(fspath(directory))
    manifest = folder.read_manifest()
    contents = {artifact: wrap_bytes(folder.read_artifact(artifact)) for artifact in manifest.artifacts}
    choose_for_records(manifest.artifacts, "", _can_unpickle)
    known = [artifact for artifact in manifest.artifacts if artifact.runtime in RUNTIMES]
    runnable = [artifact for artifact in known if artifact.runtime != JOBLIB or _can_unpickle()]
    for artifact in runnable:
        runtime = load_runtime(manifest, artifact, contents[artifact])
        if isinstance(runtime, FlatRuntime):
            runtime.check()
    if record is not None:
        folder.write_record(manifest.artifacts, record)
    return manifest, [artifact.runtime for artifact in runnable]


class _BulkLoader:
    """Load the runtime for tables at the first call, and keep it."""

    def __init__(self, store: BundleStore, manifest: Manifest, artifact: Artifact) -> None:
        self._store = store
        self._manifest = manifest
        self._artifact = artifact
        self._runtime: Runtime | None = None

    def __call__(self) -> Runtime:
        if self._runtime is None:
            content = self._store.open_artifact(self._artifact)
            self._runtime = load_runtime(self._manifest, self._artifact, content)
        return self._runtime


def _can_unpickle() -> bool:
    from importlib.util import find_spec

    return find_spec("sklearn") is not None


def load_runtime(manifest: Manifest, artifact: Artifact, content: Content) -> Runtime:
    """Load the runtime of one artifact and check it against the golden rows. Raises BundleError."""
    if artifact.runtime == JOBLIB or content.path is None:
        # Hashed before its libraries are imported; what is unpickled is hashed even if the build verified it.
        content = wrap_bytes(content.read())
    module = _import_runtime(artifact.runtime)
    wanted = list_wanted_versions(manifest, artifact)
    check_environment(wanted, module.list_versions(wanted))
    runtime = module.load(content, manifest, artifact)
    # A flat program computes the same everywhere. Where the build has seen it answer all golden rows, one is enough.
    count = 1 if artifact.runtime == FLAT and content.path is not None else len(manifest.examples)
    try:
        check_examples(manifest, runtime, max(RELATIVE_TOLERANCE, 2 * artifact.largest_error), count)
    except DeployerError:
        raise
    except Exception as error:  # noqa: BLE001
        # A library may load a damaged artifact, and then answer in another form or raise any exception.
        raise BundleError(
            ARTIFACT_UNREADABLE,
            f"What the bundle's file {artifact.file} holds cannot predict ({type(error).__name__}): {PACKAGE_AGAIN}.",
        ) from None
    return runtime


def _import_runtime(name: str) -> RuntimeModule:
    """Import the module of that runtime. Raises ValueError for a name that is not in RUNTIMES."""
    match name:
        case "flat":
            from function.runtimes.flat import runtime

            return runtime
        case "joblib":
            from function.runtimes import joblib

            return joblib
        case _:
            raise ValueError(f"no runtime is called {name!r}")


def check_examples(
    manifest: Manifest, runtime: Runtime, tolerance: float = RELATIVE_TOLERANCE, count: int | None = None
) -> None:
    """Predict the golden rows, or the first `count` of them, and compare the answers with the estimator's.

    Raises BundleError `golden_mismatch` with the number of the first row that differs.
    """
    examples = manifest.examples[:count]
    checked = manifest.contract.check([example.record for example in examples])
    for index, problems in checked.problems.items():
        raise _create_golden_error(
            f"example {index + 1} does not fit the features ({problems[0].pointer[1:]}: {problems[0].detail})"
        )
    try:
        outputs = runtime.predict(checked.columns)
    except NotPredictable:
        raise _create_golden_error("the model refuses an example") from None
    for index, example in enumerate(examples):
        if not matches_example(example, outputs[index], tolerance):
            raise _create_golden_error(f"the prediction for example {index + 1} of {len(examples)} is another one")


def matches_example(example: Example, output: Output, tolerance: float = RELATIVE_TOLERANCE) -> bool:
    """Tell whether the output for a golden row is the one that the estimator gave."""
    return len(output) == len(example.output) and all(
        _is_close(found, expected, tolerance) for found, expected in zip(output, example.output, strict=True)
    )


def _create_golden_error(what: str) -> BundleError:
    return BundleError(
        GOLDEN_MISMATCH,
        f"The bundle does not reproduce the predictions it was packaged with: {what}; {PACKAGE_AGAIN}.",
    )


def _is_close(found: object, expected: object, tolerance: float) -> bool:
    if isinstance(found, float) and isinstance(expected, (int, float)) and not isinstance(expected, bool):
        return isclose(found, expected, rel_tol=tolerance, abs_tol=ABSOLUTE_TOLERANCE)
    return type(found) is type(expected) and found == expected
