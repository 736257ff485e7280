"""gunicorn's worker, with problem documents for what it refuses before the handler sees a request."""

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

# What gunicorn says itself quotes the request; statuses are RFC 9110's and RFC 6585's.
_REFUSALS: tuple[tuple[type[Exception], int, str], ...] = (
    (errors.InvalidRequestLine, 400, "The request line is not HTTP: send METHOD /path HTTP/1.1."),
    (errors.InvalidRequestMethod, 400, "The method is not HTTP's: send GET, HEAD or POST, in capitals."),
    (errors.InvalidHTTPVersion, 400, "The version of HTTP is not read here: send HTTP/1.1."),
    (errors.UnsupportedTransferCoding, 400, "The Transfer-Encoding is not read here: send chunked, or Content-Length."),
    (errors.InvalidChunkSize, 400, "The body is not chunked as its Transfer-Encoding says."),
    (errors.ChunkMissingTerminator, 400, "The body is not chunked as its Transfer-Encoding says."),
    (errors.InvalidChunkExtension, 400, "The body is not chunked as its Transfer-Encoding says."),
    (errors.ConfigurationProblem, 400, "The path is not below SCRIPT_NAME: correct the proxy that sets it."),
    (errors.InvalidSchemeHeaders, 400, "The headers contradict one another about HTTP and HTTPS: correct the proxy."),
    (errors.ExpectationFailed, 417, "The server meets no expectation but 100-continue: leave Expect out."),
    (errors.LimitRequestLine, 414, "The request line is too long: send the data in the body."),
    (errors.LimitRequestHeaders, 431, "The request has too many headers, or too long ones: send fewer."),
)
# A client that begins a request and falls silent holds one of few threads: as long as this.
SILENCE_SECONDS = 10
_OTHER = "A header is not HTTP's, or is repeated: correct or remove it."


class MalformedRequest(DeployerError):
    """The request is not HTTP as the server reads it; it was refused before any route saw it."""

    code = MALFORMED_REQUEST


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """Threads, of which each answers one request at a time."""

    def enqueue_req(self, conn: Any) -> None:
        """Hands the connection to a thread. What that reads fails (EAGAIN) once the client is silent for too long."""
        # gunicorn sets the socket's own timeout anew for each request; the kernel's stays.
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, pack("ll", SILENCE_SECONDS, 0))
        super().enqueue_req(conn)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Writes the problem document of a request that could not be read, and closes the connection after it."""
        is_head = (req is not None and req.method == "HEAD") or (req is None and _is_head_request(exc))
        if _is_client_fault(exc):
            self.log.warning("refused a request from %s: %s", addr and addr[0], type(exc).__name__)
        try:
            util.write_nonblock(client, _encode_response(make_refusal(exc), is_head=is_head))
        except OSError:
            self.log.debug("The client is gone.")


def make_refusal(error: Exception) -> Response:
    """The answer to a request that ended in this error of gunicorn's; any other error is a fault of ours."""
    request_id = str(uuid4())
    if not _is_client_fault(error):
        return make_problem_response(report_error(error, request_id), request_id)
    status, sentence = next(((code, text) for kind, code, text in _REFUSALS if isinstance(error, kind)), (400, _OTHER))
    problem: DeployerError = InputTooLarge(sentence) if status in (414, 431) else MalformedRequest(sentence)
    return make_problem_response(problem, request_id, status=status)


def _is_client_fault(error: Exception) -> bool:
    ours = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)
    return isinstance(error, errors.ParseException) and not isinstance(error, ours)


def _is_head_request(error: Exception) -> bool:
    """Whether the request that could not be read asks for no body: gunicorn has it in the frames that failed alone."""
    for frame, _ in walk_tb(error.__traceback__):
        request = frame.f_locals.get("self")
        if isinstance(request, Request):
            begun = bytes(frame.f_locals.get("buf") or b"")
            if request.method == "HEAD" or (request.method is None and begun.startswith(b"HEAD ")):
                return True
    return False


def _encode_response(response: Response, *, is_head: bool) -> bytes:
    from http import HTTPStatus

    status, body = HTTPStatus(response.status), response.body.encode()
    headers = {**response.list_headers(), "content-length": str(len(body)), "connection": "close"}
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + (b"" if is_head else body)
