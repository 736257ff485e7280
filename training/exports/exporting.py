"""Export the estimator for the runtimes that start faster than a pickle; keep each export that passes the gate."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any, NamedTuple

from threadpoolctl import threadpool_limits

from function.errors import BundleError
from function.model.manifest import FLAT, ONNX, Artifact, Manifest
from function.model.runtime import Runtime, wrap_bytes
from function.runtimes import onnx as onnx_runtime
from function.runtimes.flat.file import parse
from training.compile import compiling
from training.compile.blocks import NotCompiled
from training.compile.compiling import Compiled
from training.compile.thresholds import find_decisions
from training.errors import describe_error
from training.estimators.input_forms import ARRAY
from training.exports.candidates import RoundingRuntime, measure_compiled
from training.exports.parts import NotExported
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
    exports = Exports({}, {})
    report(f"exporting for the {FLAT} runtime")
    compiled = _attempt(FLAT, lambda: _compile(served), exports)
    if compiled is not None:
        decisions = find_decisions(*parse(memoryview(compiled.data)))
        probe_data = probe_data._replace(thresholds=decisions.thresholds, categories=decisions.categories)
    gate = Gate(RoundingRuntime(served.reference, probe_data.features), probe_data)
    # The gate asks with few rows each time: threads that wait for one another take longer than one that does not.
    with threadpool_limits(1):
        if compiled is not None:
            _attempt(FLAT, lambda: _keep_flat(compiled, served, gate, exports), exports)
        if exports.artifacts and not wants_all:
            return exports
        report(f"exporting for the {ONNX} runtime")
        data = _attempt(ONNX, lambda: _export_onnx(served), exports)
        if data is not None:
            _attempt(ONNX, lambda: _keep_onnx(data, served, gate, exports), exports)
    return exports


def _attempt[T](runtime: str, step: Callable[[], T], exports: Exports) -> T | None:
    """Return what a step of an export returns; or note why it cannot go on, and return None."""
    try:
        return step()
    except (NotCompiled, NotExported) as reason:
        exports.refused[runtime] = f"Not exported: {reason}."
    except PredictionsDiffer as difference:
        exports.refused[runtime] = f"Not kept, because it does not predict as the estimator does: {difference}."
    except BundleError as error:
        exports.refused[runtime] = f"Not kept: {error}"
    return None


def _keep_flat(compiled: Compiled, served: ServedEstimator, gate: Gate, exports: Exports) -> None:
    """Keep a flat artifact that passes the gate. Raises PredictionsDiffer or BundleError."""
    artifact = _describe(compiling.FILE, FLAT, ARRAY, compiled.data)
    error = measure_compiled(gate, compiled, served.manifest, artifact)
    exports.artifacts[artifact._replace(largest_error=error)] = compiled.data


def _keep_onnx(data: bytes, served: ServedEstimator, gate: Gate, exports: Exports) -> None:
    """Keep an ONNX artifact that passes the gate. Raises PredictionsDiffer or BundleError."""
    artifact = _describe(ONNX_FILE, ONNX, served.input_form, data)
    loaded = onnx_runtime.load(wrap_bytes(data), served.manifest, artifact)
    error = gate.measure_error(RoundingRuntime(loaded, served.manifest.contract.features))
    exports.artifacts[artifact._replace(largest_error=error)] = data


def _describe(file: str, runtime: str, input_form: str, data: bytes) -> Artifact:
    return Artifact(file, sha256(data).hexdigest(), len(data), runtime, input_form)


def _compile(served: ServedEstimator) -> Compiled:
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
