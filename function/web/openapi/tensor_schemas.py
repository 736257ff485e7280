"""The schemas of the Open Inference Protocol: its requests, responses and metadata."""

from function.model.contract import NUMBER, TEXTS
from function.model.manifest import Manifest
from function.web.openapi.schema_parts import TEXT_SCHEMA, Schema, make_array, make_object, make_tuple
from function.web.protocols.open_inference import CONTENT_TYPES, make_metadata
from function.web.protocols.output_tensors import is_ranked
from function.web.protocols.request_tensor import UNSUPPORTED_PARAMETERS
from function.web.protocols.tensor_datatypes import DATATYPES


def make_tensor_schemas(manifest: Manifest, values: Schema) -> Schema:
    """Return the schemas of the protocol by name; `values` has the schema of each feature."""
    features = manifest.contract.features
    inputs = [make_tuple([_make_tensor_schema({"const": f.name}, [1], f.type, [values[f.name]]) for f in features])]
    types = {feature.type for feature in features}
    if len(types) == 1 and len(features) > 1:
        inputs.append(
            make_tuple([_make_tensor_schema(TEXT_SCHEMA, [1, len(features)], types.pop(), list(values.values()))])
        )
    outputs = make_metadata(manifest)["outputs"]
    size = {"type": "integer", "minimum": -1}
    tensor = {"name": TEXT_SCHEMA, "datatype": TEXT_SCHEMA, "shape": make_array(size), "parameters": {"type": "object"}}
    identity = {"name": TEXT_SCHEMA, "versions": make_array(TEXT_SCHEMA), "platform": TEXT_SCHEMA}
    tensors = make_array(make_object(tensor, ("parameters",)))
    request: Schema = {
        "id": {"type": ["string", "null"]},
        "model_name": {"enum": [manifest.name, None]},
        "model_version": {"enum": [manifest.version, None]},
        "parameters": _make_parameters_schema(CONTENT_TYPES, unsupported=()),
        "inputs": {"anyOf": inputs},
        "outputs": {
            "anyOf": [make_array({"anyOf": [_make_output_schema(output) for output in outputs]}), {"type": "null"}]
        },
    }
    return {
        "Server": make_object({"name": TEXT_SCHEMA, "version": TEXT_SCHEMA, "extensions": make_array(TEXT_SCHEMA)}),
        "Ready": make_object({"name": TEXT_SCHEMA, "ready": {"const": True}}),
        "ModelMetadata": make_object(identity | {"inputs": tensors, "outputs": tensors}),
        "InferRequest": make_object(request, tuple(key for key in request if key != "inputs")),
        "InferResponse": make_object(
            {
                "model_name": TEXT_SCHEMA,
                "model_version": TEXT_SCHEMA,
                "id": TEXT_SCHEMA,
                "outputs": make_array(make_object(tensor | {"data": {"type": "array"}}, ("parameters",))),
            },
            ("id",),
        ),
    }


def _make_tensor_schema(name: Schema, shape: list[int], kind: str, data: list[Schema]) -> Schema:
    """Return the schema of a tensor in its simplest forms. tensor_datatypes lists all that the API accepts."""
    forms = [(list(DATATYPES[kind][:2]), data)]
    if kind == NUMBER:
        integer: Schema = {"type": ["integer", "null"], "minimum": -(2**31), "maximum": 2**31 - 1}
        forms.append((["INT64", "INT32"], [{"allOf": [value, integer]} for value in data]))
    parameters = _make_parameters_schema(("np", "str") if kind in TEXTS else ("np",))
    tensors = [
        make_object(
            {
                "name": name,
                "shape": {"const": shape},
                "datatype": {"enum": datatypes},
                "parameters": parameters,
                "data": make_tuple(values),
            },
            ("parameters",),
        )
        for datatypes, values in forms
    ]
    return {"anyOf": tensors} if len(tensors) > 1 else tensors[0]


def _make_output_schema(output: Schema) -> Schema:
    """Return the schema of a requested output."""
    parameters = _make_parameters_schema(("np", "str") if output["datatype"] == "BYTES" else ("np",))
    ranks = {"type": ["integer", "null"], "minimum": 1} if is_ranked(output["name"]) else {"type": "null"}
    parameters["properties"]["classification"] = ranks
    return make_object({"name": {"const": output["name"]}, "parameters": parameters}, ("parameters",))


def _make_parameters_schema(
    content_types: tuple[str, ...], unsupported: tuple[str, ...] = UNSUPPORTED_PARAMETERS
) -> Schema:
    """Return the schema of a `parameters` object: any name is allowed, but the unsupported ones must be null."""
    properties: Schema = {"content_type": {"enum": [*content_types, None]}}
    return {"type": ["object", "null"], "properties": properties | {key: {"type": "null"} for key in unsupported}}
