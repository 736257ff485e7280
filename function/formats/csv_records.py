"""Rows of a CSV that someone else has taken apart into records of cells, as Step Functions' ItemReader does.

Cells mean what they mean in a CSV: what comes out is what the file would have got.
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
    """Return what `prediction.predict_body` does for instances, of records whose values are cells.

    Members that are no features are let pass. Raises MalformedInput, InvalidInput, InputTooLarge.
    """
    features = model.manifest.contract.features
    problems: list[Problem] = []
    rows = [_read_row(features, index, record, problems) for index, record in enumerate(records)]
    if problems:
        raise InvalidInput(problems)
    predictions = predict(model, rows, lambda index, inside: f"/{KEY}/{index}{inside}", strict=strict)
    return PredictedDocument(build_document(model, Records([], many=True), predictions), predictions)


def _read_row(features: Sequence[Feature], index: int, record: object, problems: list[Problem]) -> object:
    """The record as JSON values; what of it is no cell goes to `problems`."""
    if not isinstance(record, Mapping):
        return record
    if len(record) == 1 and (mark := name_hidden_separator(next(iter(record)), [f.name for f in features])):
        raise MalformedInput(f"The rows have one column, whose name holds {mark}: set the separator (CSVDelimiter).")
    # Who takes a file apart may leave its byte order mark.
    cells = {name.removeprefix("\ufeff"): cell for name, cell in record.items()}
    row: dict[str, object] = {}
    for feature in features:
        cell = cells.get(feature.name, "")
        if not isinstance(cell, str):
            where = f"/{KEY}/{index}{format_pointer(feature.name)}"
            problems.append(Problem(where, WRONG_TYPE, "expected a cell of a CSV, which is a text"))
        elif feature.name in cells:
            row[feature.name] = parse_cell(feature, cell)
    return row
