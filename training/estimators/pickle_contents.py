"""Read what a pickle or joblib file holds, and which release of scikit-learn wrote it, without running its code.

Every class and function that the file names is replaced by a stand-in, which keeps its arguments and its state. joblib
writes the bytes of an array after the object that represents it; they are skipped.
"""

import pickle
from collections.abc import Iterator
from typing import IO, Any, ClassVar, NamedTuple

from training.estimators.decompression import open_decompressed

_WRAPPER = ("joblib.numpy_pickle", "NumpyArrayWrapper")
_VERSION = "_sklearn_version"


class StandIn:
    """An object of the file: its class or function, the arguments, and the state."""

    def __init__(self, module: str, name: str, arguments: tuple[Any, ...] = ()) -> None:
        self.module, self.name, self.arguments = module, name, arguments
        self.state: Any = None
        self.items: list[Any] = []

    def append(self, item: Any) -> None:
        """Keep an item, for a subclass of list."""
        self.items.append(item)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.items.append((key, value))


class PickleContents(NamedTuple):
    """What the file holds, as far as it could be read; `is_complete` says whether it was read to the end.

    `names` are the modules with their classes and functions, `versions` the releases of scikit-learn, in file order.
    """

    root: Any
    names: list[tuple[str, str]]
    versions: list[str]
    is_complete: bool


def read_contents(file: IO[bytes]) -> PickleContents:
    """Read the pickle or joblib file, compressed or not. Raises nothing: a faulty file is incomplete."""
    reader = None
    try:
        reader = _Reader(open_decompressed(file))
        return PickleContents(reader.load(), reader.names, reader.versions, True)
    except Exception:  # noqa: BLE001
        # Bytes that are not a pickle may raise any exception.
        return PickleContents(None, reader.names if reader else [], reader.versions if reader else [], False)


# The unpickler in Python, as joblib's is, reads no byte ahead, so that an array can be skipped.
_InPython: Any = pickle._Unpickler


class _Reader(_InPython):  # type: ignore[misc]
    dispatch: ClassVar[dict[int, Any]] = dict(_InPython.dispatch)

    def __init__(self, file: IO[bytes], names: list[tuple[str, str]] | None = None) -> None:
        super().__init__(file, encoding="latin1")
        self.file = file
        self.names: list[tuple[str, str]] = [] if names is None else names
        self.versions: list[str] = []

    def find_class(self, module: str, name: str) -> "GlobalName":
        """Return the name instead of the class or function."""
        if not all(part.isidentifier() for part in (*module.split("."), *name.split("."))):
            raise pickle.UnpicklingError("not a name in Python")  # a text that begins like a pickle
        if (module, name) not in self.names:
            self.names.append((module, name))
        return GlobalName(module, name)

    def persistent_load(self, pid: Any) -> Any:
        """Return a stand-in for an object outside of the file."""
        return StandIn("", "persistent", (pid,))

    def get_extension(self, code: int) -> None:
        """Put a stand-in for an object whose class another program has registered."""
        self.append(StandIn("", "extension", (code,)))

    def load_reduce(self) -> None:
        arguments, call = self.stack.pop(), self.stack[-1]
        self.stack[-1] = _call(call, arguments)

    def load_newobj(self) -> None:
        self.load_reduce()

    def load_newobj_ex(self) -> None:
        self.stack.pop()
        self.load_reduce()

    def load_inst(self) -> None:
        module, name = (self.readline()[:-1].decode("latin1") for _ in range(2))
        self.append(_call(self.find_class(module, name), tuple(self.pop_mark())))

    def load_obj(self) -> None:
        call, *arguments = self.pop_mark()
        self.append(_call(call, tuple(arguments)))

    def load_build(self) -> None:
        state, made = self.stack.pop(), self.stack[-1]
        if isinstance(state, dict) and isinstance(release := state.get(_VERSION), str):
            self.versions.append(release)
        if not isinstance(made, StandIn):
            return
        made.state = state
        if (made.module, made.name) == _WRAPPER:
            self._skip_array(state)

    def _skip_array(self, state: dict[str, Any]) -> None:
        """Skip the array that joblib writes after its wrapper."""
        size = _get_item_size(state["dtype"])
        if size is None:
            nested = _Reader(self.file, self.names)
            nested.load()
            self.versions += nested.versions
            return
        if state.get("numpy_array_alignment_bytes") is not None:
            _skip(self.file, self.file.read(1)[0])
        count = 1
        for length in state["shape"]:
            count *= _read_length(length)
        _skip(self.file, count * size)

    for _code, _load in (
        (pickle.REDUCE, load_reduce),
        (pickle.NEWOBJ, load_newobj),
        (pickle.NEWOBJ_EX, load_newobj_ex),
        (pickle.INST, load_inst),
        (pickle.OBJ, load_obj),
        (pickle.BUILD, load_build),
    ):
        dispatch[_code[0]] = _load


class GlobalName:
    """A class or function that the file names."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


def _call(call: Any, arguments: Any) -> StandIn:
    module, name = (call.module, call.name) if isinstance(call, (GlobalName, StandIn)) else ("", "")
    given = arguments if isinstance(arguments, tuple) else ()
    if name in ("_reconstructor", "__newobj__", "_reconstruct") and given and isinstance(given[0], GlobalName):
        # In old protocols a function takes the object's class as its first argument.
        module, name, given = given[0].module, given[0].name, given[1:]
    return StandIn(module, name, given)


def _get_item_size(dtype: StandIn) -> int | None:
    """Return the bytes of one item; None for an array of objects, which joblib pickles."""
    code = str(dtype.arguments[0])
    state: tuple[Any, ...] = dtype.state or ()
    if code.startswith("O") or any(str(part).startswith("|O") for part in _list_field_types(state)):
        return None
    given = state[5] if len(state) > 5 and isinstance(state[5], int) else -1
    return given if given > 0 else int(code[1:])


def _list_field_types(state: tuple[Any, ...]) -> Iterator[str]:
    fields = state[4] if len(state) > 4 and isinstance(state[4], dict) else {}
    for dtype, *_ in fields.values():
        yield f"|{dtype.arguments[0]}"


def _read_length(length: Any) -> int:
    # A length may be a numpy scalar, whose bytes are its second argument.
    return length if isinstance(length, int) else int.from_bytes(length.arguments[1].encode("latin1"), "little")


def _skip(file: IO[bytes], count: int) -> None:
    while count > 0:
        read = len(file.read(min(count, 1 << 20)))
        if not read:
            raise EOFError
        count -= read
