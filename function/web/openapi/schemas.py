"""The schemas and examples of the OpenAPI document, made from a model's contract."""

from typing import Any

from function.errors import MISSING, DeployerError, InternalError, InvalidInput, format_pointer
from function.model.cells import quote_cell
from function.model.contract import BOOLEAN, NUMBER, STRING, TEXT, TEXTS, Feature
from function.model.manifest import CLASSIFICATION, Example, Label, Manifest
from function.web.problems import STATUS
from function.web.protocols.input_tensors import NOT_READ
from function.web.protocols.open_inference import CONTENT_TYPES, make_metadata
from function.web.protocols.tensor_datatypes import DATATYPES

type Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
# From here on a number is no 32-bit float, in which scikit-learn's trees compute, even rounded; no measure is larger.
_TOO_LARGE = 3.4028235677973366e38
# What a cell may hold, as function.model.cells.parse_cell reads it; 38 digits are no more than trees take.
_NUMBER = "[+-]?([0-9]{1,38}([.][0-9]*)?|[.][0-9]+|[0-9]{1,28}([.][0-9]*)?[eE][+-]?[0-9])"
_CELLS = {
    NUMBER: f"[ \\t]*{_NUMBER}[ \\t]*",
    BOOLEAN: "[ \\t]*([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])[ \\t]*",
}
_ANY_TEXT = '([^,"\\r\\n][^,\\r\\n]*|"([^"]|"")+")'
_TYPES = {NUMBER: "number", BOOLEAN: "boolean", STRING: "string", TEXT: "string"}


def refer_to(name: str) -> Schema:
    """A reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def make_array(items: Schema) -> Schema:
    """An array of these."""
    return {"type": "array", "items": items}


def name_examples(examples: Schema, *names: str) -> Schema:
    """Those of the examples that there are, as OpenAPI writes them."""
    return {name: {"value": examples[name]} for name in names if name in examples}


def make_schemas(manifest: Manifest, *, strict: bool) -> Schema:
    """Every schema of the document, by name."""
    features = manifest.contract.features
    values = {feature.name: _make_feature(feature, manifest.examples[0], strict=strict) for feature in features}
    ignored: Schema = {name: {"description": "not used"} for name in manifest.contract.ignored}
    return {
        "Record": _make_object(values | ignored, optional=tuple(ignored)),
        "Instances": _make_object({"instances": make_array(refer_to("Record"))}),
        **_make_answers(manifest),
        **_make_invocation(values),
        **_make_inference(manifest, values),
        "Model": _make_object({"name": _TEXT, "version": _TEXT}),
        "Health": _make_object({"status": {"const": "ok"}, "model": refer_to("Model")}),
        "Problem": _make_object(
            {
                "type": _TEXT,
                "title": _TEXT,
                "status": {"type": "integer"},
                "code": {"enum": [error.code for error in STATUS]},
                "detail": _TEXT,
                "request_id": _TEXT,
                "errors": make_array(_make_object({"pointer": _TEXT, "code": _TEXT, "detail": _TEXT})),
                "errors_omitted": {"type": "integer", "minimum": 1},
                "error": {"type": "string", "description": "under /v2: the detail, where that protocol's clients look"},
            },
            optional=("detail", "request_id", "errors", "errors_omitted", "error"),
        ),
    }


def make_examples(manifest: Manifest) -> Schema:
    """Bodies that can be sent as they are: the golden rows in each form."""
    names, records = manifest.contract.names, [example.record for example in manifest.examples[:3]]
    first, row = records[0], [records[0][name] for name in manifest.contract.names]
    tensors = [
        {"name": feature.name, "shape": [1], "datatype": DATATYPES[feature.type][0], "data": [first[feature.name]]}
        for feature in manifest.contract.features
    ]
    made: Schema = {
        "record": first,
        "dataframe_split": {"dataframe_split": {"columns": list(names), "data": [row]}},
        "dataframe_records": {"dataframe_records": records},
        "rows": {"instances": [row]},
        "inputs": {"inputs": {name: [first[name]] for name in names}},
        "tensors": {"id": "1", "inputs": tensors},
    }
    if len(records) > 1:
        made["instances"] = {"instances": records}
    types = {feature.type for feature in manifest.contract.features}
    if len(types) == 1 and len(names) > 1:
        datatype = DATATYPES[types.pop()][0]
        matrix = {"name": "matrix", "shape": [1, len(names)], "datatype": datatype, "data": row}
        made["matrix"] = {"inputs": [matrix]}
    return made


def make_csv_schema(manifest: Manifest) -> Schema:
    """A CSV in its plainest form. Columns may also stand in another order, beside others, and cells in quotes."""
    row = ",".join(map(_make_cell_pattern, manifest.contract.features))
    header = _escape(format_header(manifest))
    return {"type": "string", "pattern": f"^\ufeff?{header}([\\r\\n]+{row})*[\\r\\n]*$"}


def _make_cell_pattern(feature: Feature) -> str:
    words = "|".join(_escape(cell) for cell in sorted(feature.null_cells) if cell)
    if feature.type not in TEXTS:
        return f"({_CELLS[feature.type]}|[ \\t]*({words})?[ \\t]*)" if feature.nullable else f"({_CELLS[feature.type]})"
    no_null = f'(?!"?({words})"?([,\\r\\n]|$))' if words and not feature.nullable else ""
    optional = "?" if feature.nullable or "" not in feature.null_cells else ""
    return f"({no_null}{_ANY_TEXT}){optional}"


def _escape(text: str) -> str:
    """The text as a regular expression of JSON Schema has it."""
    return "".join("\\" + sign if sign in r"\^$.|?*+()[]{}/" else sign for sign in text)


def format_header(manifest: Manifest) -> str:
    """The names of the features as a line of CSV."""
    return ",".join(map(quote_cell, manifest.contract.names))


def make_problem_example(error: type[DeployerError], manifest: Manifest) -> Schema:
    """A problem of that kind."""
    from http import HTTPStatus

    status = STATUS[error]
    example: Schema = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "code": error.code}
    if error is InternalError:
        return example | {"request_id": "5c1f9a1e-3a52-4f31-9b57-0d3f1a0a2b4c"}
    if error is InvalidInput:
        name = manifest.contract.names[0]
        problem = {"pointer": format_pointer(name), "code": MISSING, "detail": MISSING}
        return example | {"detail": f"{problem['pointer']}: missing", "errors": [problem]}
    return example | {"detail": " ".join((error.__doc__ or "").split())}


def describe_feature(feature: Feature) -> str:
    """What training saw of the feature, in words."""
    if feature.categories is not None:
        return f"in training one of: {', '.join(feature.categories)}"
    if feature.minimum is None or feature.maximum is None:
        return {BOOLEAN: "true or false", STRING: "any text", TEXT: "any text"}.get(feature.type, "any number")
    return f"in training from {feature.minimum:.15g} to {feature.maximum:.15g}"


def _make_object(properties: Schema, optional: tuple[str, ...] = ()) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def _make_tuple(items: list[Schema]) -> Schema:
    """An array of exactly these, in this order."""
    return {"type": "array", "prefixItems": items, "items": False, "minItems": len(items), "maxItems": len(items)}


def _make_feature(feature: Feature, example: Example, *, strict: bool) -> Schema:
    """A feature's schema. What training saw is described, not demanded unless `strict`: else it earns a warning."""
    kind = _TYPES[feature.type]
    value: Label | None = example.record.get(feature.name)  # type: ignore[assignment]
    made: Schema = {
        "type": [kind, "null"] if feature.nullable else kind,
        "description": describe_feature(feature),
        "examples": [value],
    }
    if kind == "number":
        made |= {"exclusiveMinimum": -_TOO_LARGE, "exclusiveMaximum": _TOO_LARGE}
        if strict and feature.minimum is not None and feature.maximum is not None:
            made |= {"minimum": feature.minimum, "maximum": feature.maximum}
    if strict and feature.categories is not None:
        made["enum"] = [*feature.categories, *([None] if feature.nullable else [])]
    return made


def _make_answers(manifest: Manifest) -> Schema:
    prediction: Schema = {"type": "number", "description": f"{manifest.target} in {manifest.unit or 'its own unit'}"}
    if manifest.task == CLASSIFICATION:
        prediction = {"enum": list(manifest.classes or ())}
    warning = _make_object({"feature": _TEXT, "code": _TEXT, "detail": _TEXT})
    single: Schema = {"prediction": prediction}
    many: Schema = {"predictions": make_array(prediction)}
    if manifest.probability_keys:
        probabilities = _make_object({key: {"type": "number", "minimum": 0} for key in manifest.probability_keys})
        single["probabilities"] = probabilities
        many["probabilities"] = make_array(probabilities)
    return {
        "Answer": _make_object(single | {"warnings": make_array(warning), "model": refer_to("Model")}),
        # Without records there are no probabilities to name.
        "Answers": _make_object(
            many | {"warnings": make_array(make_array(warning)), "model": refer_to("Model")},
            optional=("probabilities",),
        ),
    }


def _make_invocation(values: Schema) -> Schema:
    row = _make_tuple(list(values.values()))
    # What else there is in a record, or beside the columns, is left out.
    others = {"additionalProperties": True}
    record = _make_object(values) | others
    frame = _make_object({"columns": {"const": list(values)}, "data": make_array(row)})
    columns = (
        _make_object({name: {**make_array(value), "minItems": 1, "maxItems": 1} for name, value in values.items()})
        | others
    )
    forms = (
        {"dataframe_split": frame},
        {"dataframe_records": make_array(record)},
        {"instances": make_array(record)},
        {"instances": make_array(row)},
        {"inputs": columns},
        {"inputs": make_array(row)},
    )
    return {"Invocation": {"anyOf": [*map(_make_object, forms), make_array(row)]}}


def _make_inference(manifest: Manifest, values: Schema) -> Schema:
    features = manifest.contract.features
    inputs = [_make_tuple([_make_tensor({"const": f.name}, [1], f.type, [values[f.name]]) for f in features])]
    types = {feature.type for feature in features}
    if len(types) == 1 and len(features) > 1:
        inputs.append(_make_tuple([_make_tensor(_TEXT, [1, len(features)], types.pop(), list(values.values()))]))
    outputs = make_metadata(manifest)["outputs"]
    size = {"type": "integer", "minimum": -1}
    tensor = {"name": _TEXT, "datatype": _TEXT, "shape": make_array(size), "parameters": {"type": "object"}}
    of_model = {"name": _TEXT, "versions": make_array(_TEXT), "platform": _TEXT}
    described = make_array(_make_object(tensor, ("parameters",)))
    request: Schema = {
        "id": {"type": ["string", "null"]},
        "model_name": {"enum": [manifest.name, None]},
        "model_version": {"enum": [manifest.version, None]},
        "parameters": _make_parameters(CONTENT_TYPES, not_read=()),
        "inputs": {"anyOf": inputs},
        "outputs": {"anyOf": [make_array({"anyOf": [_make_output(output) for output in outputs]}), {"type": "null"}]},
    }
    return {
        "Server": _make_object({"name": _TEXT, "version": _TEXT, "extensions": make_array(_TEXT)}),
        "Ready": _make_object({"name": _TEXT, "ready": {"const": True}}),
        "ModelMetadata": _make_object(of_model | {"inputs": described, "outputs": described}),
        "InferRequest": _make_object(request, tuple(key for key in request if key != "inputs")),
        "InferResponse": _make_object(
            {
                "model_name": _TEXT,
                "model_version": _TEXT,
                "id": _TEXT,
                "outputs": make_array(_make_object(tensor | {"data": {"type": "array"}}, ("parameters",))),
            },
            ("id",),
        ),
    }


def _make_tensor(name: Schema, shape: list[int], kind: str, data: list[Schema]) -> Schema:
    """A tensor in its plainest forms; function.web.protocols.tensor_datatypes has the others."""
    forms = [(list(DATATYPES[kind][:2]), data)]
    if kind == NUMBER:
        whole: Schema = {"type": ["integer", "null"], "minimum": -(2**31), "maximum": 2**31 - 1}
        forms.append((["INT64", "INT32"], [{"allOf": [value, whole]} for value in data]))
    parameters = _make_parameters(("np", "str") if kind in TEXTS else ("np",))
    tensors = [
        _make_object(
            {
                "name": name,
                "shape": {"const": shape},
                "datatype": {"enum": datatypes},
                "parameters": parameters,
                "data": _make_tuple(values),
            },
            ("parameters",),
        )
        for datatypes, values in forms
    ]
    return {"anyOf": tensors} if len(tensors) > 1 else tensors[0]


def _make_output(output: Schema) -> Schema:
    """How an output may be asked for."""
    parameters = _make_parameters(("np", "str") if output["datatype"] == "BYTES" else ("np",))
    ranks = {"type": ["integer", "null"], "minimum": 1} if output["name"] == "probabilities" else {"type": "null"}
    parameters["properties"]["classification"] = ranks
    return _make_object({"name": {"const": output["name"]}, "parameters": parameters}, ("parameters",))


def _make_parameters(content_types: tuple[str, ...], not_read: tuple[str, ...] = NOT_READ) -> Schema:
    """Parameters of any name, but none that is not done here."""
    properties: Schema = {"content_type": {"enum": [*content_types, None]}}
    return {"type": ["object", "null"], "properties": properties | {key: {"type": "null"} for key in not_read}}
