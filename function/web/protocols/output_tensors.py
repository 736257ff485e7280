"""Build the output tensors of an Open Inference response: those that the request asks for, with the predictions."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from function.errors import UNKNOWN_FIELD, UNSUPPORTED, WRONG_TYPE, InvalidInput, Problem, format_pointer
from function.formats import csv_table, strict_json
from function.model.manifest import Manifest
from function.model.prediction import Prediction
from function.model.target import PROBABILITIES, Label, Target, find_label_type, format_label
from function.web.protocols.records import check_list
from function.web.protocols.request_tensor import UNSUPPORTED_PARAMETERS, read_parameters

_LABEL_DATATYPES: dict[type[Label], str] = {bool: "BOOL", int: "INT64", float: "FP64", str: "BYTES"}


class RequestedOutput(NamedTuple):
    """An output that the request asks for; `class_count` is the number of classes to rank, None for plain values."""

    name: str
    class_count: int | None = None


def describe_outputs(manifest: Manifest) -> list[dict[str, Any]]:
    """Return the model's output tensors without data."""
    return [
        {key: value if key != "shape" else [-1, *value[1:]] for key, value in tensor.items() if key != "data"}
        for tensor in _make_tensors(manifest, [])
    ]


def is_ranked(name: str) -> bool:
    """Tell whether the classes of this output can be ranked."""
    return name == PROBABILITIES or name.startswith(f"{PROBABILITIES}_")


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
        tensor if (class_count := class_counts[tensor["name"]]) is None else _rank_classes(tensor, class_count)
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
    if not is_ranked(name):
        problems.append(Problem(pointer, UNSUPPORTED, "only an output of probabilities can be ranked: remove it here"))
    elif type(class_count) is not int or class_count < 1:
        problems.append(Problem(pointer, WRONG_TYPE, "expected the number of classes: an integer of 1 or more"))
    else:
        return class_count
    return None


def _rank_classes(tensor: dict[str, Any], class_count: int) -> dict[str, Any]:
    """Return the most probable classes of each record as `probability:index:class`.

    https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_classification.md
    """
    keys, probabilities = strict_json.loads(tensor["parameters"]["classes"].encode()), tensor["data"]
    class_count = min(class_count, len(keys))
    data: list[str] = []
    for start in range(0, len(probabilities), len(keys)):
        row = probabilities[start : start + len(keys)]
        likeliest = sorted(range(len(keys)), key=row.__getitem__, reverse=True)[:class_count]
        data += [f"{row[index]!r}:{index}:{keys[index]}" for index in likeliest]
    return {"name": tensor["name"], "datatype": "BYTES", "shape": [tensor["shape"][0], class_count], "data": data}


def _make_tensors(manifest: Manifest, predictions: Sequence[Prediction]) -> list[dict[str, Any]]:
    """Make the tensors: of each target its predictions and, if it has them, their scores; then the warnings."""
    tensors: list[dict[str, Any]] = []
    at, count = 0, len(predictions)
    for target in manifest.targets:
        end = f"_{target.name}" if len(manifest.targets) > 1 else ""
        datatype = _LABEL_DATATYPES[find_label_type(target)]
        values = [prediction.output[at] for prediction in predictions]
        data = [format_label(value) for value in values] if datatype == "BYTES" else values
        tensors.append({"name": f"prediction{end}", "datatype": datatype, "shape": [count], "data": data})
        if target.scores:
            numbers = [number for prediction in predictions for number in prediction.output[at + 1 : at + target.width]]
            tensors.append(_make_scores_tensor(target, f"{target.scores}{end}", count) | {"data": numbers})
        at += target.width
    warnings = [csv_table.format_warnings(prediction.warnings) for prediction in predictions]
    return [*tensors, {"name": "warnings", "datatype": "BYTES", "shape": [count], "data": warnings}]


def _make_scores_tensor(target: Target, name: str, count: int) -> dict[str, Any]:
    """Return the tensor without data: a row per record, and a column per class, named by the parameter `classes`."""
    tensor = {"name": name, "datatype": "FP64"}
    if not target.keys:
        return {**tensor, "shape": [count]}
    shape, classes = [count, len(target.keys)], strict_json.dumps(list(target.keys))
    return {**tensor, "shape": shape, "parameters": {"classes": classes}}
