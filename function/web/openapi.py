"""The OpenAPI 3.1 document of a model's API, made from its contract."""

from typing import Any

from function.contract import BOOLEAN, STRING, Feature
from function.errors import InputTooLarge, InternalError, InvalidInput, MalformedInput
from function.manifest import CLASSIFICATION, Example, Label, Manifest, label_text
from function.prediction import MAX_RECORDS
from function.web.messages import CSV, HTML, JSON, PROBLEM
from function.web.problems import STATUS, UnsupportedMediaType

type Schema = dict[str, Any]

_PREDICT_ERRORS = (MalformedInput, InputTooLarge, UnsupportedMediaType, InvalidInput, InternalError)


def document(manifest: Manifest) -> Schema:
    """The document; its schemas say exactly what `POST /predict` takes and what every route answers."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": manifest.name,
            "version": manifest.version,
            "description": f"Predicts {manifest.target}{f' in {manifest.unit}' if manifest.unit else ''}.",
        },
        # Relative to this document, whatever stage or domain it is served under.
        "servers": [{"url": "."}],
        "paths": {
            "/predict": {"post": _predict(manifest)},
            "/health": {"get": _get("health", "Whether the model is loaded", _ref("Health"))},
            "/model": {"get": _get("modelCard", "The model's manifest", {"type": "object"})},
            "/openapi.json": {"get": _get("openapi", "This document", {"type": "object"})},
            "/": {"get": _get("page", "A page for people", {"type": "string"}, media_type=HTML)},
        },
        "components": {"schemas": _schemas(manifest)},
    }


def _predict(manifest: Manifest) -> Schema:
    first, *others = manifest.examples
    examples = {"record": {"value": first.record}}
    if others:
        examples["instances"] = {"value": {"instances": [example.record for example in manifest.examples[:3]]}}
    return {
        "operationId": "predict",
        "summary": f"Predict {manifest.target}",
        "requestBody": {
            "required": True,
            "content": {
                JSON: {"schema": {"oneOf": [_ref("Record"), _ref("Instances")]}, "examples": examples},
                CSV: {"schema": {"type": "string"}, "example": _csv_example(manifest)},
            },
        },
        "responses": {
            "200": {
                "description": "The predictions, in the order of the records",
                "content": {
                    JSON: {"schema": {"oneOf": [_ref("Answer"), _ref("Answers")]}},
                    CSV: {"schema": {"type": "string"}},
                },
            },
            **{str(STATUS[error]): _problem(STATUS[error], error.__doc__ or "") for error in _PREDICT_ERRORS},
        },
    }


def _get(operation: str, summary: str, schema: Schema, media_type: str = JSON) -> Schema:
    ok = {"description": summary, "content": {media_type: {"schema": schema}}}
    responses = {"200": ok, "500": _problem(500, InternalError.__doc__ or "")}
    return {"operationId": operation, "summary": summary, "responses": responses}


def _problem(status: int, description: str) -> Schema:
    schema = {"allOf": [_ref("Problem"), {"properties": {"status": {"const": status}}}]}
    return {"description": description, "content": {PROBLEM: {"schema": schema}}}


def _csv_example(manifest: Manifest) -> str:
    import csv
    from io import StringIO

    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(manifest.contract.names)
    record = manifest.examples[0].record
    cells = [record[name] for name in manifest.contract.names]
    writer.writerow("" if cell is None else label_text(cell) for cell in cells)  # type: ignore[arg-type]
    return text.getvalue()


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(properties: Schema, optional: tuple[str, ...] = ()) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def _array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _schemas(manifest: Manifest) -> Schema:
    text = {"type": "string"}
    prediction = _prediction(manifest)
    has_probabilities = bool(manifest.probability_keys)
    warning = _object({"feature": text, "code": text, "detail": text})
    single: Schema = {"prediction": prediction}
    many: Schema = {"predictions": _array(prediction)}
    if has_probabilities:
        probabilities = _object({key: {"type": "number", "minimum": 0} for key in manifest.probability_keys})
        single["probabilities"] = probabilities
        many["probabilities"] = _array(probabilities)
    model = _ref("Model")
    return {
        "Record": _object(
            {feature.name: _feature(feature, manifest.examples[0]) for feature in manifest.contract.features}
        ),
        "Instances": _object({"instances": {**_array(_ref("Record")), "maxItems": MAX_RECORDS}}),
        "Answer": _object(single | {"warnings": _array(warning), "model": model}),
        # Without records there are no probabilities to name.
        "Answers": _object(many | {"warnings": _array(_array(warning)), "model": model}, optional=("probabilities",)),
        "Model": _object({"name": text, "version": text}),
        "Health": _object({"status": {"const": "ok"}, "model": model}),
        "Problem": _object(
            {
                "type": text,
                "title": text,
                "status": {"type": "integer"},
                "code": text,
                "detail": text,
                "request_id": text,
                "errors": _array(_object({"pointer": text, "code": text, "detail": text})),
                "errors_omitted": {"type": "integer", "minimum": 1},
            },
            optional=("detail", "request_id", "errors", "errors_omitted"),
        ),
    }


def _prediction(manifest: Manifest) -> Schema:
    if manifest.task == CLASSIFICATION:
        return {"enum": list(manifest.classes or ())}
    return {"type": "number", "description": f"{manifest.target}{f' in {manifest.unit}' if manifest.unit else ''}"}


def _feature(feature: Feature, example: Example) -> Schema:
    """A feature's schema. What training saw is described, not demanded: other values are answered with a warning."""
    kind = "boolean" if feature.type == BOOLEAN else "string" if feature.type == STRING else "number"
    value: Label | None = example.record.get(feature.name)  # type: ignore[assignment]
    return {
        "type": [kind, "null"] if feature.nullable else kind,
        "description": describe(feature),
        "examples": [value],
    }


def describe(feature: Feature) -> str:
    """What training saw of the feature, in words."""
    if feature.categories is not None:
        return f"in training one of: {', '.join(feature.categories)}"
    if feature.minimum is None or feature.maximum is None:
        return {BOOLEAN: "true or false", STRING: "any text"}.get(feature.type, "any number")
    return f"in training from {feature.minimum:.15g} to {feature.maximum:.15g}"
