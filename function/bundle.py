"""Loads a bundle, and checks everything that can be checked before and after.

The order is the point: the digests come first, over the very bytes that are then loaded, so that nothing is unpickled
before it is known. (A flipped bit in a joblib forest was measured to predict silently wrong in 11 % of 600 cases.)
"""

import sys
from hashlib import sha256
from math import isclose
from os import PathLike
from pathlib import Path

from function.errors import BundleError
from function.manifest import FILE_NAME, PACKAGE_AGAIN, Artifact, Manifest
from function.model import Model, NotPredictable

# The runtime recomputes what scikit-learn answered with the same libraries; another CPU may round the last bits
# differently (BLAS picks its kernels by CPU), nothing more.
RELATIVE_TOLERANCE = 1e-6
ABSOLUTE_TOLERANCE = 1e-9


def load(directory: str | PathLike[str]) -> Model:
    """The model of the bundle in `directory`.

    Raises BundleError with the code of the first check that fails: model_missing, manifest_invalid, format_unsupported,
    artifact_missing, digest_mismatch, runtime_unsupported, version_mismatch, artifact_unreadable, golden_mismatch.
    """
    from function.runtimes import joblib as joblib_runtime

    folder = Path(directory)
    manifest = read_manifest(folder)
    contents = {artifact.file: read_verified(folder, artifact) for artifact in manifest.artifacts}
    artifact = next((artifact for artifact in manifest.artifacts if artifact.runtime == "joblib"), None)
    if artifact is None:
        raise BundleError("runtime_unsupported", f"The bundle has no artifact for the joblib runtime: {PACKAGE_AGAIN}.")
    # An estimator depends on both, whether the manifest says so or not.
    wanted = {"python": "unknown", "scikit-learn": "unknown", **manifest.environment}
    check_environment(wanted, {"python": sys.version.split()[0], **joblib_runtime.versions()})
    runtime = joblib_runtime.load(contents[artifact.file], manifest, artifact)
    model = Model(manifest, runtime)
    check_examples(model)
    return model


def read_manifest(folder: Path) -> Manifest:
    """The manifest in `folder`, checked."""
    try:
        data = (folder / FILE_NAME).read_bytes()
    except OSError:
        # The path is left out: this sentence reaches the callers of a function that fails to start.
        raise BundleError(
            "model_missing",
            f"The bundle directory that MODEL_PATH names holds no readable {FILE_NAME}: make a bundle with "
            "python -m training.",
        ) from None
    return Manifest.parse(data)


def read_verified(folder: Path, artifact: Artifact) -> bytes:
    """The artifact's bytes, once their digest is known to be the manifest's."""
    try:
        data = (folder / artifact.file).read_bytes()
    except OSError:
        raise BundleError(
            "artifact_missing", f"The bundle's file {artifact.file} is missing or unreadable: {PACKAGE_AGAIN}."
        ) from None
    found = sha256(data).hexdigest()
    if found != artifact.sha256:
        raise BundleError(
            "digest_mismatch",
            f"The bundle's file {artifact.file} is not the one that was packaged (its SHA-256 starts with "
            f"{found[:12]}, the manifest says {artifact.sha256[:12]}): copy the bundle again, or {PACKAGE_AGAIN}.",
        )
    return data


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
            "version_mismatch",
            f"The bundle was made with {', '.join(differences)}: install what function/requirements.txt pins where the "
            f"bundle is made and where it runs, or {PACKAGE_AGAIN}.",
        )


def _comparable(library: str, version: str) -> str:
    return ".".join(version.split(".")[:2]) if library == "python" else version


def check_examples(model: Model) -> None:
    """Predicts the golden rows and holds the answers against scikit-learn's.

    Raises BundleError `golden_mismatch` with the number of the first row that differs.
    """
    examples = model.manifest.examples
    checked = model.manifest.contract.check([example.record for example in examples])
    for index, problems in checked.problems.items():
        raise _golden(
            f"example {index + 1} does not fit the features ({problems[0].pointer[1:]}: {problems[0].detail})"
        )
    try:
        outputs = model.runtime.predict(checked.columns)
    except NotPredictable:
        raise _golden("the model refuses an example") from None
    for index, example in enumerate(examples):
        same = _close(outputs.values[index], example.prediction)
        if example.probabilities is not None:
            found = [] if outputs.probabilities is None else outputs.probabilities[index]
            expected = list(example.probabilities.values())
            same = same and len(found) == len(expected) and all(map(_close, found, expected))
        if not same:
            raise _golden(f"the prediction for example {index + 1} of {len(examples)} is another one")


def _golden(what: str) -> BundleError:
    return BundleError(
        "golden_mismatch",
        f"The bundle does not reproduce the predictions it was packaged with: {what}; {PACKAGE_AGAIN}.",
    )


def _close(found: object, expected: object) -> bool:
    if isinstance(found, float) and isinstance(expected, (int, float)) and not isinstance(expected, bool):
        return isclose(found, expected, rel_tol=RELATIVE_TOLERANCE, abs_tol=ABSOLUTE_TOLERANCE)
    return type(found) is type(expected) and found == expected
