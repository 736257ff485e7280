"""Direct invocation: `lambda.invoke`, Step Functions, `sam local invoke`, the console's test button.

The event is the body itself: a record, `{"instances": […]}`, `{"cells": […]}` with records whose values are the cells
of a CSV (always strings, whatever the type of the feature), or a string that is a CSV. The returned document has no
envelope. Errors are raised, so that a state machine can catch them by name (`InvalidInput`, `MalformedInput`,
`InputTooLarge`, `InternalError`).
"""

from typing import Any

from function.errors import InputTooLarge
from function.formats import strict_json
from function.model.prediction import PredictedDocument, predict_body
from function.service import Service
from function.sources.envelopes import encode_text, is_enveloped
from function.sources.gateway import MAX_RESPONSE_BYTES, find_caller_id
from function.sources.unserved import name_unserved_source
from function.telemetry.counts import Counts


def matches(event: object) -> bool:
    """Tell whether the event is a body without an envelope of AWS."""
    if isinstance(event, dict):
        return not is_enveloped(event) and name_unserved_source(event) is None
    return isinstance(event, str)


def get_correlation_id(event: object) -> object:
    """Return the UUID in the header x-correlation-id, if the event is a request that was passed on with its headers."""
    return find_caller_id(event)


def handle(event: dict[str, Any] | str, context: object, service: Service, counts: Counts) -> object:
    """Predict the body; return the document for the caller. Raises RequestError."""
    document, predictions = _predict(event, service)
    counts.count_prediction(predictions)
    if len(strict_json.dumps(document)) > MAX_RESPONSE_BYTES:
        raise InputTooLarge("The response would be larger than 6 MB: send fewer records at once.")
    return document


def _predict(event: dict[str, Any] | str, service: Service) -> PredictedDocument[Any]:
    strict = service.settings.strict_inputs
    if isinstance(event, str):
        from function.formats import csv_table

        return csv_table.add_predictions(service.model, encode_text(event), strict=strict)
    if "cells" in event and len(event) == 1 and isinstance(event["cells"], list):
        from function.formats import csv_records

        return csv_records.predict_cells(service.model, event["cells"], strict=strict)
    return predict_body(service.model, event, strict=strict)
