"""The estimator in the forms that start faster than a pickle: each kept only where it passes the gate."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from function.errors import BundleError
from function.model.contract import Columns, Feature
from function.model.dtypes import NARROW, round_to
from function.model.manifest import FLAT, ONNX, Artifact, Manifest
from function.model.runtime import NotPredictable, Outputs, Runtime, wrap_bytes
from function.runtimes import flat as flat_runtime
from function.runtimes import onnx as onnx_runtime
from training.errors import describe_error
from training.estimators.default_forest import Say
from training.estimators.input_forms import ARRAY
from training.estimators.parts import NotExported
from training.exports import flat_export
from training.parity.gate import Gate, PredictionsDiffer
from training.parity.probes import ProbeData

ONNX_FILE = "model.onnx"


class Exports(NamedTuple):
    """The artifacts that passed with their bytes, and by runtime why another did not."""

    artifacts: dict[Artifact, bytes]
    refused: dict[str, str]


class ServedEstimator(NamedTuple):
    """What is exported: the estimator, how it is served (array or frame), and the runtime that answers as it does."""

    estimator: Any
    form: str
    manifest: Manifest
    reference: Runtime


def export_estimator(subject: ServedEstimator, material: ProbeData, say: Say) -> Exports:
    """The exports that answer all of the material as the reference does."""
    features = subject.manifest.contract.features
    exports, gate = Exports({}, {}), Gate(_RoundingRuntime(subject.reference, features), material)
    for runtime, file, write, load in (
        (FLAT, flat_export.FILE, _export_flat, flat_runtime.load),
        (ONNX, ONNX_FILE, _export_onnx, onnx_runtime.load),
    ):
        say(f"exporting for the {runtime} runtime")
        try:
            data = write(subject)
            form = subject.form if runtime == ONNX else ARRAY
            artifact = Artifact(file, sha256(data).hexdigest(), len(data), runtime, form)
            loaded: Runtime = load(wrap_bytes(data), subject.manifest, artifact)
            error = gate.measure_error(_RoundingRuntime(loaded, features))
            exports.artifacts[artifact._replace(largest_error=error)] = data
        except NotExported as reason:
            exports.refused[runtime] = f"Not exported: {reason}."
        except PredictionsDiffer as difference:
            exports.refused[runtime] = f"Not kept, since it answers otherwise than scikit-learn; {difference}."
        except BundleError as error:
            exports.refused[runtime] = f"Not kept: {error}"
    return exports


class _RoundingRuntime:
    """A runtime behind a contract, which rounds numbers to what training had before any runtime sees them."""

    def __init__(self, runtime: Runtime, features: Sequence[Feature]) -> None:
        self._runtime = runtime
        self._features = features

    def predict(self, columns: Columns) -> Outputs:
        """One output per record. Raises NotPredictable."""
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


def _export_flat(subject: ServedEstimator) -> bytes:
    try:
        return flat_export.encode_flat(
            subject.estimator, nulls=any(f.nullable for f in subject.manifest.contract.features)
        )
    except (NotExported, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001
        # An estimator of a kind that is known may hold its numbers in a form that is not.
        raise NotExported(f"it is not kept as is expected here ({describe_error(error)})") from None


def _export_onnx(subject: ServedEstimator) -> bytes:
    try:
        from training.exports import onnx_export

        return onnx_export.encode_onnx(subject.estimator, subject.manifest.contract.features, subject.form)
    except (NotExported, MemoryError):
        raise
    except ImportError as error:
        raise NotExported(f"{error.name} is not installed (training/requirements.txt has it)") from None
    except Exception as error:  # noqa: BLE001
        # skl2onnx raises anything where it does not know an estimator, or a release of scikit-learn.
        raise NotExported(f"skl2onnx cannot convert it ({describe_error(error)})") from None
