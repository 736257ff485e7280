"""Build the output tensors of an Open Inference response: those that the request asks for, with the predictions."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from function.errors import UNKNOWN_FIELD, UNSUPPORTED, WRONG_TYPE, InvalidInput, Problem, format_pointer
from function.formats import csv_table, strict_json
from function.model.manifest import CLASSIFICATION, Label, Manifest, format_label
from function.model.prediction import Prediction
from function.web.protocols.records import check_list
from function.web.protocols.request_tensor import UNSUPPORTED_PARAMETERS, read_parameters


class RequestedOutput(NamedTuple):
    """An output that the request asks for; `class_count` is the number of classes to rank, None for plain values."""

    name: str
    class_count: int | None = None


def describe_outputs(manifest: Manifest) -> list[dict[str, Any]]:
    """Return the model's output tensors without data."""
    return [
        {"name": "prediction", "datatype": _get_label_datatype(manifest), "shape": [-1]},
        *([_describe_probabilities(manifest, -1)] if manifest.probability_keys else []),
        {"name": "warnings", "datatype": "BYTES", "shape": [-1]},
    ]


def read_outputs(manifest: Manifest, documents: object) -> list[RequestedOutput]:
    """Return the outputs that a request names, or all if it names none. Raises InvalidInput and InputTooLarge."""
    known = {tensor["name"]: tensor for tensor in describe_outputs(manifest)}
    problems: list[Problem] = []
    requested: list[RequestedOutput] = []
    listed = check_list([] if documents is None else documents, "/outputs", "an array of outputs")
    for index, document in enumerate(listed):
        pointer = f"/outputs/{index}"
        name = document.get("name") if isinstance(document, dict) else None
        if not isinstance(document, dict) or not isinstance(name, str) or name not in known:
            problems.append(
                Problem(pointer, UNKNOWN_FIELD, f"no output of the model: expected one of {', '.join(sorted(known))}")
            )
            continue
        problems += [
            Problem(pointer + format_pointer(key), UNKNOWN_FIELD, "no field of an output: remove it")
            for key in document
            if key not in ("name", "parameters")
        ]
        parameters = read_parameters(document, pointer, problems)
        problems += _find_unsupported(parameters, known[name]["datatype"], f"{pointer}/parameters")
        requested.append(
            RequestedOutput(name, _read_class_count(parameters, name, f"{pointer}/parameters/classification", problems))
        )
    if problems:
        raise InvalidInput(problems)
    return requested or [RequestedOutput(name) for name in known]


def fill_outputs(
    manifest: Manifest, predictions: Sequence[Prediction], requested: Sequence[RequestedOutput]
) -> list[dict[str, Any]]:
    """Return the requested outputs with the predictions, each once, in the order of `describe_outputs`."""
    class_counts = {output.name: output.class_count for output in requested}
    tensors = [tensor for tensor in _make_tensors(manifest, predictions) if tensor["name"] in class_counts]
    return [
        tensor
        if (class_count := class_counts[tensor["name"]]) is None
        else _rank_classes(manifest, tensor, class_count)
        for tensor in tensors
    ]


def _find_unsupported(parameters: dict[str, Any], datatype: str, pointer: str) -> list[Problem]:
    """Return a problem for each unsupported parameter of an output.

    `binary_data` is not one of them, because clients that ask for binary data also read JSON.
    """
    problems = [
        Problem(f"{pointer}/{key}", UNSUPPORTED, "not supported: remove it, and read the values as JSON from data")
        for key in UNSUPPORTED_PARAMETERS
        if parameters.get(key) is not None
    ]
    if parameters.get("content_type") not in (None, "np", *(["str"] if datatype == "BYTES" else [])):
        problems.append(
            Problem(
                f"{pointer}/content_type", UNSUPPORTED, f"not supported: remove it, and read the values as {datatype}"
            )
        )
    return problems


def _read_class_count(parameters: dict[str, Any], name: str, pointer: str, problems: list[Problem]) -> int | None:
    """Return the number of classes to rank, Triton's parameter `classification`.

    Return None if it is absent, and also, after appending a problem, if it is wrong.
    """
    class_count = parameters.get("classification")
    if class_count is None:
        return None
    if type(class_count) is float and class_count.is_integer():
        class_count = int(class_count)  # JSON does not distinguish 3.0 from 3
    if name != "probabilities":
        problems.append(Problem(pointer, UNSUPPORTED, "it works for the output probabilities only: move it there"))
    elif type(class_count) is not int or class_count < 1:
        problems.append(Problem(pointer, WRONG_TYPE, "expected the number of classes: an integer of 1 or more"))
    else:
        return class_count
    return None


def _rank_classes(manifest: Manifest, tensor: dict[str, Any], class_count: int) -> dict[str, Any]:
    """Return the most probable classes of each record as `probability:index:class`.

    https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_classification.md
    """
    keys, probabilities = manifest.probability_keys, tensor["data"]
    class_count = min(class_count, len(keys))
    data: list[str] = []
    for start in range(0, len(probabilities), len(keys)):
        row = probabilities[start : start + len(keys)]
        likeliest = sorted(range(len(keys)), key=row.__getitem__, reverse=True)[:class_count]
        data += [f"{row[index]!r}:{index}:{keys[index]}" for index in likeliest]
    return {"name": tensor["name"], "datatype": "BYTES", "shape": [tensor["shape"][0], class_count], "data": data}


def _make_tensors(manifest: Manifest, predictions: Sequence[Prediction]) -> list[dict[str, Any]]:
    count = len(predictions)
    values = [prediction.value for prediction in predictions]
    datatype = _get_label_datatype(manifest)
    data = [format_label(value) for value in values] if datatype == "BYTES" else values
    tensors: list[dict[str, Any]] = [{"name": "prediction", "datatype": datatype, "shape": [count], "data": data}]
    if manifest.probability_keys:
        probabilities = [
            probability for prediction in predictions for probability in (prediction.probabilities or {}).values()
        ]
        tensors.append(_describe_probabilities(manifest, count) | {"data": probabilities})
    warnings = [csv_table.format_warnings(prediction.warnings) for prediction in predictions]
    return [*tensors, {"name": "warnings", "datatype": "BYTES", "shape": [count], "data": warnings}]


def _describe_probabilities(manifest: Manifest, count: int) -> dict[str, Any]:
    """Return the tensor without data: a row per record, and a column per class, named by the parameter `classes`."""
    shape, classes = [count, len(manifest.probability_keys)], strict_json.dumps(list(manifest.probability_keys))
    return {"name": "probabilities", "datatype": "FP64", "shape": shape, "parameters": {"classes": classes}}


def _get_label_datatype(manifest: Manifest) -> str:
    """Return the datatype that can hold every label: BYTES if the labels have several types."""
    if manifest.task != CLASSIFICATION:
        return "FP64"
    kinds: set[type[Label]] = {type(label) for label in manifest.classes or ()}
    named: dict[type[Label], str] = {bool: "BOOL", int: "INT64", float: "FP64", str: "BYTES"}
    return named[kinds.pop()] if len(kinds) == 1 else "BYTES"
