"""Reads what a pickle or joblib file holds without running anything of it: what it names, and which release wrote it.

Every class and function that the file names is replaced by a stand-in which keeps what it is given. joblib writes the
bytes of an array behind the object that stands for it; they are skipped.
"""

import pickle
from collections.abc import Iterator
from typing import IO, Any, ClassVar, NamedTuple

from training.estimators.decompression import open_decompressed

_WRAPPER = ("joblib.numpy_pickle", "NumpyArrayWrapper")
_VERSION = "_sklearn_version"


class StandIn:
    """An object of the file: the class or function that it names, what that is called with, and the state."""

    def __init__(self, module: str, name: str, arguments: tuple[Any, ...] = ()) -> None:
        self.module, self.name, self.arguments = module, name, arguments
        self.state: Any = None
        self.items: list[Any] = []

    def append(self, item: Any) -> None:
        """Keeps an item of a list's subclass."""
        self.items.append(item)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.items.append((key, value))


class Contents(NamedTuple):
    """What stands in the file, as far as it could be read: `whole` says whether that was to the end.

    `names` are the modules with their classes and functions, `versions` scikit-learn's releases, both in their order.
    """

    root: Any
    names: list[tuple[str, str]]
    versions: list[str]
    whole: bool


def read_contents(file: IO[bytes]) -> Contents:
    """The contents of the pickle or joblib file, compressed or not."""
    reader = None
    try:
        reader = _Reader(open_decompressed(file))
        return Contents(reader.load(), reader.names, reader.versions, True)
    except Exception:  # noqa: BLE001
        # Bytes that are no pickle raise anything at all.
        return Contents(None, reader.names if reader else [], reader.versions if reader else [], False)


# The reader in Python, as joblib's is: it reads no byte ahead of what it needs, so that an array can be skipped.
_InPython: Any = pickle._Unpickler


class _Reader(_InPython):  # type: ignore[misc]
    dispatch: ClassVar[dict[int, Any]] = dict(_InPython.dispatch)

    def __init__(self, file: IO[bytes], names: list[tuple[str, str]] | None = None) -> None:
        super().__init__(file, encoding="latin1")
        self.file = file
        self.names: list[tuple[str, str]] = [] if names is None else names
        self.versions: list[str] = []

    def find_class(self, module: str, name: str) -> "GlobalName":
        """The name, from which stand-ins are made."""
        if not all(part.isidentifier() for part in (*module.split("."), *name.split("."))):
            raise pickle.UnpicklingError("no names of Python's")  # a text that begins like a pickle
        if (module, name) not in self.names:
            self.names.append((module, name))
        return GlobalName(module, name)

    def persistent_load(self, pid: Any) -> Any:
        """A stand-in: what it stands for lies elsewhere."""
        return StandIn("", "persistent", (pid,))

    def get_extension(self, code: int) -> None:
        """A stand-in: registered codes are another program's."""
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
        """Goes past an array that joblib wrote behind its wrapper."""
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
    """What the file names, until it is called."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


def _call(call: Any, arguments: Any) -> StandIn:
    module, name = (call.module, call.name) if isinstance(call, (GlobalName, StandIn)) else ("", "")
    given = arguments if isinstance(arguments, tuple) else ()
    if name in ("_reconstructor", "__newobj__", "_reconstruct") and given and isinstance(given[0], GlobalName):
        # Old protocols make objects by way of functions that take their class.
        module, name, given = given[0].module, given[0].name, given[1:]
    return StandIn(module, name, given)


def _get_item_size(dtype: StandIn) -> int | None:
    """Bytes of one item; None where items are objects, which joblib pickles."""
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
    return length if isinstance(length, int) else int.from_bytes(length.arguments[1].encode("latin1"), "little")


def _skip(file: IO[bytes], count: int) -> None:
    while count > 0:
        read = len(file.read(min(count, 1 << 20)))
        if not read:
            raise EOFError
        count -= read
