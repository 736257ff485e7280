"""Powertools' resolver with validation and joblib."""

import os
from typing import Any

import joblib
import pandas
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from benchmarks.peers.record import Record

model = joblib.load(os.environ["ESTIMATOR"])
app = APIGatewayHttpResolver(enable_validation=True)


@app.post("/predict")
def predict(record: Record) -> dict[str, Any]:  # type: ignore[valid-type]
    """Predict the record."""
    return {"prediction": model.predict(pandas.DataFrame([record.model_dump()])).tolist()[0]}  # type: ignore[attr-defined]


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Pass the event to the resolver."""
    return app.resolve(event, context)
