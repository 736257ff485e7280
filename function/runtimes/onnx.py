"""Runs the ONNX artifact; the only module of the function that imports onnxruntime."""

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
        return {"onnxruntime": _onnxruntime().__version__}
    except ImportError:
        return {}


def _onnxruntime() -> Any:
    # From 1.29 on it sends telemetry by default on Linux, and writes a device id under the home directory.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    return onnxruntime


def load(content: Content, manifest: Manifest, artifact: Artifact) -> "OnnxRuntime":
    """Load the artifact. Raises BundleError `artifact_unreadable` where onnxruntime cannot."""
    model = content.read() if content.path is None else content.path
    onnxruntime = _onnxruntime()
    try:
        session = onnxruntime.InferenceSession(model, _options(onnxruntime), providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001
        # onnxruntime has no base of its own for what it raises; its text may quote paths.
        raise BundleError(
            ARTIFACT_UNREADABLE,
            f"onnxruntime cannot load the bundle's file {artifact.file} ({type(error).__name__}): {PACKAGE_AGAIN}.",
        ) from None
    return OnnxRuntime(session, manifest, artifact.input)


def _options(onnxruntime: Any) -> Any:
    """For one small row: no threads that would be started and wait, no arena, no pattern of memory to plan."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    options.log_severity_level = 4  # fatal alone: what it says of a failed run quotes values
    return options


def nulls_of(name: str) -> str:
    """The name of the input that says which texts of a feature are null: every text that there is may be a value."""
    return f"is null: {name}"


class OnnxRuntime:
    """A session; `form` says whether it takes one matrix (`array`) or named columns (`frame`)."""

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
        """One output per record. Raises NotPredictable."""
        if not columns[0]:
            return Outputs([], None)
        if self._form == "array":
            inputs = {"X": self._numpy.array(columns, dtype=float).T}
        else:
            pairs = zip(self._features, columns, strict=True)
            inputs = {name: array for pair in pairs for name, array in self._named(*pair)}
        answers = self._answers(inputs)
        if self._classes is None:
            return Outputs(answers[0].ravel().astype(float).tolist(), None)
        values = [self._classes[place] for place in answers[0].ravel().tolist()]
        return Outputs(values, answers[1].astype(float).tolist() if self._has_probabilities else None)

    def predict_arrays(self, columns: "Sequence[Array]") -> ArrayOutputs:
        """One output per row. Raises NotPredictable."""
        if self._form == "array":
            inputs = {"X": self._numpy.column_stack(columns)}
        else:
            pairs = zip(self._features, columns, strict=True)
            inputs = {name: array for pair in pairs for name, array in self._named(*pair)}
        answers = self._answers(inputs)
        values = answers[0].reshape(-1)
        if self._classes is None:
            return ArrayOutputs(values.astype(float), None)
        return ArrayOutputs(values, answers[1].astype(float) if self._has_probabilities else None)

    def _named(self, feature: Feature, column: Any) -> "Iterator[tuple[str, Array]]":
        """The column as the graph's input of its name, shape (n, 1); with texts, which of them are null."""
        if feature.type not in TEXTS:
            yield feature.name, self._numpy.array(column, dtype=float).reshape(-1, 1)
            return
        if feature.nullable:
            nulls = [text is None for text in column]
            yield nulls_of(feature.name), self._numpy.array(nulls, dtype=bool).reshape(-1, 1)
        texts = ["" if text is None else text for text in column]
        yield feature.name, self._numpy.array(texts, dtype=object).reshape(-1, 1)

    def _answers(self, inputs: dict[str, "Array"]) -> list["Array"]:
        try:
            answers: list[Array] = self._run(self._outputs, inputs)
        except Exception as error:  # noqa: BLE001
            # The golden rows were answered, so it is these values that some node refuses.
            raise NotPredictable(type(error).__name__) from None
        for refused in answers[1 + self._has_probabilities :]:
            if refused.any():
                raise NotPredictable("ValueError")
        places = answers[0]
        if self._classes is not None and places.size and not 0 <= places.min() <= places.max() < len(self._classes):
            # A place below 0 would count from the end.
            raise BundleError(
                ARTIFACT_UNREADABLE,
                f"The bundle's ONNX file answers with a class that the manifest does not list: {PACKAGE_AGAIN}.",
            )
        return answers
