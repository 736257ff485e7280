"""The schemas of the OpenAPI document, made from a model's contract."""

from function.model.contract import BOOLEAN, LONGEST_TEXT, NUMBER, STRING, TEXT, Feature
from function.model.manifest import Example, Manifest
from function.model.target import SCORE, Label, Target
from function.web.openapi.schema_parts import (
    TEXT_SCHEMA,
    Schema,
    make_array,
    make_object,
    make_tuple,
    refer_to_schema,
)
from function.web.openapi.tensor_schemas import make_tensor_schemas
from function.web.problems import STATUS

# The smallest number that overflows a 32-bit float, rounding included; scikit-learn's trees compute with such floats.
_FLOAT32_OVERFLOW = 3.4028235677973366e38
_TYPES = {NUMBER: "number", BOOLEAN: "boolean", STRING: "string", TEXT: "string"}


def make_schemas(manifest: Manifest, *, strict: bool) -> Schema:
    """Return every schema of the document, by name."""
    features = manifest.contract.features
    values = {feature.name: _make_feature_schema(feature, manifest.examples[0], strict=strict) for feature in features}
    ignored: Schema = {name: {"description": "not used"} for name in manifest.contract.ignored}
    return {
        "Record": make_object(values | ignored, optional=tuple(ignored)),
        "Instances": make_object({"instances": make_array(refer_to_schema("Record"))}),
        **_make_prediction_schemas(manifest),
        **_make_invocation_schema(values),
        **make_tensor_schemas(manifest, values),
        "Model": make_object({"name": TEXT_SCHEMA, "version": TEXT_SCHEMA}),
        "Health": make_object({"status": {"const": "ok"}, "model": refer_to_schema("Model")}),
        "Problem": make_object(
            {
                "type": TEXT_SCHEMA,
                "title": TEXT_SCHEMA,
                "status": {"type": "integer"},
                "code": {"enum": [error.code for error in STATUS]},
                "detail": TEXT_SCHEMA,
                "request_id": TEXT_SCHEMA,
                "errors": make_array(make_object({"pointer": TEXT_SCHEMA, "code": TEXT_SCHEMA, "detail": TEXT_SCHEMA})),
                "errors_omitted": {"type": "integer", "minimum": 1},
                "error": {
                    "type": "string",
                    "description": "the detail again, under /v2 only: clients of that protocol read it",
                },
            },
            optional=("detail", "request_id", "errors", "errors_omitted", "error"),
        ),
    }


def describe_feature(feature: Feature) -> str:
    """Describe in words the values that training saw of the feature."""
    if feature.categories is not None:
        return f"in training one of: {', '.join(feature.categories)}"
    if feature.minimum is None or feature.maximum is None:
        return {BOOLEAN: "true or false", STRING: "any text", TEXT: "any text"}.get(feature.type, "any number")
    return f"in training from {feature.minimum:.15g} to {feature.maximum:.15g}"


def _make_feature_schema(feature: Feature, example: Example, *, strict: bool) -> Schema:
    """Return the schema of a feature. It enforces the range or categories seen in training only if `strict`.

    Otherwise it only describes them, because other values cause a warning and no error.
    """
    kind = _TYPES[feature.type]
    value: Label | None = example.record.get(feature.name)  # type: ignore[assignment]
    schema: Schema = {
        "type": [kind, "null"] if feature.nullable else kind,
        "description": describe_feature(feature),
        "examples": [value],
    }
    if kind == "number":
        schema |= {"exclusiveMinimum": -_FLOAT32_OVERFLOW, "exclusiveMaximum": _FLOAT32_OVERFLOW}
        if strict and feature.minimum is not None and feature.maximum is not None:
            schema |= {"minimum": feature.minimum, "maximum": feature.maximum}
    if feature.type == TEXT:
        schema["maxLength"] = LONGEST_TEXT
    if strict and feature.categories is not None:
        schema["enum"] = [*feature.categories, *([None] if feature.nullable else [])]
    return schema


def _make_prediction_schemas(manifest: Manifest) -> Schema:
    warning = make_object({"feature": TEXT_SCHEMA, "code": TEXT_SCHEMA, "detail": TEXT_SCHEMA})
    prediction = _join_targets(manifest, [_make_target_schema(target) for target in manifest.targets])
    single: Schema = {"prediction": prediction}
    many: Schema = {"predictions": make_array(prediction)}
    if manifest.scores:
        scores = _join_targets(manifest, [_make_scores_schema(target) for target in manifest.targets])
        single[manifest.scores] = scores
        many[manifest.scores] = make_array(scores)
    return {
        "Answer": make_object(single | {"warnings": make_array(warning), "model": refer_to_schema("Model")}),
        # A response without records has no scores.
        "Answers": make_object(
            many | {"warnings": make_array(make_array(warning)), "model": refer_to_schema("Model")},
            optional=(manifest.scores,) if manifest.scores else (),
        ),
    }


def _join_targets(manifest: Manifest, schemas: list[Schema]) -> Schema:
    """Return the only schema, or that of an object with one for each target."""
    names = [target.name for target in manifest.targets]
    return schemas[0] if len(schemas) == 1 else make_object(dict(zip(names, schemas, strict=True)))


def _make_target_schema(target: Target) -> Schema:
    if target.classes is not None:
        return {"enum": list(target.classes)}
    return {"type": "number", "description": f"{target.name} in {target.unit or 'its own unit'}"}


def _make_scores_schema(target: Target) -> Schema:
    if target.scores == SCORE:
        return {"type": "number", "description": "less than 0 for an outlier; the smaller, the more unusual"}
    return make_object({key: {"type": "number", "minimum": 0} for key in target.keys})


def _make_invocation_schema(values: Schema) -> Schema:
    row = make_tuple(list(values.values()))
    # Fields and columns that are no features are ignored.
    extra_allowed = {"additionalProperties": True}
    record = make_object(values) | extra_allowed
    frame = make_object({"columns": {"const": list(values)}, "data": make_array(row)})
    columns = (
        make_object({name: {**make_array(value), "minItems": 1, "maxItems": 1} for name, value in values.items()})
        | extra_allowed
    )
    forms = (
        {"dataframe_split": frame},
        {"dataframe_records": make_array(record)},
        {"instances": make_array(record)},
        {"instances": make_array(row)},
        {"inputs": columns},
        {"inputs": make_array(row)},
    )
    return {"Invocation": {"anyOf": [*map(make_object, forms), make_array(row)]}}
