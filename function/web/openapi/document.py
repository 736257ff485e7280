"""The OpenAPI 3.1 document of a model's API, made from its contract: routes, examples and every kind of problem."""

from function.errors import DeployerError, InputTooLarge, InternalError, InvalidInput, MalformedInput
from function.model.manifest import Manifest, format_label
from function.web.openapi import schemas
from function.web.openapi.schemas import Schema, name_examples, refer_to
from function.web.problems import STATUS, MethodNotAllowed, NotAcceptable, RouteNotFound, UnsupportedMediaType
from function.web.protocols.mlflow import IGNORED
from function.web.request_response import CSV, HTML, JSON, PROBLEM, TEXT

_READING = (MalformedInput, InputTooLarge, UnsupportedMediaType, InvalidInput)
_EVERY = (MethodNotAllowed, InternalError)
_FORMS = (
    "Predict one of dataframe_split, dataframe_records, instances and inputs, a bare array of rows, or a CSV, "
    "whose header line may be absent"
)


def make_document(manifest: Manifest, *, strict: bool = False, above: str = "") -> Schema:
    """The document; its schemas say what each route takes and answers, `strict` as where STRICT_INPUTS is set.

    `above` leads from where it is served to where `/openapi.json` belongs.

    Forms whose parts must be of one length, which JSON Schema cannot say, are described for a single record.
    """
    examples = schemas.make_examples(manifest)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": manifest.name,
            "version": manifest.version,
            "description": f"Predicts {manifest.target}{f' in {manifest.unit}' if manifest.unit else ''}. "
            f"Errors are RFC 9457 problem details with a stable `code`.",
        },
        # Relative to this document, whatever stage or domain it is served under.
        "servers": [{"url": above.rstrip("/") or "."}],
        "paths": {
            "/predict": {"post": _describe_predict(manifest, examples)},
            "/health": {"get": _describe_get("health", "Whether the model is loaded", refer_to("Health"), tag="model")},
            "/model": {"get": _describe_get("modelCard", "The model's manifest", {"type": "object"}, tag="model")},
            "/openapi.json": {"get": _describe_get("openapi", "This document", {"type": "object"}, tag="documents")},
            "/docs": {"get": _describe_get("docs", "This document for people", _TEXT, HTML, tag="documents")},
            "/docs/{file}": {"get": _describe_docs_file()},
            "/": {"get": _describe_get("page", "A page for people", _TEXT, HTML, tag="documents")},
            **_describe_open_inference(manifest, examples),
            "/invocations": {"post": _describe_invocations(manifest, examples)},
            "/ping": {"get": _describe_get("ping", "Whether the model is loaded", _EMPTY, tag="MLflow and SageMaker")},
            "/version": {
                "get": _describe_get("version", "The server's version", _TEXT, TEXT, tag="MLflow and SageMaker")
            },
        },
        "components": {
            "schemas": schemas.make_schemas(manifest, strict=strict),
            "responses": {name_response(error): _describe_problem(error, manifest) for error in STATUS},
        },
    }


_TEXT: Schema = {"type": "string"}
_EMPTY: Schema = {"type": "object", "additionalProperties": False}


def name_response(error: type[DeployerError]) -> str:
    """What the document calls the response with such a problem."""
    return error.__name__


def _describe_predict(manifest: Manifest, examples: Schema) -> Schema:
    content = {
        JSON: {
            "schema": {"oneOf": [refer_to("Record"), refer_to("Instances")]},
            "examples": name_examples(examples, "record", "instances"),
        },
        CSV: {"schema": schemas.make_csv_schema(manifest), "example": make_csv_example(manifest)},
    }
    answers = {JSON: {"schema": {"oneOf": [refer_to("Answer"), refer_to("Answers")]}}, CSV: {"schema": _TEXT}}
    return _describe_post("predict", f"Predict {manifest.target}", "predict", content, answers)


def _describe_invocations(manifest: Manifest, examples: Schema) -> Schema:
    forms = ("dataframe_split", "dataframe_records", "rows", "inputs")
    content = {
        JSON: {"schema": refer_to("Invocation"), "examples": name_examples(examples, *forms)},
        CSV: {"schema": schemas.make_csv_schema(manifest), "example": make_csv_example(manifest)},
    }
    answers = {JSON: {"schema": refer_to("Answers")}, CSV: {"schema": _TEXT}}
    made = _describe_post("invocations", _FORMS, "MLflow and SageMaker", content, answers)
    made["responses"]["200"]["headers"] = {
        IGNORED: {"description": "How many columns that are no features were left out", "schema": {"type": "integer"}}
    }
    made["responses"][str(STATUS[NotAcceptable])] = _refer_to_problem(NotAcceptable)
    return made


def _describe_open_inference(manifest: Manifest, examples: Schema) -> Schema:
    from urllib.parse import quote

    tag = "Open Inference Protocol"
    paths: Schema = {"/v2": {"get": _describe_get("server", "The server", refer_to("Server"), tag=tag)}}
    for word in ("live", "ready"):
        schema = {"type": "object", "properties": {word: {"const": True}}, "required": [word]}
        paths[f"/v2/health/{word}"] = {
            "get": _describe_get(f"server_{word}", f"Whether the server is {word}", schema, tag=tag)
        }
    model = f"/v2/models/{quote(manifest.name, safe='')}"
    for path, suffix in ((model, ""), (f"{model}/versions/{quote(manifest.version, safe='')}", "_of_version")):
        content = {JSON: {"schema": refer_to("InferRequest"), "examples": name_examples(examples, "tensors", "matrix")}}
        answers = {JSON: {"schema": refer_to("InferResponse")}}
        paths[path] = {
            "get": _describe_get(
                f"metadata{suffix}", "What the model takes and gives", refer_to("ModelMetadata"), tag=tag
            )
        }
        paths[f"{path}/ready"] = {
            "get": _describe_get(f"ready{suffix}", "Whether the model is ready", refer_to("Ready"), tag=tag)
        }
        paths[f"{path}/infer"] = {"post": _describe_post(f"infer{suffix}", "Predict tensors", tag, content, answers)}
        for operation in [*paths[path].values(), *paths[f"{path}/ready"].values()]:
            operation["responses"][str(STATUS[RouteNotFound])] = _refer_to_problem(RouteNotFound)
    return paths


def _describe_docs_file() -> Schema:
    operation = _describe_get("docsFile", "The files of /docs", _TEXT, "text/javascript", tag="documents")
    operation["responses"]["200"]["content"]["text/css"] = {"schema": _TEXT}
    operation["responses"][str(STATUS[RouteNotFound])] = _refer_to_problem(RouteNotFound)
    files = ["swagger-ui.min.css", "swagger-ui-bundle.min.js", "start.js"]
    parameter = {"name": "file", "in": "path", "required": True, "schema": {"enum": files}}
    return operation | {"parameters": [parameter]}


def _describe_post(operation: str, summary: str, tag: str, content: Schema, answers: Schema) -> Schema:
    return {
        "operationId": operation,
        "summary": summary,
        "tags": [tag],
        "requestBody": {"required": True, "content": content},
        "responses": {
            "200": {"description": "The predictions, in the order of the records", "content": answers},
            **{str(STATUS[error]): _refer_to_problem(error) for error in (*_READING, *_EVERY)},
        },
    }


def _describe_get(operation: str, summary: str, schema: Schema, media_type: str = JSON, *, tag: str) -> Schema:
    responses = {
        "200": {"description": summary, "content": {media_type: {"schema": schema}}},
        **{str(STATUS[error]): _refer_to_problem(error) for error in _EVERY},
    }
    return {"operationId": operation, "summary": summary, "tags": [tag], "responses": responses}


def _refer_to_problem(error: type[DeployerError]) -> Schema:
    return {"$ref": f"#/components/responses/{name_response(error)}"}


def _describe_problem(error: type[DeployerError], manifest: Manifest) -> Schema:
    exact = {"status": {"const": STATUS[error]}, "code": {"const": error.code}}
    schema = {"allOf": [refer_to("Problem"), {"type": "object", "properties": exact}]}
    response: Schema = {
        "description": error.__doc__ or "",
        "content": {PROBLEM: {"schema": schema, "example": schemas.make_problem_example(error, manifest)}},
    }
    if error is MethodNotAllowed:
        allow = {"description": "What the route takes", "required": True, "schema": _TEXT}
        response["headers"] = {"Allow": allow}
    return response


def make_csv_example(manifest: Manifest) -> str:
    """A golden row as a CSV."""
    from csv import writer
    from io import StringIO

    text = StringIO(newline="")
    cells = [manifest.examples[0].record[name] for name in manifest.contract.names]
    row = ["" if cell is None else format_label(cell) for cell in cells]  # type: ignore[arg-type]
    writer(text, lineterminator="\n").writerow(row)
    return f"{schemas.format_header(manifest)}\n{text.getvalue()}"
