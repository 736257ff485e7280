"""MLflow's scoring protocol, which SageMaker's containers follow too.

`POST /invocations`, `GET /ping` and `GET /version`. `params` are ignored, because the models have no such parameters.
Columns that are no features are ignored, as MLflow ignores columns that are missing from a model's signature.
https://mlflow.org/docs/latest/deployment/deploy-model-locally
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
"""

from typing import Any

from function.errors import MISSING, UNKNOWN_FIELD, WRONG_TYPE, InvalidInput, MalformedInput, Problem, format_pointer
from function.formats import csv_table, strict_json
from function.model.manifest import Manifest
from function.model.prediction import Prediction, Records, build_document, predict
from function.model.target import format_label, get_predictions
from function.service import Service
from function.version import VERSION
from function.web.content_negotiation import choose_request_type, choose_response_type, read_header_parameter
from function.web.protocols.records import RecordTable, check_names, read_columns, read_rows
from function.web.request_response import CSV, TEXT, Request, Response, make_json_response

TABLE_KEYS = ("dataframe_split", "dataframe_records", "instances", "inputs")
_OPTIONAL_KEYS = ("params", "signature_name")
IGNORED_COLUMNS_HEADER = "ignored-columns"
"""The response header with the number of ignored columns."""


def handle_ping(_: Service, __: Request) -> Response:
    """Handle `GET /ping`. The model is loaded whenever this runs."""
    return make_json_response({})


def handle_version(_: Service, __: Request) -> Response:
    """Handle `GET /version`: return the server's version."""
    return Response(200, TEXT, VERSION)


def handle_invocations(service: Service, request: Request) -> Response:
    """Handle `POST /invocations`: respond in JSON as `/predict` to instances, or in CSV, one prediction per line."""
    empty_message = f"The body is empty: send a CSV, or JSON with one of {', '.join(TABLE_KEYS)}."
    media_type = choose_request_type(request, empty_message)
    response_type = choose_response_type(request)
    model, strict = service.model, service.settings.strict_inputs
    if media_type == CSV:
        header = read_header_parameter(request)
        predictions, ignored = csv_table.predict_csv(model, request.body, has_header=header, strict=strict)
    else:
        table, ignored = read_table(model.manifest.contract.names, strict_json.loads(request.body))
        predictions = predict(model, table.records, table.make_pointer, strict=strict)
    headers = {IGNORED_COLUMNS_HEADER: str(ignored)} if ignored else {}
    if response_type == CSV:
        return Response(200, CSV, _write_lines(model.manifest, predictions), headers, predictions)
    document = build_document(model, Records([], many=True), predictions)
    return make_json_response(document, predictions)._replace(headers=headers)


def read_table(features: tuple[str, ...], body: object) -> tuple[RecordTable, int]:
    """Return the records of a body in any of the protocol's forms, and the number of ignored columns.

    SageMaker's clients also send an array of rows. Records keep only the model's features.
    Raises MalformedInput, InvalidInput and InputTooLarge.
    """
    if isinstance(body, list):
        return _select_features(features, read_rows(features, body, ""))
    keys = [key for key in TABLE_KEYS if key in body] if isinstance(body, dict) else []
    if not isinstance(body, dict) or len(keys) != 1:
        raise MalformedInput(f"The body must be a JSON object with exactly one of {', '.join(TABLE_KEYS)}.")
    extra = [key for key in body if key not in (*keys, *_OPTIONAL_KEYS)]
    if extra:
        raise InvalidInput(
            [Problem(format_pointer(key), UNKNOWN_FIELD, "no field of the protocol: remove it") for key in extra]
        )
    (key,) = keys
    match key:
        case "dataframe_split":
            return _select_features(features, _read_split(features, body[key]))
        case "inputs" if isinstance(body[key], dict):
            return _read_columns(features, body[key])
    return _select_features(features, read_rows(features, body[key], f"/{key}"))


def _select_features(features: tuple[str, ...], table: RecordTable) -> tuple[RecordTable, int]:
    """Return the table with only the features, and the number of other names."""
    known = frozenset(features)
    ignored = {name for record in table.records if isinstance(record, dict) for name in record.keys() - known}
    records = [
        {name: value for name, value in record.items() if name in known} if isinstance(record, dict) else record
        for record in table.records
    ]
    return (table._replace(records=records), len(ignored)) if ignored else (table, 0)


def _read_split(features: tuple[str, ...], frame: object) -> RecordTable:
    pointer = "/dataframe_split"
    if not isinstance(frame, dict) or not isinstance(frame.get("columns"), list):
        raise InvalidInput([Problem(f"{pointer}/columns", MISSING, "expected an array with the features' names")])
    extra = [key for key in frame if key not in ("columns", "data", "index")]
    if extra:
        raise InvalidInput(
            [
                Problem(pointer + format_pointer(key), UNKNOWN_FIELD, "no field of dataframe_split: remove it")
                for key in extra
            ]
        )
    columns = list(map(_name_column, frame["columns"]))
    kept = [index for index, name in enumerate(columns) if name in features]
    check_names(
        features,
        [columns[index] for index in kept],
        lambda index: f"{pointer}/columns/{kept[index]}",
        f"{pointer}/columns",
    )
    return read_rows(columns, frame.get("data"), f"{pointer}/data", by_position=True)


def _name_column(column: object) -> str:
    """Return a column's name as a string; pandas uses numbers for unnamed columns. Any other type gives ''."""
    return str(column) if isinstance(column, str | int | float) and not isinstance(column, bool) else ""


def _read_columns(features: tuple[str, ...], inputs: dict[str, Any]) -> tuple[RecordTable, int]:
    columns = {name: column for name, column in inputs.items() if name in features}
    pointers = {name: "/inputs" + format_pointer(name) for name in columns}
    check_names(features, list(columns), lambda _: "/inputs", "/inputs")
    problems = [
        Problem(pointers[name], WRONG_TYPE, "expected an array of values")
        for name, column in columns.items()
        if not isinstance(column, list)
    ]
    if problems:
        raise InvalidInput(problems)
    return read_columns(features, columns, pointers), len(inputs) - len(columns)


def _write_lines(manifest: Manifest, predictions: list[Prediction]) -> str:
    """Write a line for each prediction, with a cell for each target."""
    rows = [[*map(format_label, get_predictions(manifest.targets, prediction.output))] for prediction in predictions]
    return csv_table.write_rows(rows, "\n")
