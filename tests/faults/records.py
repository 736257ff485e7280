"""Messages of the example's inputs, and what the model says to them directly."""

import json
from random import Random
from typing import Any

from function.model import prediction
from function.model.runtime import Model

RECORD = {"AreaSqft": 1500, "NumBedrooms": 3}
POISON = (
    "not JSON",
    '{"AreaSqft": 1500',
    '{"AreaSqft": "1500", "NumBedrooms": 3}',
    '{"AreaSqft": 1500}',
    '{"AreaSqft": NaN, "NumBedrooms": 3}',
    '{"AreaSqft": 1500, "AreaSqft": 1500, "NumBedrooms": 3}',
    '{"AreaSqft": 1e999, "NumBedrooms": 3}',
    '{"instances": [{"AreaSqft": 1500, "NumBedrooms": 3}, {}]}',
    '{"instances": 3}',
    "[]",
    "null",
    '"\\ud800"',
    "[" * 5000,
)


def record(random: Random) -> dict[str, Any]:
    """A record that can be predicted, some with a warning."""
    return {"AreaSqft": random.randrange(500, 4000), "NumBedrooms": random.randrange(1, 6)}


def body(random: Random) -> str:
    """A message that can be predicted: one record, or several."""
    if random.random() < 0.8:
        return json.dumps(record(random))
    return json.dumps({"instances": [record(random) for _ in range(random.randrange(4))]})


def expect_prediction(model: Model, source: str, message_id: str, body: str) -> dict[str, Any]:
    """The result of such a message."""
    return {"source": source, "id": message_id, **prediction.predict_document(model, json.loads(body))}
