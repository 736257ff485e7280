"""MLflow's scoring protocol, which is the contract of SageMaker's containers too.

`POST /invocations`, `GET /ping`, `GET /version`. What `params` ask of a model there is nothing here to pass it to.
Columns that are no features are left out, as MLflow leaves out what a model's signature has not.
https://mlflow.org/docs/latest/deployment/deploy-model-locally
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
"""

from typing import Any

from function.errors import MISSING, UNKNOWN_FIELD, WRONG_TYPE, InvalidInput, MalformedInput, Problem, format_pointer
from function.formats import csv_table, strict_json
from function.model.manifest import format_label
from function.model.prediction import Prediction, Records, build_answer, predict
from function.service import Service
from function.version import VERSION
from function.web.content_negotiation import choose_request_type, choose_response_type, read_header_parameter
from function.web.protocols.records import RecordTable, check_names, read_columns, read_rows
from function.web.request_response import CSV, TEXT, Request, Response, make_json_response

KEYS = ("dataframe_split", "dataframe_records", "instances", "inputs")
_BESIDE = ("params", "signature_name")
IGNORED = "ignored-columns"
"""The header that says how many columns an answer left out."""


def handle_ping(_: Service, __: Request) -> Response:
    """`GET /ping`: the model is loaded, or this would not run."""
    return make_json_response({})


def handle_version(_: Service, __: Request) -> Response:
    """`GET /version`: the server's."""
    return Response(200, TEXT, VERSION)


def handle_invocations(service: Service, request: Request) -> Response:
    """`POST /invocations`: as JSON what `/predict` answers to instances, as CSV one prediction a line."""
    empty = f"The body is empty: send a CSV, or JSON with one of {', '.join(KEYS)}."
    media_type = choose_request_type(request, empty)
    wanted = choose_response_type(request)
    model, strict = service.model, service.settings.strict_inputs
    if media_type == CSV:
        header = read_header_parameter(request)
        predictions, ignored = csv_table.predict_csv(model, request.body, has_header=header, strict=strict)
    else:
        table, ignored = read_table(model.manifest.contract.names, strict_json.loads(request.body))
        predictions = predict(model, table.records, table.pointer_of, strict=strict)
    headers = {IGNORED: str(ignored)} if ignored else {}
    if wanted == CSV:
        return Response(200, CSV, _write_lines(predictions), headers, predictions)
    document = build_answer(model, Records([], many=True), predictions)
    return make_json_response(document, predictions)._replace(headers=headers)


def read_table(features: tuple[str, ...], body: object) -> tuple[RecordTable, int]:
    """The records in a body of any of the protocol's forms, or in a bare array of rows as SageMaker's clients send it.

    They have features alone; with them comes how many other columns there were.
    Raises MalformedInput, InvalidInput, InputTooLarge.
    """
    if isinstance(body, list):
        return _select_features(features, read_rows(features, body, ""))
    found = [key for key in KEYS if key in body] if isinstance(body, dict) else []
    if not isinstance(body, dict) or len(found) != 1:
        raise MalformedInput(f"The body needs exactly one of {', '.join(KEYS)}.")
    extra = [key for key in body if key not in (*found, *_BESIDE)]
    if extra:
        raise InvalidInput([Problem(format_pointer(key), UNKNOWN_FIELD, "no part of the protocol") for key in extra])
    (key,) = found
    match key:
        case "dataframe_split":
            return _select_features(features, _read_split(features, body[key]))
        case "inputs" if isinstance(body[key], dict):
            return _read_columns(features, body[key])
    return _select_features(features, read_rows(features, body[key], f"/{key}"))


def _select_features(features: tuple[str, ...], table: RecordTable) -> tuple[RecordTable, int]:
    """The table without what is no feature, and how many names that were."""
    known = frozenset(features)
    ignored = {name for record in table.records if isinstance(record, dict) for name in record.keys() - known}
    records = [
        {name: value for name, value in record.items() if name in known} if isinstance(record, dict) else record
        for record in table.records
    ]
    return (table._replace(records=records), len(ignored)) if ignored else (table, 0)


def _read_split(features: tuple[str, ...], frame: object) -> RecordTable:
    where = "/dataframe_split"
    if not isinstance(frame, dict) or not isinstance(frame.get("columns"), list):
        raise InvalidInput([Problem(f"{where}/columns", MISSING, "expected an array with the features' names")])
    extra = [key for key in frame if key not in ("columns", "data", "index")]
    if extra:
        raise InvalidInput([Problem(where + format_pointer(key), UNKNOWN_FIELD, "no part of a frame") for key in extra])
    columns = list(map(_name_column, frame["columns"]))
    kept = [index for index, name in enumerate(columns) if name in features]
    check_names(
        features, [columns[index] for index in kept], lambda place: f"{where}/columns/{kept[place]}", f"{where}/columns"
    )
    return read_rows(columns, frame.get("data"), f"{where}/data", by_position=True)


def _name_column(column: object) -> str:
    """A column's name: pandas numbers those that have none. What has another kind of name is no feature's."""
    return str(column) if isinstance(column, str | int | float) and not isinstance(column, bool) else ""


def _read_columns(features: tuple[str, ...], inputs: dict[str, Any]) -> tuple[RecordTable, int]:
    columns = {name: column for name, column in inputs.items() if name in features}
    where = {name: "/inputs" + format_pointer(name) for name in columns}
    check_names(features, list(columns), lambda _: "/inputs", "/inputs")
    problems = [
        Problem(where[name], WRONG_TYPE, "expected an array of values")
        for name, column in columns.items()
        if not isinstance(column, list)
    ]
    if problems:
        raise InvalidInput(problems)
    return read_columns(features, columns, where), len(inputs) - len(columns)


def _write_lines(predictions: list[Prediction]) -> str:
    return csv_table.write_rows([[format_label(prediction.value)] for prediction in predictions], "\n")
