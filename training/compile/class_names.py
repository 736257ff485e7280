"""Name the classes of estimators, which are found by name: their library may be another release, or absent."""

from collections.abc import Mapping
from typing import Any

from training.compile.blocks import NotCompiled


def name_class(estimator: Any) -> str:
    """Return the public name of an estimator's class: sklearn.linear_model.Ridge, also of sklearn.linear_model._ridge.

    Classes are found by name, because the library may be another release, in which modules of that kind have moved.
    """
    parts = type(estimator).__module__.split(".")
    public = next((place for place, part in enumerate(parts) if part.startswith("_")), len(parts))
    return ".".join([*parts[:public], type(estimator).__name__])


def find_class(estimator: Any, names: Mapping[str, Any]) -> str:
    """Find the public name of an estimator's class among those that are compiled. Raises NotCompiled."""
    name = name_class(estimator)
    if name not in names:
        raise NotCompiled(f"{type(estimator).__name__} is not one of the classes that are compiled")
    return name
