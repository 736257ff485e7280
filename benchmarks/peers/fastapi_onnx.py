"""FastAPI and Mangum with the bundle's ONNX file, for models with one input matrix."""

import os
from typing import Any

import numpy
import onnxruntime
from fastapi import FastAPI
from mangum import Mangum

from benchmarks.peers.record import Record

session = onnxruntime.InferenceSession(os.path.join(os.environ["MODEL_PATH"], "model.onnx"))
app = FastAPI()


@app.post("/predict")
def predict(record: Record) -> dict[str, Any]:  # type: ignore[valid-type]
    """Predict the record."""
    row = numpy.array([list(record.model_dump().values())], dtype=float)  # type: ignore[attr-defined]
    return {"prediction": session.run(None, {"X": row})[0].ravel().tolist()[0]}


handler = Mangum(app, lifespan="off")
