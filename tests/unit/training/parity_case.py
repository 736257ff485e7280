"""A fitted estimator of numbers with all that the gate takes, and tables of scikit-learn to fit it to."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy
from sklearn.base import BaseEstimator
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from function.model.contract import NUMBER, Feature
from function.model.manifest import FLAT, Artifact, Manifest
from function.runtimes import joblib as joblib_runtime
from function.runtimes.flat.file import TYPE_SIZES, parse
from tests.unit.small_models import classifier_document, document
from training.compile.blocks import NotCompiled
from training.compile.compiling import Compiled, compile_estimator
from training.compile.thresholds import find_decisions
from training.parity.candidates import measure_compiled
from training.parity.gate import Gate
from training.parity.probes import ProbeData

type Data = tuple[Any, Any]


def get_arrays(found: Any) -> Data:
    return found.data.to_numpy(), found.target.to_numpy()


DIABETES, CANCER = get_arrays(load_diabetes(as_frame=True)), get_arrays(load_breast_cancer(as_frame=True))
WINE, IRIS = get_arrays(load_wine(as_frame=True)), get_arrays(load_iris(as_frame=True))


def add_nulls(data: Data) -> Data:
    values = data[0].copy()
    values[numpy.random.default_rng(0).random(values.shape) < 0.1] = numpy.nan
    return values, data[1]


def add_scaler(estimator: Any) -> Any:
    return make_pipeline(StandardScaler(), estimator)


def get_class_name(value: Any) -> str:
    return type(value[-1] if hasattr(value, "steps") else value).__name__ if isinstance(value, BaseEstimator) else ""


class Case:
    """A fitted estimator with all that the gate takes."""

    def __init__(self, estimator: Any, data: Data) -> None:
        values, target = data
        self.estimator = estimator.fit(values, target)
        has_nulls = bool(numpy.isnan(values).any())
        dtype = str(values.dtype)
        self.features = [
            Feature(
                f"x{place}", NUMBER, has_nulls, float(numpy.nanmin(column)), float(numpy.nanmax(column)), dtype=dtype
            )
            for place, column in enumerate(values.T)
        ]
        columns = [[None if numpy.isnan(value) else value for value in column] for column in values.T.tolist()]
        self.manifest = self._make_manifest(columns)
        golden = [column[:5] for column in columns]
        self.material = ProbeData(self.features, golden, columns)
        with suppress(NotCompiled):
            decisions = find_decisions(*parse(memoryview(self.compile().data)))
            self.material = self.material._replace(**decisions._asdict())
        self.reference = joblib_runtime.JoblibRuntime(
            self.estimator, self.features, self.manifest.task, self.manifest.targets, "array"
        )

    def _make_manifest(self, columns: list[list[float | None]]) -> Manifest:
        classes = getattr(self.estimator, "classes_", None)
        record = {feature.name: column[0] or 0.0 for feature, column in zip(self.features, columns, strict=True)}
        if classes is None:
            made = document(self.features, examples=[{"input": record, "prediction": 1.0}])
        else:
            has_probabilities = hasattr(self.estimator, "predict_proba")
            made = classifier_document(classes.tolist(), self.features, has_probabilities=has_probabilities)
            made["examples"][0]["input"] = record
        return Manifest.parse(json.dumps(made).encode())

    @property
    def gate(self) -> Gate:
        return Gate(self.reference, self.material)

    def compile(self) -> Compiled:
        """Compile the estimator. Raises NotCompiled."""
        return compile_estimator(self.estimator, self.features, self.manifest.targets)

    def measure_error(self, data: bytes | None = None) -> float:
        """Return the largest error that the gate finds in the program, or in `data`. Raises PredictionsDiffer."""
        artifact = Artifact("model.flat", "0" * 64, 1, FLAT, "array")
        compiled = self.compile()
        return measure_compiled(
            self.gate, compiled if data is None else compiled._replace(data=data), self.manifest, artifact
        )


def change_array(data: bytes, op: str, name: str, change: Callable[[Any], Any]) -> bytes:
    """Change an array of the first step of this operation in a flat file."""
    header = json.loads(data[12 : 12 + int.from_bytes(data[8:12], "little")])
    step = next(step for step in header["steps"] if step["op"] == op)
    code, begin, count = header["arrays"][step["arrays"][name]]
    end = begin + TYPE_SIZES[code] * count
    values = numpy.frombuffer(data[begin:end], dtype={"B": "<u1", "H": "<u2", "I": "<u4", "d": "<f8"}[code]).copy()
    changed = change(values)
    return data[:begin] + (values if changed is None else changed).tobytes() + data[end:]
