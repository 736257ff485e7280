"""Predict a CSV with this project or with pandas, and print seconds and peak memory. Run as a script in a task folder.

Both read and write a local file, in a process with imports and model already loaded. A local folder replaces S3,
because only parsing, predicting and writing are compared.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any


class LocalS3:
    """The S3 calls that the function makes, on one local file for input and one for results."""

    def __init__(self, source: Path, results: Path) -> None:
        self._source = source
        self._results = results

    def head_object(self, **_: Any) -> dict[str, Any]:
        """Describe the input."""
        return {"ETag": '"bench"', "ContentLength": self._source.stat().st_size}

    def get_object(self, **request: Any) -> dict[str, Any]:
        """Return the input as a stream. Raises ClientError for results, because none exist yet."""
        if request["Bucket"] == "results":
            from botocore.exceptions import ClientError

            response: Any = {"Error": {"Code": "NoSuchKey"}, "ResponseMetadata": {"HTTPStatusCode": 404}}
            raise ClientError(response, "GetObject")
        return {"Body": self._source.open("rb")}

    def put_object(self, *, Body: bytes, **_: Any) -> dict[str, Any]:  # noqa: N803
        """Append a result to the file."""
        with self._results.open("ab") as file:
            file.write(Body)
        return {}

    def create_multipart_upload(self, **_: Any) -> dict[str, Any]:
        """Begin an upload."""
        return {"UploadId": "1"}

    def upload_part(self, *, Body: bytes, **_: Any) -> dict[str, Any]:  # noqa: N803
        """Append a part to the file."""
        self.put_object(Body=Body)
        return {"ETag": '"part"'}

    def complete_multipart_upload(self, **_: Any) -> dict[str, Any]:
        """Do nothing, because every part is written already."""
        return {}


def score_with_function(source: Path, results: Path) -> float:
    """Return the seconds that the function takes for the file."""
    from function.bundle.loading import load
    from function.files.s3_events import SourceObject
    from function.files.score_object import score_object
    from function.service import Service
    from function.settings import Settings

    settings = Settings.read(os.environ)._replace(input_bucket="input", results_bucket="results")
    clients: Any = type("Clients", (), {"s3": LocalS3(source, results)})()
    service = Service(load(settings.model_path), settings, clients)
    small = source.with_name("warm.csv")
    with source.open("rb") as file:
        small.write_bytes(b"".join(file.readline() for _ in range(100)))
    warm = service._replace(clients=type("Clients", (), {"s3": LocalS3(small, Path(os.devnull))})())
    score_object(warm, SourceObject("input", "input/warm.csv", None, None, None), lambda: 1e9)
    begun = time.perf_counter()
    score_object(service, SourceObject("input", "input/rows.csv", None, None, None), lambda: 1e9)
    return time.perf_counter() - begun


def score_with_pandas(source: Path, results: Path) -> float:
    """Return the seconds that read_csv, predict and to_csv take for the file."""
    import joblib
    import pandas

    model = joblib.load(os.environ["ESTIMATOR"])
    names = list(model.feature_names_in_)
    model.predict(pandas.read_csv(source, nrows=100)[names])
    begun = time.perf_counter()
    frame = pandas.read_csv(source)
    frame["prediction"] = model.predict(frame[names])
    frame.to_csv(results, index=False)
    return time.perf_counter() - begun


def read_peak_mb() -> float:
    """Return the largest resident size that this process had.

    resource.getrusage would not do: its ru_maxrss is inherited from the process that started this one.
    """
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def main() -> None:
    """Print the figures as JSON."""
    who, source, results = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    results.unlink(missing_ok=True)
    seconds = (score_with_function if who == "ours" else score_with_pandas)(source, results)
    print(json.dumps({"seconds": seconds, "peak_mb": read_peak_mb(), "bytes": results.stat().st_size}))


if __name__ == "__main__":
    main()
