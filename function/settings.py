"""What the environment variables say, read in one place and passed on."""

from collections.abc import Mapping
from os.path import abspath, dirname, join
from typing import NamedTuple

from function.errors import SettingError
from function.model.manifest import RUNTIMES

# Outside of Lambda.
DEFAULT_MEMORY_MB = 1024
_SWITCH = {"": False, "0": False, "false": False, "1": True, "true": True}


class Settings(NamedTuple):
    """The settings of one execution environment; those of sources that it does not serve are empty.

    `MODEL_PATH`: the bundle's directory. `MODEL_RUNTIME`: joblib, onnx or flat (unset: bundle.runtime_choice's rule).
    `STRICT_INPUTS`: values unseen in training are errors, not warnings.
    `MODEL_URI`: s3://bucket/prefix/ of a bundle that stands in for the one at MODEL_PATH; `MODEL_SHA256`, its
    manifest's digest, is asked for with it, `MODEL_VERSION_ID`, that of its manifest, is not.
    `METRICS_NAMESPACE`: CloudWatch's, for metrics of each invocation; none are written where it is unset.
    `NEW_VERSIONS`, `RELEASED_FUNCTIONS`, `KEEP_VERSIONS`: of function.release alone.
    `RESULTS_QUEUE_URL`: where the results of messages go. `FILES_QUEUE_URL`: where files that come in company go, to be
    worked on alone; its mapping sends one message at a time. `INPUT_BUCKET`, `RESULTS_BUCKET`: files are read from the
    one (the only one that is) and their predictions written to the other, under `RESULTS_PREFIX`.
    `AWS_LAMBDA_FUNCTION_MEMORY_SIZE`: the function's, in MB, as Lambda says it; what a file may take follows from it.
    """

    model_path: str
    strict_inputs: bool = False
    results_queue_url: str = ""
    files_queue_url: str = ""
    input_bucket: str = ""
    results_bucket: str = ""
    results_prefix: str = "predictions/"
    model_runtime: str = ""
    model_uri: str = ""
    model_version_id: str = ""
    model_sha256: str = ""
    metrics_namespace: str = ""
    new_versions: tuple[str, ...] = ()
    released_functions: tuple[str, ...] = ()
    keep_versions: int = 10
    memory_mb: int = DEFAULT_MEMORY_MB

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Settings":
        """The settings in `environ`. Raises SettingError, naming the variable."""
        beside_the_package = join(dirname(dirname(abspath(__file__))), "model")
        return cls(
            model_path=environ.get("MODEL_PATH") or beside_the_package,
            strict_inputs=_read_switch(environ, "STRICT_INPUTS"),
            results_queue_url=environ.get("RESULTS_QUEUE_URL", ""),
            files_queue_url=environ.get("FILES_QUEUE_URL", ""),
            input_bucket=environ.get("INPUT_BUCKET", ""),
            results_bucket=environ.get("RESULTS_BUCKET", ""),
            results_prefix=environ.get("RESULTS_PREFIX") or "predictions/",
            model_runtime=_read_runtime(environ),
            model_uri=_read_model_uri(environ),
            model_version_id=environ.get("MODEL_VERSION_ID", ""),
            model_sha256=environ.get("MODEL_SHA256", ""),
            metrics_namespace=environ.get("METRICS_NAMESPACE", ""),
            new_versions=_read_list(environ, "NEW_VERSIONS"),
            released_functions=_read_list(environ, "RELEASED_FUNCTIONS"),
            keep_versions=_read_count(environ, "KEEP_VERSIONS", 10),
            memory_mb=_read_count(environ, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", DEFAULT_MEMORY_MB),
        )

    @property
    def memory(self) -> int:
        """The function's memory, in bytes."""
        return self.memory_mb * 1024 * 1024

    def require(self, name: str) -> str:
        """The setting of that field. Raises SettingError, naming the variable, where it is empty."""
        value: str = getattr(self, name)
        if not value:
            raise SettingError(f"The environment variable {name.upper()} is not set, and this event needs it.")
        return value


def _read_switch(environ: Mapping[str, str], name: str) -> bool:
    value = environ.get(name, "").lower()
    if value not in _SWITCH:
        raise SettingError(f"The environment variable {name} must be 1 or 0.")
    return _SWITCH[value]


def _read_runtime(environ: Mapping[str, str]) -> str:
    value = environ.get("MODEL_RUNTIME", "").lower()
    if value not in ("", *RUNTIMES):
        raise SettingError(f"The environment variable MODEL_RUNTIME must be one of {', '.join(RUNTIMES)}, or unset.")
    return value


def _read_model_uri(environ: Mapping[str, str]) -> str:
    uri = environ.get("MODEL_URI", "")
    bucket, slash, prefix = uri.removeprefix("s3://").partition("/")
    if uri and not (uri.startswith("s3://") and bucket and slash and (not prefix or prefix.endswith("/"))):
        raise SettingError("The environment variable MODEL_URI must be s3://bucket/prefix/, with a slash at its end.")
    digest = environ.get("MODEL_SHA256", "")
    if uri and (len(digest) != 64 or not set(digest) <= set("0123456789abcdef")):
        raise SettingError(
            "MODEL_URI is set and MODEL_SHA256 is no SHA-256: give that of the bundle's manifest.json (sha256sum "
            "model/manifest.json). A bundle from a bucket is code; without its digest it is not loaded."
        )
    return uri


def _read_list(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(filter(None, environ.get(name, "").split(",")))


def _read_count(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise SettingError(f"The environment variable {name} must be a whole number from 1 on.")
    return int(text)
