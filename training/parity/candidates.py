"""Compare an export with the reference in every way in which it will be asked."""

from collections.abc import Sequence
from typing import NamedTuple

from function.model.contract import Columns, Feature
from function.model.dtypes import NARROW, round_to
from function.model.manifest import Artifact, Manifest
from function.model.runtime import NotPredictable, Outputs, wrap_bytes
from function.runtimes.flat import runtime as flat_runtime
from training.compile.accuracy import Accuracy
from training.compile.compiling import Compiled
from training.parity.gate import Demand, Gate, PredictionsDiffer
from training.parity.prober import RecordRuntime

EXACT, DOUBLE, SINGLE = Demand(0.0), Demand(1e-9, 1e-6), Demand(1e-5, 0.1)
"""What is demanded of sums of trees, and of numbers that the estimator computes in float64, or in float32."""
ALWAYS_RECORDS, ALWAYS_TABLES = 2**62, -1
"""Values of `many_values` for which records are always computed in plain Python, or always with numpy."""
# Differences of shares from 1 are compared relatively to this, if they are smaller.
_SMALLEST_COMPLEMENT = 1e-3
# Plain Python looks at 30 million values in a second. Of each probe, as many rows as fit are compared, and some anyway.
_MOST_VALUES = 10_000_000
_FEWEST_ROWS = 50


class Way(NamedTuple):
    """A way in which an export is asked, as the messages name it; `most_rows` as in Demand."""

    name: str
    runtime: RecordRuntime
    most_rows: int | None = None


def measure_compiled(gate: Gate, compiled: Compiled, manifest: Manifest, artifact: Artifact) -> float:
    """Return the largest relative error of a flat artifact, record by record and as a table.

    Raises PredictionsDiffer where one of them differs from the reference by more than the program promises.
    """
    content = wrap_bytes(compiled.data)
    records, tables = (
        flat_runtime.load(content, manifest, artifact, many_values=many_values)
        for many_values in (ALWAYS_RECORDS, ALWAYS_TABLES)
    )
    most_rows = max(_FEWEST_ROWS, _MOST_VALUES // records.work)
    ways = (Way("as a table", tables), Way("record by record", records, most_rows))
    return measure_ways(gate, ways, manifest.contract.features, choose_demand(compiled.accuracy))


def measure_ways(gate: Gate, ways: Sequence[Way], features: Sequence[Feature], demand: Demand) -> float:
    """Return the largest relative error of all ways. Raises PredictionsDiffer, whose text begins with the way."""
    largest = 0.0
    for name, runtime, most_rows in ways:
        try:
            error = gate.measure_error(RoundingRuntime(runtime, features), demand._replace(most_rows=most_rows))
        except PredictionsDiffer as difference:
            raise PredictionsDiffer(f"{name}, {difference}") from None
        largest = max(largest, error)
    return largest


def choose_demand(accuracy: Accuracy) -> Demand:
    """Return what the gate demands of a program of this accuracy."""
    demand = EXACT if accuracy.is_exact else SINGLE if accuracy.is_single else DOUBLE
    if accuracy.has_complements:
        demand = demand._replace(smallest_share=max(demand.smallest_share, _SMALLEST_COMPLEMENT))
    return demand._replace(may_be_moved=accuracy.is_decided_near, skips_far=accuracy.is_decided_near)


class RoundingRuntime:
    """A runtime whose inputs are rounded to training's number types first, as the contract does when it serves."""

    def __init__(self, runtime: RecordRuntime, features: Sequence[Feature]) -> None:
        self._runtime = runtime
        self._features = features

    def predict(self, columns: Columns) -> Outputs:
        """Predict each record. Raises NotPredictable."""
        try:
            rounded = [
                [round_to(f.dtype, value) if isinstance(value, float) else value for value in column]
                if f.dtype in NARROW
                else column
                for f, column in zip(self._features, columns, strict=True)
            ]
        except OverflowError:
            raise NotPredictable("OverflowError") from None
        return self._runtime.predict(rounded)
