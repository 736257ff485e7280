"""FastAPI and Mangum with joblib."""

import os
from typing import Any

import joblib
import pandas
from fastapi import FastAPI
from mangum import Mangum

from benchmarks.peers.record import Record

model = joblib.load(os.environ["ESTIMATOR"])
app = FastAPI()


@app.post("/predict")
def predict(record: Record) -> dict[str, Any]:  # type: ignore[valid-type]
    """Predict the record."""
    return {"prediction": model.predict(pandas.DataFrame([record.model_dump()])).tolist()[0]}  # type: ignore[attr-defined]


handler = Mangum(app, lifespan="off")
