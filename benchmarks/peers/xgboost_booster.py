"""XGBoost's own way: its native file, loaded by its Booster, and an array of the record's values."""

import json
import os
from typing import Any

import numpy
import xgboost

model = xgboost.Booster(model_file=os.path.splitext(os.environ["ESTIMATOR"])[0] + ".ubj")


def handler(event: Any, context: object) -> dict[str, Any]:
    """Predict the record in the body."""
    values = numpy.array([list(json.loads(event["body"]).values())], dtype=numpy.float32)
    prediction = model.inplace_predict(values).tolist()[0]
    headers = {"content-type": "application/json"}
    return {"statusCode": 200, "headers": headers, "body": json.dumps({"prediction": prediction})}
