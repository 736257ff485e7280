"""The tensors that an Open Inference request gets: which, in which form, and the predictions in them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from function.errors import UNKNOWN_FIELD, UNSUPPORTED, WRONG_TYPE, InvalidInput, Problem, format_pointer
from function.formats import csv_table, strict_json
from function.model.manifest import CLASSIFICATION, Label, Manifest, format_label
from function.model.prediction import Prediction
from function.web.protocols.input_tensors import NOT_READ, check_parameters
from function.web.protocols.records import check_list


class RequestedOutput(NamedTuple):
    """An output that is asked for; `best` is how many classes of it, as Triton ranks them, None for the values."""

    name: str
    best: int | None = None


def describe_outputs(manifest: Manifest) -> list[dict[str, Any]]:
    """The outputs that there are, without data."""
    return [
        {"name": "prediction", "datatype": _get_label_datatype(manifest), "shape": [-1]},
        *([_describe_probabilities(manifest, -1)] if manifest.probability_keys else []),
        {"name": "warnings", "datatype": "BYTES", "shape": [-1]},
    ]


def read_outputs(manifest: Manifest, documents: object) -> list[RequestedOutput]:
    """The outputs that a request asks for; all, where it names none. Raises InvalidInput, InputTooLarge."""
    known = {tensor["name"]: tensor for tensor in describe_outputs(manifest)}
    problems: list[Problem] = []
    found: list[RequestedOutput] = []
    listed = check_list([] if documents is None else documents, "/outputs", "an array of outputs")
    for index, document in enumerate(listed):
        where = f"/outputs/{index}"
        name = document.get("name") if isinstance(document, dict) else None
        if not isinstance(document, dict) or not isinstance(name, str) or name not in known:
            problems.append(Problem(where, UNKNOWN_FIELD, f"no output of the model: {', '.join(sorted(known))}"))
            continue
        problems += [
            Problem(where + format_pointer(key), UNKNOWN_FIELD, "no part of it")
            for key in document
            if key not in ("name", "parameters")
        ]
        parameters = check_parameters(document, where, problems)
        problems += _find_unsupported(parameters, known[name]["datatype"], f"{where}/parameters")
        found.append(
            RequestedOutput(name, _read_best(parameters, name, f"{where}/parameters/classification", problems))
        )
    if problems:
        raise InvalidInput(problems)
    return found or [RequestedOutput(name) for name in known]


def fill_outputs(
    manifest: Manifest, predictions: Sequence[Prediction], wanted: Sequence[RequestedOutput]
) -> list[dict[str, Any]]:
    """Those outputs with the predictions in them, each once, in the order in which they are described."""
    asked = {output.name: output.best for output in wanted}
    tensors = [tensor for tensor in _make_tensors(manifest, predictions) if tensor["name"] in asked]
    return [
        tensor if (best := asked[tensor["name"]]) is None else _rank_classes(manifest, tensor, best)
        for tensor in tensors
    ]


def _find_unsupported(parameters: dict[str, Any], datatype: str, where: str) -> list[Problem]:
    """What is asked of an output and not done; `binary_data` is no such thing, since who asks for it reads JSON too."""
    problems = [
        Problem(f"{where}/{key}", UNSUPPORTED, "not written here: the values come as JSON in data")
        for key in NOT_READ
        if parameters.get(key) is not None
    ]
    if parameters.get("content_type") not in (None, "np", *(["str"] if datatype == "BYTES" else [])):
        problems.append(Problem(f"{where}/content_type", UNSUPPORTED, f"not encoded here: it comes as {datatype}"))
    return problems


def _read_best(parameters: dict[str, Any], name: str, where: str, problems: list[Problem]) -> int | None:
    """How many classes Triton's parameter `classification` asks for."""
    best = parameters.get("classification")
    if best is None:
        return None
    if type(best) is float and best.is_integer():
        best = int(best)  # JSON has one kind of number
    if name != "probabilities":
        problems.append(Problem(where, UNSUPPORTED, "it ranks classes: ask it of the output probabilities"))
    elif type(best) is not int or best < 1:
        problems.append(Problem(where, WRONG_TYPE, "expected how many classes: 1 or more"))
    else:
        return best
    return None


def _rank_classes(manifest: Manifest, tensor: dict[str, Any], best: int) -> dict[str, Any]:
    """The likeliest classes of each record as `probability:index:class`.

    https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_classification.md
    """
    keys, shares = manifest.probability_keys, tensor["data"]
    best = min(best, len(keys))
    data: list[str] = []
    for start in range(0, len(shares), len(keys)):
        row = shares[start : start + len(keys)]
        likeliest = sorted(range(len(keys)), key=row.__getitem__, reverse=True)[:best]
        data += [f"{row[place]!r}:{place}:{keys[place]}" for place in likeliest]
    return {"name": tensor["name"], "datatype": "BYTES", "shape": [tensor["shape"][0], best], "data": data}


def _make_tensors(manifest: Manifest, predictions: Sequence[Prediction]) -> list[dict[str, Any]]:
    count = len(predictions)
    values = [prediction.value for prediction in predictions]
    datatype = _get_label_datatype(manifest)
    data = [format_label(value) for value in values] if datatype == "BYTES" else values
    tensors: list[dict[str, Any]] = [{"name": "prediction", "datatype": datatype, "shape": [count], "data": data}]
    if manifest.probability_keys:
        shares = [share for prediction in predictions for share in (prediction.probabilities or {}).values()]
        tensors.append(_describe_probabilities(manifest, count) | {"data": shares})
    warnings = [csv_table.format_warnings(prediction.warnings) for prediction in predictions]
    return [*tensors, {"name": "warnings", "datatype": "BYTES", "shape": [count], "data": warnings}]


def _describe_probabilities(manifest: Manifest, count: int) -> dict[str, Any]:
    """The tensor without its data: a row for each record, a column for each class, which a parameter names."""
    shape, classes = [count, len(manifest.probability_keys)], strict_json.dumps(list(manifest.probability_keys))
    return {"name": "probabilities", "datatype": "FP64", "shape": shape, "parameters": {"classes": classes}}


def _get_label_datatype(manifest: Manifest) -> str:
    """The datatype that holds every label; texts where they are of several types."""
    if manifest.task != CLASSIFICATION:
        return "FP64"
    kinds: set[type[Label]] = {type(label) for label in manifest.classes or ()}
    named: dict[type[Label], str] = {bool: "BOOL", int: "INT64", float: "FP64", str: "BYTES"}
    return named[kinds.pop()] if len(kinds) == 1 else "BYTES"
