"""Scores one local file in this process, with the model of the example, and prints its report. Run as a script."""

import io
import json
import sys
from math import inf
from pathlib import Path
from typing import Any


class LocalS3:
    """One local file in the place of S3; of what is written the report alone is kept."""

    def __init__(self, source: Path) -> None:
        self._source = source
        self.report = b""
        self.written = 0
        self.deleted: list[str] = []

    def head_object(self, **_: Any) -> dict[str, Any]:
        return {"ETag": '"e"', "ContentLength": self._source.stat().st_size}

    def get_object(self, **request: Any) -> dict[str, Any]:
        if request["Bucket"] == "results":
            from botocore.exceptions import ClientError

            answer: Any = {"Error": {"Code": "NoSuchKey"}, "ResponseMetadata": {"HTTPStatusCode": 404}}
            raise ClientError(answer, "GetObject")
        if "Range" not in request:
            return {"Body": self._source.open("rb")}
        start, end = map(int, request["Range"].removeprefix("bytes=").split("-"))
        with self._source.open("rb") as file:
            file.seek(start)
            body = file.read(end + 1 - start)
        return {"Body": io.BytesIO(body), "ContentRange": f"bytes {start}-{end}/{self._source.stat().st_size}"}

    def put_object(self, *, Key: str, Body: bytes, **_: Any) -> dict[str, Any]:  # noqa: N803
        self.written += len(Body)
        if Key.endswith(".report.json"):
            self.report = Body
        return {}

    def create_multipart_upload(self, **_: Any) -> dict[str, Any]:
        return {"UploadId": "1"}

    def upload_part(self, *, Body: bytes, **_: Any) -> dict[str, Any]:  # noqa: N803
        self.written += len(Body)
        return {"ETag": '"part"'}

    def complete_multipart_upload(self, **_: Any) -> dict[str, Any]:
        return {}

    def abort_multipart_upload(self, **_: Any) -> dict[str, Any]:
        return {}

    def delete_object(self, *, Key: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        self.deleted.append(Key)
        return {}


def main(path: Path, environ: dict[str, str]) -> None:
    """Scores the file; prints its report, how much was written, and the process's own peak in kB."""
    from function.bundle.location import load_model
    from function.files.s3_events import SourceObject
    from function.files.score_object import score_object
    from function.service import Service
    from function.settings import Settings

    settings = Settings.read(environ)._replace(input_bucket="inputs", results_bucket="results")
    client = LocalS3(path)
    clients: Any = type("Clients", (), {"s3": client})()
    score_object(
        Service(load_model(settings, clients), settings, clients),
        SourceObject("inputs", path.name, None, None, None),
        lambda: inf,
    )
    status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    sys.stdout.write(json.dumps({"report": json.loads(client.report), "written": client.written, "peak": peak}))


if __name__ == "__main__":
    import os

    main(Path(sys.argv[1]), dict(os.environ))
