"""The OpenAPI 3.1 document of a model's API, made from its contract: routes, examples and every kind of problem."""

from function.errors import DeployerError, InputTooLarge, InternalError, InvalidInput, MalformedInput
from function.model.manifest import Manifest, label_text
from function.web.openapi import schemas
from function.web.openapi.schemas import Schema, named, ref
from function.web.problems import STATUS, MethodNotAllowed, NotAcceptable, RouteNotFound, UnsupportedMediaType
from function.web.protocols.mlflow import IGNORED
from function.web.request_response import CSV, HTML, JSON, PROBLEM, TEXT

_READING = (MalformedInput, InputTooLarge, UnsupportedMediaType, InvalidInput)
_EVERY = (MethodNotAllowed, InternalError)
_FORMS = (
    "Predict one of dataframe_split, dataframe_records, instances and inputs, a bare array of rows, or a CSV, "
    "whose header line may be absent"
)


def document(manifest: Manifest, *, strict: bool = False, above: str = "") -> Schema:
    """The document; its schemas say what each route takes and answers, `strict` as where STRICT_INPUTS is set.

    `above` leads from where it is served to where `/openapi.json` belongs.

    Forms whose parts must be of one length, which JSON Schema cannot say, are described for a single record.
    """
    examples = schemas.examples(manifest)
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
            "/predict": {"post": _predict(manifest, examples)},
            "/health": {"get": _get("health", "Whether the model is loaded", ref("Health"), tag="model")},
            "/model": {"get": _get("modelCard", "The model's manifest", {"type": "object"}, tag="model")},
            "/openapi.json": {"get": _get("openapi", "This document", {"type": "object"}, tag="documents")},
            "/docs": {"get": _get("docs", "This document for people", _TEXT, HTML, tag="documents")},
            "/docs/{file}": {"get": _docs_file()},
            "/": {"get": _get("page", "A page for people", _TEXT, HTML, tag="documents")},
            **_open_inference(manifest, examples),
            "/invocations": {"post": _invocations(manifest, examples)},
            "/ping": {"get": _get("ping", "Whether the model is loaded", _EMPTY, tag="MLflow and SageMaker")},
            "/version": {"get": _get("version", "The server's version", _TEXT, TEXT, tag="MLflow and SageMaker")},
        },
        "components": {
            "schemas": schemas.schemas(manifest, strict=strict),
            "responses": {name_of(error): _problem(error, manifest) for error in STATUS},
        },
    }


_TEXT: Schema = {"type": "string"}
_EMPTY: Schema = {"type": "object", "additionalProperties": False}


def name_of(error: type[DeployerError]) -> str:
    """What the document calls the response with such a problem."""
    return error.__name__


def _predict(manifest: Manifest, examples: Schema) -> Schema:
    content = {
        JSON: {
            "schema": {"oneOf": [ref("Record"), ref("Instances")]},
            "examples": named(examples, "record", "instances"),
        },
        CSV: {"schema": schemas.csv(manifest), "example": csv_example(manifest)},
    }
    answers = {JSON: {"schema": {"oneOf": [ref("Answer"), ref("Answers")]}}, CSV: {"schema": _TEXT}}
    return _post("predict", f"Predict {manifest.target}", "predict", content, answers)


def _invocations(manifest: Manifest, examples: Schema) -> Schema:
    forms = ("dataframe_split", "dataframe_records", "rows", "inputs")
    content = {
        JSON: {"schema": ref("Invocation"), "examples": named(examples, *forms)},
        CSV: {"schema": schemas.csv(manifest), "example": csv_example(manifest)},
    }
    answers = {JSON: {"schema": ref("Answers")}, CSV: {"schema": _TEXT}}
    made = _post("invocations", _FORMS, "MLflow and SageMaker", content, answers)
    made["responses"]["200"]["headers"] = {
        IGNORED: {"description": "How many columns that are no features were left out", "schema": {"type": "integer"}}
    }
    made["responses"][str(STATUS[NotAcceptable])] = _problem_ref(NotAcceptable)
    return made


def _open_inference(manifest: Manifest, examples: Schema) -> Schema:
    from urllib.parse import quote

    tag = "Open Inference Protocol"
    paths: Schema = {"/v2": {"get": _get("server", "The server", ref("Server"), tag=tag)}}
    for word in ("live", "ready"):
        schema = {"type": "object", "properties": {word: {"const": True}}, "required": [word]}
        paths[f"/v2/health/{word}"] = {"get": _get(f"server_{word}", f"Whether the server is {word}", schema, tag=tag)}
    model = f"/v2/models/{quote(manifest.name, safe='')}"
    for path, suffix in ((model, ""), (f"{model}/versions/{quote(manifest.version, safe='')}", "_of_version")):
        content = {JSON: {"schema": ref("InferRequest"), "examples": named(examples, "tensors", "matrix")}}
        answers = {JSON: {"schema": ref("InferResponse")}}
        paths[path] = {
            "get": _get(f"metadata{suffix}", "What the model takes and gives", ref("ModelMetadata"), tag=tag)
        }
        paths[f"{path}/ready"] = {"get": _get(f"ready{suffix}", "Whether the model is ready", ref("Ready"), tag=tag)}
        paths[f"{path}/infer"] = {"post": _post(f"infer{suffix}", "Predict tensors", tag, content, answers)}
        for operation in [*paths[path].values(), *paths[f"{path}/ready"].values()]:
            operation["responses"][str(STATUS[RouteNotFound])] = _problem_ref(RouteNotFound)
    return paths


def _docs_file() -> Schema:
    operation = _get("docsFile", "The files of /docs", _TEXT, "text/javascript", tag="documents")
    operation["responses"]["200"]["content"]["text/css"] = {"schema": _TEXT}
    operation["responses"][str(STATUS[RouteNotFound])] = _problem_ref(RouteNotFound)
    files = ["swagger-ui.min.css", "swagger-ui-bundle.min.js", "start.js"]
    parameter = {"name": "file", "in": "path", "required": True, "schema": {"enum": files}}
    return operation | {"parameters": [parameter]}


def _post(operation: str, summary: str, tag: str, content: Schema, answers: Schema) -> Schema:
    return {
        "operationId": operation,
        "summary": summary,
        "tags": [tag],
        "requestBody": {"required": True, "content": content},
        "responses": {
            "200": {"description": "The predictions, in the order of the records", "content": answers},
            **{str(STATUS[error]): _problem_ref(error) for error in (*_READING, *_EVERY)},
        },
    }


def _get(operation: str, summary: str, schema: Schema, media_type: str = JSON, *, tag: str) -> Schema:
    responses = {
        "200": {"description": summary, "content": {media_type: {"schema": schema}}},
        **{str(STATUS[error]): _problem_ref(error) for error in _EVERY},
    }
    return {"operationId": operation, "summary": summary, "tags": [tag], "responses": responses}


def _problem_ref(error: type[DeployerError]) -> Schema:
    return {"$ref": f"#/components/responses/{name_of(error)}"}


def _problem(error: type[DeployerError], manifest: Manifest) -> Schema:
    exact = {"status": {"const": STATUS[error]}, "code": {"const": error.code}}
    schema = {"allOf": [ref("Problem"), {"type": "object", "properties": exact}]}
    response: Schema = {
        "description": error.__doc__ or "",
        "content": {PROBLEM: {"schema": schema, "example": schemas.problem_example(error, manifest)}},
    }
    if error is MethodNotAllowed:
        allow = {"description": "What the route takes", "required": True, "schema": _TEXT}
        response["headers"] = {"Allow": allow}
    return response


def csv_example(manifest: Manifest) -> str:
    """A golden row as a CSV."""
    from csv import writer
    from io import StringIO

    text = StringIO(newline="")
    cells = [manifest.examples[0].record[name] for name in manifest.contract.names]
    row = ["" if cell is None else label_text(cell) for cell in cells]  # type: ignore[arg-type]
    writer(text, lineterminator="\n").writerow(row)
    return f"{schemas.header_line(manifest)}\n{text.getvalue()}"
