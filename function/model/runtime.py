"""A model that is ready to predict, and the protocol that every runtime implements."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from function.model.contract import Columns
from function.model.manifest import Manifest
from function.model.target import Output, Targets, list_class_places

if TYPE_CHECKING:
    import numpy

    type Array = numpy.ndarray[Any, Any]


type Outputs = list[Output]
"""An output for each record (function.model.target)."""
type ArrayOutputs = list[Array]
"""The outputs for the rows of a table: an array for each of their values, float64 or the index of a class."""


class NotPredictable(Exception):
    """The estimator refuses the values of some record. Its message is dropped, because it may quote values."""


class Content(NamedTuple):
    """An opened artifact.

    `read()` returns the artifact's bytes after checking their digest; it raises BundleError. `path` names a file that
    the image's build verified and that may be used without hashing it again; else it is None. Never unpickle from it.
    """

    read: Callable[[], bytes]
    path: str | None = None


def list_outputs(targets: Targets, columns: "ArrayOutputs") -> Outputs:
    """List the outputs of a table's rows. Raises IndexError for a class that there is not."""
    listed: list[list[Any]] = [column.tolist() for column in columns]
    for at, classes in list_class_places(targets):
        listed[at] = [classes[place] for place in listed[at]]
    return [list(row) for row in zip(*listed, strict=True)]


def wrap_bytes(data: bytes) -> Content:
    """Return bytes that were verified, or made by this process, as an opened artifact."""
    return Content(lambda: data)


class Runtime(Protocol):
    """Compute predictions from columns that the contract has checked. Both methods give the same numbers."""

    def predict(self, columns: Columns) -> Outputs:
        """Predict records; return one output for each. Raises NotPredictable."""
        ...

    def predict_arrays(self, columns: "Sequence[Array]") -> ArrayOutputs:
        """Predict the rows of a table; return one output for each. Raises NotPredictable.

        A column of numbers or booleans is a float64 array (a null is NaN); a column of texts is an array of str and
        None. Several threads may call it at once.
        """
        ...


class Model(NamedTuple):
    """A manifest and the runtime that predicts records.

    `table_loader` returns the runtime for tables, if that is another one.
    """

    manifest: Manifest
    runtime: Runtime
    table_loader: Callable[[], Runtime] | None = None

    def load_for_tables(self) -> "Model":
        """Return the model with the runtime for tables of many rows, which is loaded at the first call.

        Its answers have the same bits as those of `runtime`. Raises BundleError.
        """
        return self if self.table_loader is None else self._replace(runtime=self.table_loader())
