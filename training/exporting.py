"""Export the estimator as a flat program, which starts faster than a pickle; keep it if it passes the gate."""

from hashlib import sha256
from typing import Any, NamedTuple

from threadpoolctl import threadpool_limits

from function.errors import BundleError
from function.model.manifest import FLAT, Artifact, Manifest
from function.model.runtime import Runtime
from function.runtimes.flat.file import parse
from training.compile import compiling
from training.compile.blocks import NotCompiled
from training.compile.compiling import Compiled
from training.compile.thresholds import find_decisions
from training.errors import describe_error
from training.estimators.input_forms import ARRAY
from training.parity.candidates import RoundingRuntime, measure_compiled
from training.parity.gate import Gate, PredictionsDiffer
from training.parity.probes import ProbeData


class NotExported(Exception):
    """The estimator has no flat program that predicts as it does; the text is a sentence that says why."""


class ServedEstimator(NamedTuple):
    """An estimator as it is served: with its manifest, and the runtime to compare with."""

    estimator: Any
    manifest: Manifest
    reference: Runtime


def export_flat(served: ServedEstimator, probe_data: ProbeData) -> dict[Artifact, bytes]:
    """Return the flat artifact with its bytes; it predicts all probes as the reference does. Raises NotExported."""
    try:
        compiled = _compile(served)
        return {_measure(compiled, served, probe_data): compiled.data}
    except NotCompiled as reason:
        raise NotExported(f"Not exported: {reason}.") from None
    except PredictionsDiffer as difference:
        raise NotExported(f"Not kept, because it does not predict as the estimator does: {difference}.") from None
    except BundleError as error:
        raise NotExported(f"Not kept: {error}") from None


def _compile(served: ServedEstimator) -> Compiled:
    try:
        features = served.manifest.contract.features
        return compiling.compile_estimator(served.estimator, features, served.manifest.targets)
    except (NotCompiled, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001
        # An estimator of a known class may hold its numbers in an unknown form.
        raise NotCompiled(f"its numbers cannot be read ({describe_error(error)})") from None


def _measure(compiled: Compiled, served: ServedEstimator, probe_data: ProbeData) -> Artifact:
    """Return the artifact with its largest error. Raises PredictionsDiffer or BundleError."""
    data = compiled.data
    header, arrays = parse(memoryview(data))
    decisions = find_decisions(header, arrays)
    patterns = {str(step["pattern"]) for step in header.steps if step.get("pattern")}
    probe_data = probe_data._replace(thresholds=decisions.thresholds, categories=decisions.categories)
    gate = Gate(RoundingRuntime(served.reference, probe_data.features), probe_data)
    artifact = Artifact(
        compiling.FILE, sha256(data).hexdigest(), len(data), FLAT, ARRAY, token_patterns=tuple(sorted(patterns))
    )
    # The gate asks with few rows each time: threads that wait for one another take longer than one that does not.
    with threadpool_limits(1):
        return artifact._replace(largest_error=measure_compiled(gate, compiled, served.manifest, artifact))
