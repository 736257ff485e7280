"""Predict rows of a CSV that another service has split into records of cells, as the ItemReader of Step Functions does.

The values of a record are cells: they are read as in a CSV, and get the same predictions.
"""

from collections.abc import Mapping, Sequence

from function.errors import WRONG_TYPE, InvalidInput, MalformedInput, Problem, format_pointer
from function.formats.csv_dialect import name_hidden_separator
from function.model.cells import parse_cell
from function.model.contract import Feature
from function.model.prediction import PredictedDocument, Records, build_document, predict
from function.model.runtime import Model

KEY = "cells"


def predict_cells(
    model: Model, records: Sequence[object], *, strict: bool = False
) -> PredictedDocument[dict[str, object]]:
    """Predict records whose values are cells; return the document that `predict_body` returns for instances.

    Members that are no features are ignored. Raises MalformedInput, InvalidInput, InputTooLarge.
    """
    features = model.manifest.contract.features
    problems: list[Problem] = []
    rows = [_read_row(features, index, record, problems) for index, record in enumerate(records)]
    if problems:
        raise InvalidInput(problems)
    predictions = predict(model, rows, lambda index, inside: f"/{KEY}/{index}{inside}", strict=strict)
    return PredictedDocument(build_document(model, Records([], many=True), predictions), predictions)


def _read_row(features: Sequence[Feature], index: int, record: object, problems: list[Problem]) -> object:
    """Return the record with JSON values; add a problem for each value that is not a string."""
    if not isinstance(record, Mapping):
        return record
    if len(record) == 1 and (mark := name_hidden_separator(next(iter(record)), [f.name for f in features])):
        raise MalformedInput(
            f"The rows have only one column, whose name contains {mark}: set the separator (CSVDelimiter)."
        )
    # The first name may still have the file's byte order mark.
    cells = {name.removeprefix("\ufeff"): cell for name, cell in record.items()}
    row: dict[str, object] = {}
    for feature in features:
        cell = cells.get(feature.name, "")
        if not isinstance(cell, str):
            where = f"/{KEY}/{index}{format_pointer(feature.name)}"
            problems.append(Problem(where, WRONG_TYPE, "expected a cell of a CSV, as a string"))
        elif feature.name in cells:
            row[feature.name] = parse_cell(feature, cell)
    return row
