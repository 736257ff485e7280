"""Read the environment variables, in one place."""

from collections.abc import Mapping
from os.path import abspath, dirname, join
from typing import NamedTuple

from function.errors import SettingError
from function.model.manifest import RUNTIMES

# The memory outside of Lambda.
DEFAULT_MEMORY_MB = 1024
_SWITCH = {"": False, "0": False, "false": False, "1": True, "true": True}


class Settings(NamedTuple):
    """The settings of one execution environment. Settings of sources that it does not serve are empty.

    MODEL_PATH           the directory of the bundle
    MODEL_RUNTIME        flat or joblib; unset: the rule of function.bundle.runtime_choice
    STRICT_INPUTS        1: values unseen in training are errors, not warnings
    MODEL_URI            s3://bucket/prefix/ of a bundle that replaces the one at MODEL_PATH
    MODEL_SHA256         the digest of that bundle's manifest; required with MODEL_URI
    MODEL_VERSION_ID     the S3 version of that bundle's manifest; optional
    METRICS_NAMESPACE    the CloudWatch namespace of the metrics; unset: no metrics
    NEW_VERSIONS, RELEASED_FUNCTIONS, KEEP_VERSIONS  used by function.release only
    RESULTS_QUEUE_URL    the queue for the results of messages
    FILES_QUEUE_URL      the queue for files that come with other messages; it delivers one message at a time
    INPUT_BUCKET         the only bucket that files are read from
    RESULTS_BUCKET       the bucket that their predictions are written to, under RESULTS_PREFIX
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE  the function's memory in MB, set by Lambda; it limits the memory for a file
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
        """Read the settings from environment variables. Raises SettingError, which names the variable."""
        default_path = join(dirname(dirname(abspath(__file__))), "model")
        return cls(
            model_path=environ.get("MODEL_PATH") or default_path,
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
        """Return the setting of that name. Raises SettingError, which names the variable, if it is empty."""
        value: str = getattr(self, name)
        if not value:
            raise SettingError(f"The environment variable {name.upper()} is not set, but this event needs it: set it.")
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
        raise SettingError(
            "The environment variable MODEL_URI must have the form s3://bucket/prefix/, with a slash at the end."
        )
    digest = environ.get("MODEL_SHA256", "")
    if uri and (len(digest) != 64 or not set(digest) <= set("0123456789abcdef")):
        raise SettingError(
            "The environment variable MODEL_URI is set, but MODEL_SHA256 is no SHA-256 digest: set it to that of the "
            "bundle's manifest.json (sha256sum model/manifest.json). A bundle from a bucket is code, so it is loaded "
            "only with its digest."
        )
    return uri


def _read_list(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(filter(None, environ.get(name, "").split(",")))


def _read_count(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise SettingError(f"The environment variable {name} must be a whole number of at least 1.")
    return int(text)
