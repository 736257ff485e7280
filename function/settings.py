"""What the environment variables say, read in one place and passed on."""

from collections.abc import Mapping
from os.path import abspath, dirname, join
from typing import NamedTuple

from function.errors import SettingError

_SWITCH = {"": False, "0": False, "false": False, "1": True, "true": True}


class Settings(NamedTuple):
    """`MODEL_PATH`: the bundle's directory. `STRICT_INPUTS`: values unseen in training are errors, not warnings."""

    model_path: str
    strict_inputs: bool = False

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Settings":
        """The settings in `environ`. Raises SettingError, naming the variable."""
        beside_the_package = join(dirname(dirname(abspath(__file__))), "model")
        return cls(environ.get("MODEL_PATH") or beside_the_package, _switch(environ, "STRICT_INPUTS"))


def _switch(environ: Mapping[str, str], name: str) -> bool:
    value = environ.get(name, "").lower()
    if value not in _SWITCH:
        raise SettingError(f"The environment variable {name} must be 1 or 0.")
    return _SWITCH[value]
