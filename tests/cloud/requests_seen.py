"""A request to AWS as the proxy sees it, and what answers it."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

# The S3 operation by method, by whether the path names an object, and by what tells it in the query.
_S3: tuple[tuple[str, bool, str, str], ...] = (
    ("POST", True, "uploads", "CreateMultipartUpload"),
    ("POST", True, "uploadId", "CompleteMultipartUpload"),
    ("POST", False, "delete", "DeleteObjects"),
    ("PUT", True, "partNumber", "UploadPart"),
    ("PUT", True, "", "PutObject"),
    ("DELETE", True, "uploadId", "AbortMultipartUpload"),
    ("DELETE", True, "", "DeleteObject"),
    ("HEAD", True, "", "HeadObject"),
    ("GET", True, "uploadId", "ListParts"),
    ("GET", True, "", "GetObject"),
    ("GET", False, "uploads", "ListMultipartUploads"),
    ("GET", False, "", "ListObjects"),
)
WRITES = frozenset({"CompleteMultipartUpload", "UploadPart", "PutObject", "CreateMultipartUpload", "DeleteObject"})


class Call(NamedTuple):
    """A request; `target` is its path with the query, as it was sent."""

    method: str
    target: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def operation(self) -> str:
        """The name of the API's operation."""
        if target := self.headers.get("x-amz-target"):
            return target.rpartition(".")[2]
        has_key = "/" in self.path.strip("/")
        return next(
            (
                name
                for method, of_object, parameter, name in _S3
                if self.method == method and has_key == of_object and (not parameter or parameter in self.query)
            ),
            self.method,
        )

    @property
    def bucket(self) -> str:
        """The bucket's name, of a request to S3."""
        return self.path.lstrip("/").partition("/")[0]

    @property
    def key(self) -> str:
        """The object's key, decoded; empty where the request is about none."""
        return self.path.lstrip("/").partition("/")[2]

    @property
    def document(self) -> Any:
        """The body of a JSON request."""
        return json.loads(self.body)


class Reply(NamedTuple):
    """An answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


_CODES = {
    400: "InvalidRequest",
    403: "AccessDenied",
    404: "NoSuchKey",
    412: "PreconditionFailed",
    500: "InternalError",
    503: "SlowDown",
}


def error(call: Call, status: int) -> Reply:
    """The service's own form of that error."""
    code = _CODES[status]
    if "x-amz-target" in call.headers:
        text = json.dumps({"__type": f"com.amazonaws.sqs#{code}", "message": "made up by the proxy"})
        return Reply(status, {"content-type": "application/x-amz-json-1.0"}, text.encode())
    text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>made up by the proxy</Message></Error>"
    return Reply(status, {"content-type": "application/xml"}, b"" if call.method == "HEAD" else text.encode())
