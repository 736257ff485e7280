"""The Open Inference Protocol, version 2, over HTTP, as in KServe, Triton and MLServer, without the binary extension.

Inputs: a tensor for each feature, of shape [n] or [n, 1], or one matrix of shape [n, features] in the features' order.
A value may be null if the feature had missing values in training; the protocol does not define this.
Outputs: `prediction`, its scores such as `probabilities` if the model has them, and `warnings` as texts. A model of
several targets has the first two for each, such as `prediction_price`.
https://github.com/open-inference/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
"""

from collections.abc import Mapping
from typing import Any

from function.errors import OTHER_MODEL, UNKNOWN_FIELD, UNSUPPORTED, WRONG_TYPE, InvalidInput, Problem, format_pointer
from function.formats import strict_json
from function.model.manifest import Manifest
from function.model.prediction import predict
from function.service import Service
from function.version import VERSION
from function.web.content_negotiation import choose_request_type
from function.web.problems import RouteNotFound, UnsupportedMediaType
from function.web.protocols import input_tensors, output_tensors
from function.web.protocols.request_tensor import read_parameters
from function.web.protocols.tensor_datatypes import DATATYPES
from function.web.request_response import JSON, Request, Response, make_json_response

PLATFORM = "scikit-learn"
CONTENT_TYPES = ("pd", "np", "str")
"""The content types that a whole request may declare, by MLServer's codec names. None of them changes the decoding."""


def respond(service: Service, request: Request) -> Response:
    """Return the response to a request under `/v2`. Raises RouteNotFound if it names another model or version."""
    manifest = service.model.manifest
    if request.route == "/v2":
        return make_json_response({"name": "ml-model-deployer", "version": VERSION, "extensions": []})
    if request.route.startswith("/v2/health/"):
        return make_json_response({request.route.rpartition("/")[2]: True})
    if (
        request.path_parameters["model"] != manifest.name
        or request.path_parameters.get("version", manifest.version) != manifest.version
    ):
        raise RouteNotFound("There is no such model or version: GET /health returns the name and version of the model.")
    match request.route.rpartition("/")[2]:
        case "infer":
            return _infer(service, request)
        case "ready":
            return make_json_response({"name": manifest.name, "ready": True})
    return make_json_response(make_metadata(manifest))


def make_metadata(manifest: Manifest) -> dict[str, Any]:
    """Return the model's metadata: an input tensor for each feature, and the output tensors."""
    return {
        "name": manifest.name,
        "versions": [manifest.version],
        "platform": PLATFORM,
        "inputs": [
            {"name": feature.name, "datatype": DATATYPES[feature.type][0], "shape": [-1]}
            for feature in manifest.contract.features
        ],
        "outputs": output_tensors.describe_outputs(manifest),
    }


def _infer(service: Service, request: Request) -> Response:
    if "inference-header-content-length" in request.headers or _has_binary_body(request):
        raise UnsupportedMediaType("The binary tensor extension is not supported: send the tensors' data as JSON.")
    if choose_request_type(request, "The body is empty: send an inference request as JSON.") != JSON:
        raise UnsupportedMediaType(f"The body's Content-Type is not supported: send {JSON}.")
    model, body = service.model, strict_json.loads(request.body)
    if not isinstance(body, dict):
        raise InvalidInput([Problem("", WRONG_TYPE, "expected an object with inputs")])
    problems = _find_problems(model.manifest, body)
    if problems:
        raise InvalidInput(problems)
    outputs = output_tensors.read_outputs(model.manifest, body.get("outputs"))
    table, datatype_problems = input_tensors.read_inputs(model.manifest.contract.features, body.get("inputs"))
    strict = service.settings.strict_inputs
    if datatype_problems:
        # Add the contract's problems, so that the caller sees all problems at once.
        checked = model.manifest.contract.check(table.records, strict=strict)
        others = [(index, problem) for index, problems in checked.problems.items() for problem in problems]
        raise InvalidInput(
            datatype_problems + [p._replace(pointer=table.make_pointer(index, p.pointer)) for index, p in others]
        )
    predictions = predict(model, table.records, table.make_pointer, strict=strict)
    document: dict[str, Any] = {"model_name": model.manifest.name, "model_version": model.manifest.version}
    if body.get("id") is not None:
        document["id"] = body["id"]
    document["outputs"] = output_tensors.fill_outputs(model.manifest, predictions, outputs)
    return make_json_response(document, predictions)


def _has_binary_body(request: Request) -> bool:
    return request.headers.get("content-type", "").lower().startswith("application/octet-stream")


def _find_problems(manifest: Manifest, body: Mapping[str, Any]) -> list[Problem]:
    """Return the problems outside `inputs` and `outputs`. Fields may be null, as some clients write absent ones."""
    problems = [
        Problem(format_pointer(key), UNKNOWN_FIELD, "no field of the protocol: remove it")
        for key in body
        if key not in ("id", "model_name", "model_version", "parameters", "inputs", "outputs")
    ]
    if not isinstance(body.get("id"), str | None):
        problems.append(Problem("/id", WRONG_TYPE, "expected a string"))
    # KServe's SDK repeats the path's model in the body.
    for key, own in (("model_name", manifest.name), ("model_version", manifest.version)):
        if body.get(key) not in (None, own):
            problems.append(Problem(format_pointer(key), OTHER_MODEL, f"expected {own} as in the path, or no value"))
    content_type = read_parameters(body, "", problems).get("content_type")
    if content_type is not None and content_type not in CONTENT_TYPES:
        detail = f"not supported: expected {' or '.join(CONTENT_TYPES)}"
        problems.append(Problem("/parameters/content_type", UNSUPPORTED, detail))
    return problems
