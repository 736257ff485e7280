"""The Open Inference Protocol, version 2, over HTTP, as KServe, Triton and MLServer speak it; no binary extension.

One tensor for each feature, of shape [n] or [n, 1], or one matrix of shape [n, features] in the features' order. A null
may stand where training saw one, which the protocol leaves open. Out come `prediction`, `probabilities` where there are
any, and `warnings` in words.
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
from function.web.protocols.tensor_datatypes import DATATYPES
from function.web.request_response import JSON, Request, Response, make_json_response

PLATFORM = "scikit-learn"
CONTENT_TYPES = ("pd", "np", "str")
"""What a request may say of all its tensors, by the names of MLServer's codecs: they read what is read here."""


def respond(service: Service, request: Request) -> Response:
    """The response to a request under `/v2`. Raises RouteNotFound where it names another model or version."""
    manifest = service.model.manifest
    if request.route == "/v2":
        return make_json_response({"name": "ml-model-deployer", "version": VERSION, "extensions": []})
    if request.route.startswith("/v2/health/"):
        return make_json_response({request.route.rpartition("/")[2]: True})
    if request.names["model"] != manifest.name or request.names.get("version", manifest.version) != manifest.version:
        raise RouteNotFound("There is no such model or version here: GET /health names the one that there is.")
    match request.route.rpartition("/")[2]:
        case "infer":
            return _infer(service, request)
        case "ready":
            return make_json_response({"name": manifest.name, "ready": True})
    return make_json_response(make_metadata(manifest))


def make_metadata(manifest: Manifest) -> dict[str, Any]:
    """What the model takes, one tensor for each feature, and what it gives."""
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
    if "inference-header-content-length" in request.headers or _is_raw(request):
        raise UnsupportedMediaType("The binary tensor extension is not spoken here: send the tensors' data as JSON.")
    if choose_request_type(request, "The body is empty: send a request of the protocol as JSON.") != JSON:
        raise UnsupportedMediaType(f"Send {JSON}.")
    model, body = service.model, strict_json.loads(request.body)
    if not isinstance(body, dict):
        raise InvalidInput([Problem("", WRONG_TYPE, "expected an object with inputs")])
    problems = _find_problems(model.manifest, body)
    if problems:
        raise InvalidInput(problems)
    wanted = output_tensors.read_outputs(model.manifest, body.get("outputs"))
    table, misdeclared = input_tensors.read_inputs(model.manifest.contract.features, body.get("inputs"))
    strict = service.settings.strict_inputs
    if misdeclared:
        # The contract's problems too: a caller learns everything at once.
        checked = model.manifest.contract.check(table.records, strict=strict)
        others = [(index, problem) for index, problems in checked.problems.items() for problem in problems]
        raise InvalidInput(
            misdeclared + [p._replace(pointer=table.pointer_of(index, p.pointer)) for index, p in others]
        )
    predictions = predict(model, table.records, table.pointer_of, strict=strict)
    answer: dict[str, Any] = {"model_name": model.manifest.name, "model_version": model.manifest.version}
    if body.get("id") is not None:
        answer["id"] = body["id"]
    answer["outputs"] = output_tensors.fill_outputs(model.manifest, predictions, wanted)
    return make_json_response(answer, predictions)


def _is_raw(request: Request) -> bool:
    return request.headers.get("content-type", "").lower().startswith("application/octet-stream")


def _find_problems(manifest: Manifest, body: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with a request beside its inputs and outputs. Clients write null for what they leave out."""
    problems = [
        Problem(format_pointer(key), UNKNOWN_FIELD, "no part of the protocol")
        for key in body
        if key not in ("id", "model_name", "model_version", "parameters", "inputs", "outputs")
    ]
    if not isinstance(body.get("id"), str | None):
        problems.append(Problem("/id", WRONG_TYPE, "expected a text"))
    # KServe's SDK says it again.
    for key, own in (("model_name", manifest.name), ("model_version", manifest.version)):
        if body.get(key) not in (None, own):
            problems.append(Problem(format_pointer(key), OTHER_MODEL, f"the path names {own}: send the same, or none"))
    content_type = input_tensors.check_parameters(body, "", problems).get("content_type")
    if content_type is not None and content_type not in CONTENT_TYPES:
        detail = f"not decoded here: expected {' or '.join(CONTENT_TYPES)}"
        problems.append(Problem("/parameters/content_type", UNSUPPORTED, detail))
    return problems
