"""Export the estimator for the runtimes that start faster than a pickle; keep each export that passes the gate."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from function.errors import BundleError
from function.model.contract import Columns, Feature
from function.model.dtypes import NARROW, round_to
from function.model.manifest import FLAT, ONNX, Artifact, Manifest
from function.model.runtime import NotPredictable, Outputs, Runtime, wrap_bytes
from function.runtimes import onnx as onnx_runtime
from function.runtimes.flat import runtime as flat_runtime
from training.compile import compiling
from training.compile.program import NotCompiled
from training.errors import describe_error
from training.estimators.input_forms import ARRAY
from training.estimators.parts import NotExported
from training.parity.gate import Gate, PredictionsDiffer
from training.parity.probes import ProbeData
from training.progress import Report

ONNX_FILE = "model.onnx"


class Exports(NamedTuple):
    """The artifacts that passed the gate, with their bytes; and why others did not, by runtime."""

    artifacts: dict[Artifact, bytes]
    refused: dict[str, str]


class ServedEstimator(NamedTuple):
    """An estimator as it is served: its input form (ARRAY or FRAME), its manifest, and the runtime to compare with."""

    estimator: Any
    input_form: str
    manifest: Manifest
    reference: Runtime


def export_estimator(
    served: ServedEstimator, probe_data: ProbeData, report: Report, *, wants_all: bool = False
) -> Exports:
    """Export the estimator, and keep the exports that predict all probes as the reference does.

    A flat artifact needs no other one beside it, unless the caller `wants_all`.
    """
    features = served.manifest.contract.features
    exports, gate = Exports({}, {}), Gate(_RoundingRuntime(served.reference, features), probe_data)
    for runtime, file, export, load in (
        (FLAT, compiling.FILE, _export_flat, flat_runtime.load),
        (ONNX, ONNX_FILE, _export_onnx, onnx_runtime.load),
    ):
        if exports.artifacts and not wants_all:
            break
        report(f"exporting for the {runtime} runtime")
        try:
            data = export(served)
            input_form = served.input_form if runtime == ONNX else ARRAY
            artifact = Artifact(file, sha256(data).hexdigest(), len(data), runtime, input_form)
            loaded: Runtime = load(wrap_bytes(data), served.manifest, artifact)
            error = gate.measure_error(_RoundingRuntime(loaded, features))
            exports.artifacts[artifact._replace(largest_error=error)] = data
        except (NotCompiled, NotExported) as reason:
            exports.refused[runtime] = f"Not exported: {reason}."
        except PredictionsDiffer as difference:
            exports.refused[runtime] = f"Not kept, because it does not predict as scikit-learn does: {difference}."
        except BundleError as error:
            exports.refused[runtime] = f"Not kept: {error}"
    return exports


class _RoundingRuntime:
    """A runtime whose inputs are rounded to training's number types first, as the contract does when it serves."""

    def __init__(self, runtime: Runtime, features: Sequence[Feature]) -> None:
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


def _export_flat(served: ServedEstimator) -> bytes:
    try:
        features = served.manifest.contract.features
        return compiling.compile_estimator(served.estimator, features, len(served.manifest.classes or ()))
    except (NotCompiled, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001
        # An estimator of a known class may hold its numbers in an unknown form.
        raise NotCompiled(f"its numbers cannot be read ({describe_error(error)})") from None


def _export_onnx(served: ServedEstimator) -> bytes:
    try:
        from training.exports import onnx_export

        return onnx_export.encode_onnx(served.estimator, served.manifest.contract.features, served.input_form)
    except (NotExported, MemoryError):
        raise
    except ImportError as error:
        raise NotExported(f"{error.name} is not installed; training/requirements.txt lists it") from None
    except Exception as error:  # noqa: BLE001
        # skl2onnx raises any exception for an estimator, or a release of scikit-learn, that it does not know.
        raise NotExported(f"skl2onnx cannot convert it ({describe_error(error)})") from None
