"""gunicorn's worker, which responds with problem details to requests that gunicorn rejects before the handler."""

import socket
from struct import pack
from traceback import walk_tb
from typing import Any
from uuid import uuid4

from gunicorn import util
from gunicorn.http import errors
from gunicorn.http.message import Request
from gunicorn.workers.gthread import ThreadWorker

from function.errors import MALFORMED_REQUEST, DeployerError, InputTooLarge
from function.telemetry.unexpected_errors import report_error
from function.web.problems import make_problem_response
from function.web.request_response import Response

# gunicorn's own messages quote the request, so these replace them. The statuses are from RFC 9110 and RFC 6585.
_REFUSALS: tuple[tuple[type[Exception], int, str], ...] = (
    (errors.InvalidRequestLine, 400, "The request line is not valid HTTP: send METHOD /path HTTP/1.1."),
    (errors.InvalidRequestMethod, 400, "The method is not valid: send GET, HEAD or POST, in upper case."),
    (errors.InvalidHTTPVersion, 400, "The HTTP version is not supported: send HTTP/1.1."),
    (errors.UnsupportedTransferCoding, 400, "The Transfer-Encoding is not supported: send chunked, or Content-Length."),
    (errors.InvalidChunkSize, 400, "The body is not chunked as its Transfer-Encoding declares: correct it."),
    (errors.ChunkMissingTerminator, 400, "The body is not chunked as its Transfer-Encoding declares: correct it."),
    (errors.InvalidChunkExtension, 400, "The body is not chunked as its Transfer-Encoding declares: correct it."),
    (errors.ConfigurationProblem, 400, "The path does not begin with SCRIPT_NAME: correct the proxy that sets it."),
    (errors.InvalidSchemeHeaders, 400, "Some headers say HTTP and others HTTPS: correct the proxy that sets them."),
    (errors.ExpectationFailed, 417, "The Expect header is not supported except for 100-continue: remove it."),
    (errors.LimitRequestLine, 414, "The request line is too long: send the data in the body."),
    (errors.LimitRequestHeaders, 431, "The request has too many headers, or too long ones: shorten them."),
)
# A client that sends part of a request and then nothing blocks one of a few threads for at most this time.
SILENCE_SECONDS = 10
_OTHER_REFUSAL = "A header is not valid HTTP, or is repeated: correct or remove it."


class MalformedRequest(DeployerError):
    """The server could not parse the request as HTTP, and rejected it before routing."""

    code = MALFORMED_REQUEST


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """A worker with threads that each handle one request at a time."""

    def enqueue_req(self, conn: Any) -> None:
        """Hand the connection to a thread. Its reads fail with EAGAIN if no data arrive for SILENCE_SECONDS."""
        # gunicorn resets Python's socket timeout for each request, but not this socket option.
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, pack("ll", SILENCE_SECONDS, 0))
        super().enqueue_req(conn)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Respond with problem details to a request that could not be parsed. gunicorn then closes the connection."""
        is_head = (req is not None and req.method == "HEAD") or (req is None and _is_head_request(exc))
        if _is_client_fault(exc):
            self.log.warning("refused a request from %s: %s", addr and addr[0], type(exc).__name__)
        try:
            util.write_nonblock(client, _encode_response(make_refusal(exc), is_head=is_head))
        except OSError:
            self.log.debug("The client has disconnected.")


def make_refusal(error: Exception) -> Response:
    """Return the response to a request that failed with this error: gunicorn's parse error, or else a server error."""
    request_id = str(uuid4())
    if not _is_client_fault(error):
        return make_problem_response(report_error(error, request_id), request_id)
    refusals = ((status, detail) for kind, status, detail in _REFUSALS if isinstance(error, kind))
    status, detail = next(refusals, (400, _OTHER_REFUSAL))
    problem: DeployerError = InputTooLarge(detail) if status in (414, 431) else MalformedRequest(detail)
    return make_problem_response(problem, request_id, status=status)


def _is_client_fault(error: Exception) -> bool:
    server_faults = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)
    return isinstance(error, errors.ParseException) and not isinstance(error, server_faults)


def _is_head_request(error: Exception) -> bool:
    """Tell whether the request that could not be parsed is HEAD; only gunicorn's failed frames still hold it."""
    for frame, _ in walk_tb(error.__traceback__):
        request = frame.f_locals.get("self")
        if isinstance(request, Request):
            received = bytes(frame.f_locals.get("buf") or b"")
            if request.method == "HEAD" or (request.method is None and received.startswith(b"HEAD ")):
                return True
    return False


def _encode_response(response: Response, *, is_head: bool) -> bytes:
    from http import HTTPStatus

    status, body = HTTPStatus(response.status), response.body.encode()
    headers = {**response.list_headers(), "content-length": str(len(body)), "connection": "close"}
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + (b"" if is_head else body)
