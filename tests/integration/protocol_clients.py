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
from mlserver.types import InferenceRequest, InferenceResponse, MetadataModelResponse, MetadataServerResponse
from tritonclient.utils import InferenceServerException

# JSON has texts and booleans as they are; numpy wants to know.
_TYPES = {"FP64": numpy.float64, "BOOL": numpy.bool_, "BYTES": numpy.object_}


def by_tritonclient(address: str, card: dict[str, Any]) -> list[Any]:
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
    refused(client, name)
    client.close()
    return [value.decode() if isinstance(value, bytes) else value for value in answer.as_numpy("prediction").tolist()]


def refused(client: Any, name: str) -> None:
    """A wrong request is an error with the function's sentence."""
    wrong = triton.InferInput("nothing", [1], "FP64").set_data_from_numpy(numpy.array([1.0]), binary_data=False)
    try:
        client.infer(name, [wrong], outputs=[triton.InferRequestedOutput("prediction", binary_data=False)])
    except InferenceServerException as error:
        if "no feature of the model" not in str(error):
            raise
    else:
        raise AssertionError("a tensor of no feature was taken")


def by_mlserver_types(address: str, card: dict[str, Any]) -> list[Any]:
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
    request = InferenceRequest.model_validate({"id": "request-2", "inputs": inputs})
    text = request.model_dump_json(exclude_none=False)
    # A tensor's null values stay; the fields that a request leaves out do not.
    body = {key: value for key, value in json.loads(text).items() if value is not None}
    answer = requests.post(f"{model}/infer", json=body, timeout=30)
    assert answer.status_code == 200, answer.text
    response = InferenceResponse.model_validate(answer.json())
    assert (response.model_name, response.id) == (card["name"], "request-2")
    return list(next(output for output in response.outputs if output.name == "prediction").data)


def by_mlflow(address: str, card: dict[str, Any]) -> list[Any]:
    """A DataFrame by MLflow's own client."""
    host, _, port = address.partition(":")
    client = ScoringServerClient(host, int(port))
    client.wait_server_ready(timeout=10)
    assert client.get_version()
    table = pandas.DataFrame([example["input"] for example in card["examples"]])
    return list(client.invoke(table).get_predictions()[0].tolist())


def by_sagemaker(address: str, card: dict[str, Any]) -> list[Any]:
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
    clients = (by_tritonclient, by_mlserver_types, by_mlflow, by_sagemaker)
    print(json.dumps({client.__name__.removeprefix("by_"): client(address, card) for client in clients}))


if __name__ == "__main__":
    main(sys.argv[1])
