"""Asks a server for its golden rows by clients that others wrote, in their own environment (tests/clients.txt).

`python protocol_clients.py HOST:PORT` prints what each client got: {"tritonclient": [prediction, …], …}.
"""

import json
import sys
from typing import Any
from urllib.parse import quote

import numpy
import pandas
import requests
import tritonclient.http as triton
from mlflow.pyfunc.scoring_server.client import ScoringServerClient
from mlserver.codecs import PandasCodec
from mlserver.types import InferenceRequest, InferenceResponse, MetadataModelResponse, MetadataServerResponse
from tritonclient.utils import InferenceServerException

# JSON has texts and booleans as they are; numpy wants to know.
_TYPES = {"FP64": numpy.float64, "BOOL": numpy.bool_, "BYTES": numpy.object_}


def ask_tritonclient(address: str, card: dict[str, Any]) -> list[Any]:
    """One tensor for each feature, without the binary extension."""
    client = triton.InferenceServerClient(address)
    name, version = card["name"], card["version"]
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready(name)
    assert client.is_model_ready(name, version)
    assert client.get_server_metadata()["name"] == "ml-model-deployer"
    metadata = client.get_model_metadata(name, version)
    records = [example["input"] for example in card["examples"]]
    inputs = []
    for tensor in metadata["inputs"]:
        values: Any = numpy.array([record[tensor["name"]] for record in records], dtype=_TYPES[tensor["datatype"]])
        sent = triton.InferInput(tensor["name"], list(values.shape), tensor["datatype"])
        inputs.append(sent.set_data_from_numpy(values, binary_data=False))
    outputs = [triton.InferRequestedOutput(tensor["name"], binary_data=False) for tensor in metadata["outputs"]]
    answer = client.infer(name, inputs, version, outputs, request_id="request-1")
    assert answer.get_response()["id"] == "request-1"
    assert len(answer.as_numpy("warnings")) == len(records)
    # Nothing said, the client asks for binary outputs, and reads JSON as well.
    for wanted in (None, [triton.InferRequestedOutput("prediction")]):
        assert (
            client.infer(name, inputs, outputs=wanted).as_numpy("prediction").tolist()
            == answer.as_numpy("prediction").tolist()
        )
    if card["task"] == "classification":
        ranked = client.infer(name, inputs, outputs=[triton.InferRequestedOutput("probabilities", class_count=2)])
        best = [text.split(":")[2] for text, _ in ranked.as_numpy("probabilities").astype(str).tolist()]
        assert best == [example["prediction"] for example in card["examples"]]
    is_refused(client, name)
    client.close()
    return [value.decode() if isinstance(value, bytes) else value for value in answer.as_numpy("prediction").tolist()]


def is_refused(client: Any, name: str) -> None:
    """A wrong request is an error with the function's sentence."""
    wrong = triton.InferInput("nothing", [1], "FP64").set_data_from_numpy(numpy.array([1.0]), binary_data=False)
    try:
        client.infer(name, [wrong], outputs=[triton.InferRequestedOutput("prediction", binary_data=False)])
    except InferenceServerException as error:
        if "no feature of the model" not in str(error):
            raise
    else:
        raise AssertionError("a tensor of no feature was taken")
    raw = triton.InferInput("nothing", [1], "FP64").set_data_from_numpy(numpy.array([1.0]))
    try:
        client.infer(name, [raw])
    except InferenceServerException as error:
        if "binary tensor extension" not in str(error):
            raise
    else:
        raise AssertionError("raw tensors were taken")


def ask_mlserver_types(address: str, card: dict[str, Any]) -> list[Any]:
    """A request that MLServer's types make, and answers that they read."""
    MetadataServerResponse.model_validate(requests.get(f"http://{address}/v2", timeout=30).json())
    model = f"http://{address}/v2/models/{quote(card['name'], safe='')}"
    metadata = MetadataModelResponse.model_validate(requests.get(model, timeout=30).json())
    assert metadata.versions == [card["version"]]
    records = [example["input"] for example in card["examples"]]
    inputs = [
        {
            "name": tensor.name,
            "shape": [len(records), 1],
            "datatype": tensor.datatype,
            "parameters": {"content_type": "str" if tensor.datatype == "BYTES" else "np"},
            "data": [record[tensor.name] for record in records],
        }
        for tensor in metadata.inputs
    ]
    table = pandas.DataFrame(records)
    found = []
    # As the types write it, with null for what is left out; a table as the codec writes it.
    for request in (
        InferenceRequest.model_validate({"id": "request-2", "inputs": inputs}),
        PandasCodec.encode_request(table, use_bytes=False),
    ):
        body = request.model_dump_json(exclude_none=False)
        answer = requests.post(f"{model}/infer", data=body, headers={"Content-Type": "application/json"}, timeout=30)
        assert answer.status_code == 200, answer.text
        response = InferenceResponse.model_validate(answer.json())
        assert (response.model_name, response.id) == (card["name"], request.id)
        found.append(list(next(output for output in response.outputs if output.name == "prediction").data))
    assert found[0] == found[1]
    return found[0]


def ask_kserve(address: str, card: dict[str, Any]) -> list[Any]:
    """The body that KServe's SDK writes (InferRequest.to_rest), with all that it may hold.

    https://github.com/kserve/kserve/blob/master/python/kserve/kserve/protocol/infer_type.py
    """
    base = f"http://{address}/v2"
    assert requests.get(f"{base}/health/live", timeout=30).json()["live"]
    assert requests.get(f"{base}/health/ready", timeout=30).json()["ready"]
    assert requests.get(f"{base}/models/{card['name']}/ready", timeout=30).json()["ready"]
    records = [example["input"] for example in card["examples"]]
    datatypes = {"number": "FP64", "boolean": "BOOL", "string": "BYTES"}
    body = {
        "id": "2ab7b7f3-94a4-4a2c-8fe1-4b1f2a1c0a11",
        "model_name": card["name"],
        "inputs": [
            {
                "name": feature["name"],
                "shape": [len(records)],
                "datatype": datatypes[feature["type"]],
                "parameters": {"content_type": "np"},
                "data": [record[feature["name"]] for record in records],
            }
            for feature in card["features"]
        ],
        "outputs": [{"name": "prediction", "parameters": {"binary_data": False}}],
        "parameters": {"priority": 1, "binary_data_output": False},
    }
    answer = requests.post(f"{base}/models/{card['name']}/infer", data=json.dumps(body), timeout=30)
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert (document["id"], document["model_name"]) == (body["id"], card["name"])
    (output,) = document["outputs"]
    assert set(output) >= {"name", "shape", "datatype", "data"}
    return list(output["data"])


def ask_mlflow(address: str, card: dict[str, Any]) -> list[Any]:
    """A DataFrame by MLflow's own client."""
    host, _, port = address.partition(":")
    client = ScoringServerClient(host, int(port))
    client.wait_server_ready(timeout=10)
    assert client.get_version()
    table = pandas.DataFrame([example["input"] for example in card["examples"]])
    predictions = list(client.invoke(table).get_predictions()[0].tolist())
    # A table has more columns than the model has features.
    wide = table.assign(customer="a", **{"number of rooms": 7.0})
    assert list(client.invoke(wide[wide.columns[::-1]]).get_predictions()[0].tolist()) == predictions
    return predictions


def ask_sagemaker(address: str, card: dict[str, Any]) -> list[Any]:
    """Rows without a header as InvokeEndpoint sends them on to a container."""
    assert requests.get(f"http://{address}/ping", timeout=2).status_code == 200
    table = pandas.DataFrame([example["input"] for example in card["examples"]])
    body = table.to_csv(index=False, header=False).encode()
    headers = {"Content-Type": "text/csv", "Accept": "application/json"}
    answer = requests.post(f"http://{address}/invocations", data=body, headers=headers, timeout=30)
    lines = requests.post(
        f"http://{address}/invocations", data=body, headers={**headers, "Accept": "text/csv"}, timeout=30
    )
    predictions = answer.json()["predictions"]
    assert lines.text.splitlines() == [str(value) for value in predictions]
    return list(predictions)


def main(address: str) -> None:
    """Asks by each client."""
    card = requests.get(f"http://{address}/model", timeout=30).json()
    clients = (ask_tritonclient, ask_mlserver_types, ask_kserve, ask_mlflow, ask_sagemaker)
    print(json.dumps({client.__name__.removeprefix("ask_"): client(address, card) for client in clients}))


if __name__ == "__main__":
    main(sys.argv[1])
