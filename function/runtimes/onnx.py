"""Run the ONNX artifact with onnxruntime."""

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from function.errors import ARTIFACT_UNREADABLE, BundleError
from function.model.contract import TEXTS, Columns, Feature
from function.model.manifest import PACKAGE_AGAIN, Artifact, Manifest
from function.model.runtime import ArrayOutputs, Content, NotPredictable, Outputs

if TYPE_CHECKING:
    from function.model.runtime import Array


def list_versions(_: Iterable[str]) -> dict[str, str]:
    """Return onnxruntime's version, or an empty dict where it is not installed."""
    try:
        return {"onnxruntime": _import_onnxruntime().__version__}
    except ImportError:
        return {}


def _import_onnxruntime() -> Any:
    # From 1.29 on, onnxruntime sends telemetry by default on Linux, and writes a device id under the home directory.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    return onnxruntime


def load(content: Content, manifest: Manifest, artifact: Artifact) -> "OnnxRuntime":
    """Load the artifact. Raises BundleError `artifact_unreadable` where onnxruntime cannot."""
    model = content.read() if content.path is None else content.path
    onnxruntime = _import_onnxruntime()
    try:
        session = onnxruntime.InferenceSession(model, _create_options(onnxruntime), providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001
        # onnxruntime's exceptions have no common base class; their texts may quote paths.
        raise BundleError(
            ARTIFACT_UNREADABLE,
            f"onnxruntime cannot load the bundle's file {artifact.file} ({type(error).__name__}): {PACKAGE_AGAIN}.",
        ) from None
    return OnnxRuntime(session, manifest, artifact.input)


def _create_options(onnxruntime: Any) -> Any:
    """Create options that suit one small row: no threads to start, no memory arena, no memory pattern to plan."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    options.log_severity_level = 4  # fatal only: its messages about a failed run quote values
    return options


def name_null_input(name: str) -> str:
    """Return the name of the input that marks a feature's null texts: any text may be a value, so none means null."""
    return f"is null: {name}"


class OnnxRuntime:
    """An onnxruntime session that takes one matrix (`form` is `array`) or named columns (`frame`)."""

    def __init__(self, session: Any, manifest: Manifest, form: str) -> None:
        import numpy

        self._numpy = numpy
        self._session = session
        self._run = session.run
        self._features = manifest.contract.features
        self._classes = manifest.classes
        self._form = form
        names = [output.name for output in session.get_outputs()]
        answers = ["value"] if self._classes is None else ["place"]
        self._has_probabilities = "probabilities" in names
        self._outputs = answers + ["probabilities"] * self._has_probabilities
        self._outputs += [name for name in names if name.startswith("refused")]

    def predict(self, columns: Columns) -> Outputs:
        """Return one output per record. Raises NotPredictable."""
        if not columns[0]:
            return Outputs([], None)
        if self._form == "array":
            inputs = {"X": self._numpy.array(columns, dtype=float).T}
        else:
            pairs = zip(self._features, columns, strict=True)
            inputs = {name: array for pair in pairs for name, array in self._name_inputs(*pair)}
        answers = self._run_session(inputs)
        if self._classes is None:
            return Outputs(answers[0].ravel().astype(float).tolist(), None)
        values = [self._classes[place] for place in answers[0].ravel().tolist()]
        return Outputs(values, answers[1].astype(float).tolist() if self._has_probabilities else None)

    def predict_arrays(self, columns: "Sequence[Array]") -> ArrayOutputs:
        """Return one output per row. Raises NotPredictable."""
        if self._form == "array":
            inputs = {"X": self._numpy.column_stack(columns)}
        else:
            pairs = zip(self._features, columns, strict=True)
            inputs = {name: array for pair in pairs for name, array in self._name_inputs(*pair)}
        answers = self._run_session(inputs)
        values = answers[0].reshape(-1)
        if self._classes is None:
            return ArrayOutputs(values.astype(float), None)
        return ArrayOutputs(values, answers[1].astype(float) if self._has_probabilities else None)

    def _name_inputs(self, feature: Feature, column: Any) -> "Iterator[tuple[str, Array]]":
        """Yield the graph's inputs for a column, shape (n, 1): the values and, for nullable texts, which are null."""
        if feature.type not in TEXTS:
            yield feature.name, self._numpy.array(column, dtype=float).reshape(-1, 1)
            return
        if feature.nullable:
            nulls = [text is None for text in column]
            yield name_null_input(feature.name), self._numpy.array(nulls, dtype=bool).reshape(-1, 1)
        texts = ["" if text is None else text for text in column]
        yield feature.name, self._numpy.array(texts, dtype=object).reshape(-1, 1)

    def _run_session(self, inputs: dict[str, "Array"]) -> list["Array"]:
        try:
            answers: list[Array] = self._run(self._outputs, inputs)
        except Exception as error:  # noqa: BLE001
            # The golden rows were answered, so a node refuses these values.
            raise NotPredictable(type(error).__name__) from None
        for refused in answers[1 + self._has_probabilities :]:
            if refused.any():
                raise NotPredictable("ValueError")
        places = answers[0]
        if self._classes is not None and places.size and not 0 <= places.min() <= places.max() < len(self._classes):
            # A negative place would count from the end.
            raise BundleError(
                ARTIFACT_UNREADABLE,
                f"The bundle's ONNX file answers with a class that the manifest does not list: {PACKAGE_AGAIN}.",
            )
        return answers
