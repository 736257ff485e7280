"""The OpenAPI 3.1 document of a model's API, made from its contract: routes, examples and every kind of problem."""

from function.errors import DeployerError, InputTooLarge, InternalError, InvalidInput, MalformedInput
from function.model.manifest import Manifest
from function.model.target import Target
from function.web.openapi.csv_schema import make_csv_schema
from function.web.openapi.examples import make_csv_example, make_examples, make_problem_example, select_examples
from function.web.openapi.schema_parts import TEXT_SCHEMA, Schema, refer_to_schema
from function.web.openapi.schemas import make_schemas
from function.web.problems import STATUS, MethodNotAllowed, NotAcceptable, RouteNotFound, UnsupportedMediaType
from function.web.protocols.mlflow import IGNORED_COLUMNS_HEADER
from function.web.request_response import CSV, HTML, JSON, PROBLEM, TEXT

_BODY_ERRORS = (MalformedInput, InputTooLarge, UnsupportedMediaType, InvalidInput)
_COMMON_ERRORS = (MethodNotAllowed, InternalError)
_INVOCATIONS_SUMMARY = (
    "Predict the records of dataframe_split, dataframe_records, instances or inputs, of an array of rows, or of a CSV, "
    "which needs no header line"
)


def make_document(manifest: Manifest, *, strict: bool = False, root: str = "") -> Schema:
    """Return the document. `strict` describes the API with STRICT_INPUTS set.

    `root` is the relative address of `/`.
    Bodies whose parts must have equal lengths, which JSON Schema cannot express, are described for a single record.
    """
    examples = make_examples(manifest)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": manifest.name,
            "version": manifest.version,
            "description": f"Predicts {', '.join(map(_describe_target, manifest.targets))}. "
            f"Errors are RFC 9457 problem details with a stable `code`.",
        },
        # Relative to this document, so that it is correct for any stage and domain.
        "servers": [{"url": root.rstrip("/") or "."}],
        "paths": {
            "/predict": {"post": _describe_predict(manifest, examples)},
            "/health": {
                "get": _describe_get(
                    "health", "Confirm that the model is loaded", refer_to_schema("Health"), tag="model"
                )
            },
            "/model": {"get": _describe_get("modelCard", "The model's manifest", {"type": "object"}, tag="model")},
            "/openapi.json": {"get": _describe_get("openapi", "This document", {"type": "object"}, tag="documents")},
            "/docs": {
                "get": _describe_get("docs", "Swagger UI with this document", TEXT_SCHEMA, HTML, tag="documents")
            },
            "/docs/{file}": {"get": _describe_docs_file()},
            "/": {"get": _describe_get("page", "The web page", TEXT_SCHEMA, HTML, tag="documents")},
            **_describe_open_inference(manifest, examples),
            "/invocations": {"post": _describe_invocations(manifest, examples)},
            "/ping": {
                "get": _describe_get(
                    "ping", "Confirm that the model is loaded", _EMPTY_OBJECT, tag="MLflow and SageMaker"
                )
            },
            "/version": {
                "get": _describe_get("version", "The server's version", TEXT_SCHEMA, TEXT, tag="MLflow and SageMaker")
            },
        },
        "components": {
            "schemas": make_schemas(manifest, strict=strict),
            "responses": {name_response(error): _describe_problem(error, manifest) for error in STATUS},
        },
    }


def _describe_target(target: Target) -> str:
    return f"{target.name} in {target.unit}" if target.unit else target.name


_EMPTY_OBJECT: Schema = {"type": "object", "additionalProperties": False}


def name_response(error: type[DeployerError]) -> str:
    """Return the name of the error's response in the document."""
    return error.__name__


def _describe_predict(manifest: Manifest, examples: Schema) -> Schema:
    content = {
        JSON: {
            "schema": {"oneOf": [refer_to_schema("Record"), refer_to_schema("Instances")]},
            "examples": select_examples(examples, "record", "instances"),
        },
        CSV: {"schema": make_csv_schema(manifest), "example": make_csv_example(manifest)},
    }
    responses = {
        JSON: {"schema": {"oneOf": [refer_to_schema("Answer"), refer_to_schema("Answers")]}},
        CSV: {"schema": TEXT_SCHEMA},
    }
    names = ", ".join(target.name for target in manifest.targets)
    return _describe_post("predict", f"Predict {names}", "predict", content, responses)


def _describe_invocations(manifest: Manifest, examples: Schema) -> Schema:
    forms = ("dataframe_split", "dataframe_records", "rows", "inputs")
    content = {
        JSON: {"schema": refer_to_schema("Invocation"), "examples": select_examples(examples, *forms)},
        CSV: {"schema": make_csv_schema(manifest), "example": make_csv_example(manifest)},
    }
    responses = {JSON: {"schema": refer_to_schema("Answers")}, CSV: {"schema": TEXT_SCHEMA}}
    operation = _describe_post("invocations", _INVOCATIONS_SUMMARY, "MLflow and SageMaker", content, responses)
    operation["responses"]["200"]["headers"] = {
        IGNORED_COLUMNS_HEADER: {
            "description": "The number of ignored columns, which are no features of the model",
            "schema": {"type": "integer"},
        }
    }
    operation["responses"][str(STATUS[NotAcceptable])] = _refer_to_problem(NotAcceptable)
    return operation


def _describe_open_inference(manifest: Manifest, examples: Schema) -> Schema:
    from urllib.parse import quote

    tag = "Open Inference Protocol"
    paths: Schema = {"/v2": {"get": _describe_get("server", "The server", refer_to_schema("Server"), tag=tag)}}
    for state in ("live", "ready"):
        schema = {"type": "object", "properties": {state: {"const": True}}, "required": [state]}
        paths[f"/v2/health/{state}"] = {
            "get": _describe_get(f"server_{state}", f"Confirm that the server is {state}", schema, tag=tag)
        }
    model = f"/v2/models/{quote(manifest.name, safe='')}"
    for path, suffix in ((model, ""), (f"{model}/versions/{quote(manifest.version, safe='')}", "_of_version")):
        content = {
            JSON: {
                "schema": refer_to_schema("InferRequest"),
                "examples": select_examples(examples, "tensors", "matrix"),
            }
        }
        responses = {JSON: {"schema": refer_to_schema("InferResponse")}}
        paths[path] = {
            "get": _describe_get(
                f"metadata{suffix}", "The model's input and output tensors", refer_to_schema("ModelMetadata"), tag=tag
            )
        }
        paths[f"{path}/ready"] = {
            "get": _describe_get(f"ready{suffix}", "Confirm that the model is ready", refer_to_schema("Ready"), tag=tag)
        }
        paths[f"{path}/infer"] = {
            "post": _describe_post(f"infer{suffix}", "Predict the records in tensors", tag, content, responses)
        }
        for operation in [*paths[path].values(), *paths[f"{path}/ready"].values()]:
            operation["responses"][str(STATUS[RouteNotFound])] = _refer_to_problem(RouteNotFound)
    return paths


def _describe_docs_file() -> Schema:
    operation = _describe_get("docsFile", "A file of /docs", TEXT_SCHEMA, "text/javascript", tag="documents")
    operation["responses"]["200"]["content"]["text/css"] = {"schema": TEXT_SCHEMA}
    operation["responses"][str(STATUS[RouteNotFound])] = _refer_to_problem(RouteNotFound)
    files = ["swagger-ui.min.css", "swagger-ui-bundle.min.js", "start.js"]
    parameter = {"name": "file", "in": "path", "required": True, "schema": {"enum": files}}
    return operation | {"parameters": [parameter]}


def _describe_post(operation: str, summary: str, tag: str, content: Schema, responses: Schema) -> Schema:
    return {
        "operationId": operation,
        "summary": summary,
        "tags": [tag],
        "requestBody": {"required": True, "content": content},
        "responses": {
            "200": {"description": "The predictions, in the order of the records", "content": responses},
            **{str(STATUS[error]): _refer_to_problem(error) for error in (*_BODY_ERRORS, *_COMMON_ERRORS)},
        },
    }


def _describe_get(operation: str, summary: str, schema: Schema, media_type: str = JSON, *, tag: str) -> Schema:
    responses = {
        "200": {"description": summary, "content": {media_type: {"schema": schema}}},
        **{str(STATUS[error]): _refer_to_problem(error) for error in _COMMON_ERRORS},
    }
    return {"operationId": operation, "summary": summary, "tags": [tag], "responses": responses}


def _refer_to_problem(error: type[DeployerError]) -> Schema:
    return {"$ref": f"#/components/responses/{name_response(error)}"}


def _describe_problem(error: type[DeployerError], manifest: Manifest) -> Schema:
    exact = {"status": {"const": STATUS[error]}, "code": {"const": error.code}}
    schema = {"allOf": [refer_to_schema("Problem"), {"type": "object", "properties": exact}]}
    response: Schema = {
        "description": error.__doc__ or "",
        "content": {PROBLEM: {"schema": schema, "example": make_problem_example(error, manifest)}},
    }
    if error is MethodNotAllowed:
        allow = {"description": "The methods that the route supports", "required": True, "schema": TEXT_SCHEMA}
        response["headers"] = {"Allow": allow}
    return response
