"""Puts off what scikit-learn imports and most predictions never use; whatever needs a part of it loads it then.

Two ways, by how scikit-learn uses a module:

- pandas is imported to be asked whether it is there, and asked again, in sys.modules, at every prediction: it is hidden
  while scikit-learn's own modules are imported, and there for whoever imports it after that.
- Parts of scipy are imported for a few functions. They stand in sys.modules at once, unexecuted, and run when something
  is looked up in them; the names in NAMES, which scikit-learn takes at import, are handed out as stand-ins that run the
  module when they are called or looked into. A test (test_deferred_imports.py) runs every estimator that way.
"""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from threading import RLock, get_ident
from types import ModuleType
from typing import Any

HIDDEN = ("pandas",)
NAMES: dict[str, tuple[str, ...]] = {
    "scipy.integrate": ("trapezoid",),
    "scipy.interpolate": ("BSpline",),
    "scipy.ndimage": (),
    "scipy.optimize": ("linear_sum_assignment", "linprog", "minimize", "minimize_scalar"),
    "scipy.optimize._linesearch": ("line_search_wolfe2", "scalar_search_wolfe1"),
    "scipy.stats": ("chi2", "gmean", "rankdata", "spearmanr"),
}


# What the import system itself looks up, and sets, while it makes the module.
_IMPORT_SYSTEM = ("__path__", "__file__", "__cached__", "__loader__", "__package__", "__spec__")


class _Lock:
    """Held while deferred modules run; `depth` is how many are running, one in another."""

    lock = RLock()
    depth = 0


class DeferredModule(ModuleType):
    """A module that is not executed yet; a ModuleType like any other once it is."""

    def __getattr__(self, name: str) -> Any:
        if name in _IMPORT_SYSTEM:
            raise AttributeError(name)
        if name in NAMES[self.__name__] and not _Lock.depth:
            return StandIn(self, name)
        if self.__dict__.get("__running__") == get_ident():
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r} yet")
        run(self)
        return getattr(self, name)


class StandIn:
    """A function or class of a deferred module: whatever is done with it is done with that one."""

    def __init__(self, module: ModuleType, name: str) -> None:
        self._place = (module, name)

    def _found(self) -> Any:
        module, name = self._place
        if isinstance(module, DeferredModule):
            run(module)
        return getattr(module, name)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """What the function or class answers."""
        return self._found()(*arguments, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._found(), name)

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, self._found())

    def __reduce__(self) -> Any:
        return getattr, self._place


class _Loader:
    """Makes the module and leaves it at that."""

    def __init__(self, loader: Any) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module, unexecuted."""
        return DeferredModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing, for now: `run` does it."""


class _Finder:
    """Finds what is in NAMES as the path finder does, and puts it off; hides what is in HIDDEN while it is to."""

    def __init__(self) -> None:
        self.hides = False

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        """The spec of a module to defer; None for any other, and for one that is not installed."""
        if self.hides and name in HIDDEN:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        if name not in NAMES or _Lock.depth:
            # A module inside of a deferred one rests on that.
            parent = sys.modules.get(name.rpartition(".")[0])
            if isinstance(parent, DeferredModule):
                run(parent)
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is not None:
            spec.loader = _Loader(spec.loader)  # type: ignore[assignment]
        return spec


def import_scikit_learn() -> None:
    """Imports what every estimator of scikit-learn rests on, and defers from now on what NAMES says.

    What is loaded already stays loaded.
    """
    finder = next((known for known in sys.meta_path if isinstance(known, _Finder)), None)
    if finder is None:
        finder = _Finder()
        sys.meta_path.insert(0, finder)
    finder.hides = True
    try:
        import sklearn.utils.fixes  # noqa: F401
    finally:
        finder.hides = False


def run(module: ModuleType) -> None:
    """Executes a deferred module, once, whoever asks first; others wait."""
    with _Lock.lock:
        if not isinstance(module, DeferredModule) or module.__dict__.get("__running__"):
            return
        parent = sys.modules.get(module.__name__.rpartition(".")[0])
        if isinstance(parent, DeferredModule):
            run(parent)
        if not isinstance(module, DeferredModule):
            return
        vars(module)["__running__"] = get_ident()
        spec: Any = module.__spec__
        spec.loader = spec.loader.loader
        _Lock.depth += 1
        try:
            spec.loader.exec_module(module)
            module.__class__ = ModuleType  # type: ignore[assignment]
        finally:
            _Lock.depth -= 1
            del vars(module)["__running__"]
