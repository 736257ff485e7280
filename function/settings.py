"""What the environment variables say, read in one place and passed on."""

from collections.abc import Mapping
from os.path import abspath, dirname, join
from typing import NamedTuple

from function.errors import SettingError
from function.selection import RUNTIMES

_SWITCH = {"": False, "0": False, "false": False, "1": True, "true": True}


class Settings(NamedTuple):
    """The settings of one execution environment; those of sources that it does not serve are empty.

    `MODEL_PATH`: the bundle's directory. `MODEL_RUNTIME`: joblib, onnx or flat (unset: function.selection's rule).
    `STRICT_INPUTS`: values unseen in training are errors, not warnings.
    `RESULTS_QUEUE_URL`: where the results of messages go. `INPUT_BUCKET`, `RESULTS_BUCKET`: files are read from the one
    (the only one that is) and their predictions written to the other, under `RESULTS_PREFIX`.
    """

    model_path: str
    strict_inputs: bool = False
    results_queue_url: str = ""
    input_bucket: str = ""
    results_bucket: str = ""
    results_prefix: str = "predictions/"
    model_runtime: str = ""

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Settings":
        """The settings in `environ`. Raises SettingError, naming the variable."""
        beside_the_package = join(dirname(dirname(abspath(__file__))), "model")
        return cls(
            model_path=environ.get("MODEL_PATH") or beside_the_package,
            strict_inputs=_switch(environ, "STRICT_INPUTS"),
            results_queue_url=environ.get("RESULTS_QUEUE_URL", ""),
            input_bucket=environ.get("INPUT_BUCKET", ""),
            results_bucket=environ.get("RESULTS_BUCKET", ""),
            results_prefix=environ.get("RESULTS_PREFIX") or "predictions/",
            model_runtime=_runtime(environ),
        )

    def require(self, name: str) -> str:
        """The setting of that field. Raises SettingError, naming the variable, where it is empty."""
        value: str = getattr(self, name)
        if not value:
            raise SettingError(f"The environment variable {name.upper()} is not set, and this event needs it.")
        return value


def _switch(environ: Mapping[str, str], name: str) -> bool:
    value = environ.get(name, "").lower()
    if value not in _SWITCH:
        raise SettingError(f"The environment variable {name} must be 1 or 0.")
    return _SWITCH[value]


def _runtime(environ: Mapping[str, str]) -> str:
    value = environ.get("MODEL_RUNTIME", "").lower()
    if value not in ("", *RUNTIMES):
        raise SettingError(f"The environment variable MODEL_RUNTIME must be one of {', '.join(RUNTIMES)}, or unset.")
    return value
