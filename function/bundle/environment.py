"""Check the versions of Python and libraries that an artifact was made with."""

from function.errors import VERSION_MISMATCH, BundleError
from function.model.manifest import FLAT, PACKAGE_AGAIN, Artifact, Manifest


def list_wanted_versions(manifest: Manifest, artifact: Artifact) -> dict[str, str]:
    """List the versions of Python and libraries that the artifact's runtime must find."""
    if artifact.runtime == FLAT:
        return {}
    # An estimator depends on both, whether the manifest says so or not.
    return {"python": "unknown", "scikit-learn": "unknown", **manifest.environment}


def check_environment(wanted: dict[str, str], found: dict[str, str]) -> None:
    """Compare the versions that the bundle was made with to those found; of Python only major and minor count.

    Raises BundleError `version_mismatch`, naming each difference with both versions.
    """
    differences = [
        f"{library} {version} (here: {found.get(library, 'none')})"
        for library, version in wanted.items()
        if _shorten_version(library, version) != _shorten_version(library, found.get(library, ""))
    ]
    if differences:
        raise BundleError(
            VERSION_MISMATCH,
            f"The bundle was made with {', '.join(differences)}: install what function/requirements.txt pins where the "
            f"bundle is made and where it runs, or {PACKAGE_AGAIN}.",
        )


def _shorten_version(library: str, version: str) -> str:
    return ".".join(version.split(".")[:2]) if library == "python" else version
