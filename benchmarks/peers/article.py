"""The article's script as a handler, with joblib and a pandas DataFrame."""

import json
import os
from typing import Any

import joblib
import pandas

model = joblib.load(os.environ["ESTIMATOR"])


def handler(event: Any, context: object) -> dict[str, Any]:
    """Predict the record in the body."""
    prediction = model.predict(pandas.DataFrame([json.loads(event["body"])])).tolist()[0]
    headers = {"content-type": "application/json"}
    return {"statusCode": 200, "headers": headers, "body": json.dumps({"prediction": prediction})}
