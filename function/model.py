"""A model that is ready to predict, and the seam behind which a runtime computes."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from function.contract import Columns
from function.manifest import Label, Manifest


class Outputs(NamedTuple):
    """What a runtime answers for n records: n values and, of a classifier that has them, n rows of probabilities.

    The probabilities of a row are in the order of the manifest's classes.
    """

    values: Sequence[Label]
    probabilities: Sequence[Sequence[float]] | None


class NotPredictable(Exception):
    """The estimator refuses the values of some record; what it said is left out, since that may quote values."""


class Runtime(Protocol):
    """Computes predictions from columns that the contract has checked."""

    def predict(self, columns: Columns) -> Outputs:
        """One output per record. Raises NotPredictable."""
        ...


class Model(NamedTuple):
    """A bundle's manifest and the runtime that holds its artifact."""

    manifest: Manifest
    runtime: Runtime
