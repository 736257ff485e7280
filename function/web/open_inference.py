"""The Open Inference Protocol, version 2, over HTTP, as KServe, Triton and MLServer speak it; no binary extension.

One tensor for each feature, of shape [n] or [n, 1], or one matrix of shape [n, features] in the features' order. A null
may stand where training saw one, which the protocol leaves open. Out come `prediction`, `probabilities` where there are
any, and `warnings` in words.
https://github.com/open-inference/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
"""

from collections.abc import Mapping, Sequence
from typing import Any

from function import csv_table, strict_json
from function.contract import BOOLEAN, NUMBER, STRING, TEXT, pointer
from function.errors import InvalidInput, Problem
from function.manifest import CLASSIFICATION, Label, Manifest, label_text
from function.prediction import Prediction, predict
from function.service import Service
from function.version import VERSION
from function.web.bodies import media_type_of
from function.web.messages import JSON, Request, Response, json_response
from function.web.problems import RouteNotFound, UnsupportedMediaType
from function.web.tables import Table, by_column, by_row, check_names, checked_list

DATATYPES: dict[str, tuple[str, ...]] = {
    NUMBER: (
        *("FP64", "FP32", "FP16", "BF16", "INT64", "INT32", "INT16", "INT8"),
        *("UINT64", "UINT32", "UINT16", "UINT8"),
    ),
    BOOLEAN: ("BOOL",),
    STRING: ("BYTES",),
    TEXT: ("BYTES",),
}
"""What a tensor of a feature's type may say it holds; the first is what the metadata name."""
PLATFORM = "scikit-learn"


def respond(service: Service, request: Request) -> Response:
    """The response to a request under `/v2`. Raises RouteNotFound where it names another model or version."""
    manifest = service.model.manifest
    if request.route == "/v2":
        return json_response({"name": "ml-model-deployer", "version": VERSION, "extensions": []})
    if request.route.startswith("/v2/health/"):
        return json_response({request.route.rpartition("/")[2]: True})
    if request.names["model"] != manifest.name or request.names.get("version", manifest.version) != manifest.version:
        raise RouteNotFound("There is no such model or version here: GET /health names the one that there is.")
    match request.route.rpartition("/")[2]:
        case "infer":
            return json_response(_infer(service, request))
        case "ready":
            return json_response({"name": manifest.name, "ready": True})
    return json_response(metadata(manifest))


def metadata(manifest: Manifest) -> dict[str, Any]:
    """What the model takes, one tensor for each feature, and what it gives."""
    return {
        "name": manifest.name,
        "versions": [manifest.version],
        "platform": PLATFORM,
        "inputs": [
            {"name": feature.name, "datatype": DATATYPES[feature.type][0], "shape": [-1]}
            for feature in manifest.contract.features
        ],
        "outputs": [
            {"name": "prediction", "datatype": _label_datatype(manifest), "shape": [-1]},
            *([_probabilities(manifest, -1)] if manifest.probability_keys else []),
            {"name": "warnings", "datatype": "BYTES", "shape": [-1]},
        ],
    }


def table_of(manifest: Manifest, body: object) -> Table:
    """The records in a request's tensors. Raises InvalidInput, InputTooLarge."""
    if not isinstance(body, dict):
        raise InvalidInput([Problem("", "wrong_type", "expected an object with inputs")])
    known = ("id", "parameters", "inputs", "outputs")
    problems = [Problem(pointer(key), "unknown_field", "no part of the protocol") for key in body if key not in known]
    if not isinstance(body.get("id", ""), str):
        problems.append(Problem("/id", "wrong_type", "expected a text"))
    if not isinstance(body.get("parameters", {}), dict):
        problems.append(Problem("/parameters", "wrong_type", "expected an object"))
    inputs = checked_list(body.get("inputs"), "/inputs", "an array of tensors")
    for index, tensor in enumerate(inputs):
        problems += _tensor_problems(tensor, f"/inputs/{index}")
    if problems:
        raise InvalidInput(problems)
    features = manifest.contract.names
    width = inputs[0]["shape"][1] if len(inputs) == 1 and len(inputs[0]["shape"]) == 2 else 1
    if len(inputs) == 1 and width == len(features) and (width > 1 or inputs[0]["name"] not in features):
        return _matrix(manifest, inputs[0])
    check_names(features, [tensor["name"] for tensor in inputs], lambda i: f"/inputs/{i}/name", "/inputs")
    return _columns(manifest, inputs)


def _tensor_problems(tensor: object, where: str) -> list[Problem]:
    """What is wrong with a tensor by itself."""
    if not isinstance(tensor, dict):
        return [Problem(where, "wrong_type", "expected a tensor: an object with name, shape, datatype and data")]
    problems = [
        Problem(where + pointer(key), "unknown_field", "no part of a tensor")
        for key in tensor
        if key not in ("name", "shape", "datatype", "parameters", "data")
    ]
    if not isinstance(tensor.get("parameters", {}), dict):
        problems.append(Problem(f"{where}/parameters", "wrong_type", "expected an object"))
    if not isinstance(tensor.get("name"), str):
        problems.append(Problem(f"{where}/name", "wrong_type", "expected a text"))
    if _kind(tensor.get("datatype")) is None:
        problems.append(Problem(f"{where}/datatype", "wrong_type", f"expected one of {', '.join(_all_datatypes())}"))
    shape = tensor.get("shape")
    sizes = shape if isinstance(shape, list) and all(type(size) is int and size >= 0 for size in shape) else []
    if len(sizes) not in (1, 2):
        return [*problems, Problem(f"{where}/shape", "wrong_type", "expected one or two sizes, such as [1] or [1, 1]")]
    if not isinstance(tensor.get("data"), list):
        return [*problems, Problem(f"{where}/data", "wrong_type", "expected an array of values")]
    # Tensors come flat, or with brackets around each row.
    rows = tensor["data"]
    nested = len(sizes) == 2 and any(isinstance(row, list) for row in rows)
    if nested and not all(isinstance(row, list) and len(row) == sizes[1] for row in rows):
        return [
            *problems,
            Problem(f"{where}/data", "row_length", f"expected rows of {sizes[1]} values, as the shape says"),
        ]
    expected = sizes[0] if nested or len(sizes) == 1 else sizes[0] * sizes[1]
    if len(rows) != expected:
        detail = f"{len(rows)} values where the shape says {expected}"
        problems.append(Problem(f"{where}/data", "shape_mismatch", detail))
    return problems


def _all_datatypes() -> list[str]:
    return [datatype for datatypes in DATATYPES.values() for datatype in datatypes]


def _kind(datatype: object) -> str | None:
    """The type of feature that a tensor of this datatype holds."""
    return next((kind for kind, datatypes in DATATYPES.items() if datatype in datatypes), None)


def _matrix(manifest: Manifest, tensor: dict[str, Any]) -> Table:
    features = manifest.contract.features
    _check_kinds((_kind(tensor["datatype"]), feature.type, "/inputs/0/datatype") for feature in features)
    count, width = tensor["shape"]
    data = tensor["data"]
    is_flat = not data or not isinstance(data[0], list)
    rows = [data[start : start + width] for start in range(0, count * width, width)] if is_flat else data
    table = by_row(manifest.contract.names, rows, "/inputs/0/data", by_position=True)
    if not is_flat:
        return table

    def pointer_of(index: int, inside: str) -> str:
        place = table.pointer_of(index, inside).rpartition("/")[2]
        return f"/inputs/0/data/{index * width + int(place)}" if inside else "/inputs/0/data"

    return Table(table.records, pointer_of)


def _columns(manifest: Manifest, inputs: Sequence[dict[str, Any]]) -> Table:
    places = {tensor["name"]: index for index, tensor in enumerate(inputs)}
    wide = [
        Problem(f"/inputs/{index}/shape", "shape_mismatch", "expected [n] or [n, 1]: the feature's values")
        for index, tensor in enumerate(inputs)
        if tensor["shape"][1:] not in ([], [1])
    ]
    if wide:
        raise InvalidInput(wide)
    _check_kinds(
        (_kind(inputs[places[feature.name]]["datatype"]), feature.type, f"/inputs/{places[feature.name]}/datatype")
        for feature in manifest.contract.features
    )
    columns = {
        tensor["name"]: [
            value[0] if isinstance(value, list) and tensor["shape"][1:] else value for value in tensor["data"]
        ]
        for tensor in inputs
    }
    where = {name: f"/inputs/{index}/data" for name, index in places.items()}
    return by_column(manifest.contract.names, columns, where)


def _check_kinds(kinds: Any) -> None:
    problems = {
        Problem(where, "wrong_type", f"the feature is a {expected}: expected {' or '.join(DATATYPES[expected])}"): None
        for found, expected, where in kinds
        if found != expected
    }
    if problems:
        raise InvalidInput(list(problems))


def _infer(service: Service, request: Request) -> dict[str, Any]:
    if media_type_of(request, "The body is empty: send a request of the protocol as JSON.") != JSON:
        raise UnsupportedMediaType(f"Send {JSON}.")
    if "inference-header-content-length" in request.headers:
        raise UnsupportedMediaType("The binary tensor extension is not spoken here: send the tensors' data as JSON.")
    model, body = service.model, strict_json.loads(request.body)
    table = table_of(model.manifest, body)
    assert isinstance(body, dict)  # table_of has seen to it
    wanted = _wanted(model.manifest, body)
    strict = service.settings.strict_inputs
    predictions = predict(model, table.records, table.pointer_of, strict=strict, seen=service.seen)
    answer = {"model_name": model.manifest.name, "model_version": model.manifest.version}
    if "id" in body:
        answer["id"] = body["id"]
    return answer | {
        "outputs": [tensor for tensor in _tensors(model.manifest, predictions) if tensor["name"] in wanted]
    }


def _wanted(manifest: Manifest, body: Mapping[str, Any]) -> set[str]:
    """The names of the outputs that are asked for: all, where none is named. Raises InvalidInput."""
    known = {tensor["name"] for tensor in metadata(manifest)["outputs"]}
    outputs = checked_list(body.get("outputs", []), "/outputs", "an array of outputs")
    problems = [
        Problem(f"/outputs/{index}", "unknown_field", f"no output of the model: {', '.join(sorted(known))}")
        for index, output in enumerate(outputs)
        if not isinstance(output, dict) or not isinstance(output.get("name"), str) or output["name"] not in known
    ]
    for index, output in enumerate(outputs):
        if isinstance(output, dict):
            others = {key: value for key, value in output.items() if key != "name"}
            if not isinstance(others.pop("parameters", {}), dict):
                problems.append(Problem(f"/outputs/{index}/parameters", "wrong_type", "expected an object"))
            problems += [Problem(f"/outputs/{index}{pointer(k)}", "unknown_field", "no part of it") for k in others]
    if problems:
        raise InvalidInput(problems)
    return {output["name"] for output in outputs} or known


def _tensors(manifest: Manifest, predictions: Sequence[Prediction]) -> list[dict[str, Any]]:
    count = len(predictions)
    values = [prediction.value for prediction in predictions]
    datatype = _label_datatype(manifest)
    data = [label_text(value) for value in values] if datatype == "BYTES" else values
    tensors: list[dict[str, Any]] = [{"name": "prediction", "datatype": datatype, "shape": [count], "data": data}]
    if manifest.probability_keys:
        shares = [share for prediction in predictions for share in (prediction.probabilities or {}).values()]
        tensors.append(_probabilities(manifest, count) | {"data": shares})
    warnings = [csv_table.warnings_cell(prediction.warnings) for prediction in predictions]
    return [*tensors, {"name": "warnings", "datatype": "BYTES", "shape": [count], "data": warnings}]


def _probabilities(manifest: Manifest, count: int) -> dict[str, Any]:
    """The tensor without its data: a row for each record, a column for each class, which a parameter names."""
    shape, classes = [count, len(manifest.probability_keys)], strict_json.dumps(list(manifest.probability_keys))
    return {"name": "probabilities", "datatype": "FP64", "shape": shape, "parameters": {"classes": classes}}


def _label_datatype(manifest: Manifest) -> str:
    """The datatype that holds every label; texts where they are of several types."""
    if manifest.task != CLASSIFICATION:
        return "FP64"
    kinds: set[type[Label]] = {type(label) for label in manifest.classes or ()}
    named: dict[type[Label], str] = {bool: "BOOL", int: "INT64", float: "FP64", str: "BYTES"}
    return named[kinds.pop()] if len(kinds) == 1 else "BYTES"
