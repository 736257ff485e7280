"""A model that is ready to predict, and the seam behind which a runtime computes."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from function.model.contract import Columns
from function.model.manifest import Label, Manifest

if TYPE_CHECKING:
    import numpy

    type Array = numpy.ndarray[Any, Any]


class Outputs(NamedTuple):
    """What a runtime answers for n records: n values and, of a classifier that has them, n rows of probabilities.

    The probabilities of a row are in the order of the manifest's classes.
    """

    values: Sequence[Label]
    probabilities: Sequence[Sequence[float]] | None


class ArrayOutputs(NamedTuple):
    """The same for n rows of a table, as arrays: n float64 or, of a classifier, n places in the manifest's classes.

    `probabilities` has the shape (n, classes).
    """

    values: "Array"
    probabilities: "Array | None"


class NotPredictable(Exception):
    """The estimator refuses the values of some record; what it said is left out, since that may quote values."""


class Runtime(Protocol):
    """Computes predictions from columns that the contract has checked; both ways give the same numbers."""

    def predict(self, columns: Columns) -> Outputs:
        """One output per record. Raises NotPredictable."""
        ...

    def predict_arrays(self, columns: "Sequence[Array]") -> ArrayOutputs:
        """One output per row, for tables; may be called by several threads at once. Raises NotPredictable.

        A column of numbers or booleans is a float64 array (a null is NaN), one of texts an array of str and None.
        """
        ...


class Model(NamedTuple):
    """A bundle's manifest and the runtime that answers records; `load_bulk`, where set, loads the one for tables."""

    manifest: Manifest
    runtime: Runtime
    load_bulk: Callable[[], Runtime] | None = None

    def bulk(self) -> Runtime:
        """The runtime for tables of many rows, loaded at the first call; to the last bit it answers as `runtime` does.

        Raises BundleError.
        """
        return self.runtime if self.load_bulk is None else self.load_bulk()
