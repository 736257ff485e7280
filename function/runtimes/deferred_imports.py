"""Defer imports of scikit-learn that most predictions never use; a deferred module is loaded when it is needed.

There are two ways, depending on how scikit-learn uses a module:

- pandas: scikit-learn imports it to find out whether it is installed, and looks it up in sys.modules at each
  prediction. It is hidden while scikit-learn's own modules are imported; later imports find it.
- Parts of scipy: scikit-learn imports them for a few functions. They are put into sys.modules unexecuted, and executed
  when an attribute is looked up. For the names in NAMES, which scikit-learn imports at once, the lookup returns a
  stand-in, which executes the module when it is used. test_deferred_imports.py runs every estimator that way.
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


# The attributes that the import system looks up and sets while it creates a module.
_IMPORT_SYSTEM = ("__path__", "__file__", "__cached__", "__loader__", "__package__", "__spec__")


class _Lock:
    """The lock held while deferred modules are executed; `depth` counts the nested executions."""

    lock = RLock()
    depth = 0


class DeferredModule(ModuleType):
    """A module that is not executed yet; once executed it is a plain ModuleType."""

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
    """A stand-in for a function or class of a deferred module, to which it passes every use."""

    def __init__(self, module: ModuleType, name: str) -> None:
        self._place = (module, name)

    def _resolve(self) -> Any:
        module, name = self._place
        if isinstance(module, DeferredModule):
            run(module)
        return getattr(module, name)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Call the function or class."""
        return self._resolve()(*arguments, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._resolve(), name)

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, self._resolve())

    def __reduce__(self) -> Any:
        return getattr, self._place


class _Loader:
    """A loader that creates a module without executing it."""

    def __init__(self, loader: Any) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Create the module, unexecuted."""
        return DeferredModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: `run` executes the module later."""


class _Finder:
    """A finder that defers the modules in NAMES and, while `hides` is true, hides those in HIDDEN."""

    def __init__(self) -> None:
        self.hides = False

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        """Return the spec of a module to defer; None for any other, and for one that is not installed."""
        if self.hides and name in HIDDEN:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        if name not in NAMES or _Lock.depth:
            # A submodule of a deferred module needs it executed.
            parent = sys.modules.get(name.rpartition(".")[0])
            if isinstance(parent, DeferredModule):
                run(parent)
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is not None:
            spec.loader = _Loader(spec.loader)  # type: ignore[assignment]
        return spec


def import_scikit_learn() -> None:
    """Import what every estimator of scikit-learn needs; from now on, defer the modules in NAMES.

    Modules that are loaded already stay loaded.
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
    """Execute a deferred module once; other threads that need it wait."""
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
