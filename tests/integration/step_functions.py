"""A process that plays Step Functions, S3 and Lambda: moto's server, with the function's handler as the Lambda.

`python -m tests.integration.step_functions PORT`. moto's interpreter of the Amazon States Language came from LocalStack
without its JSONata engine, which is Java; jsonata-python, a port of the same one, takes its place. Lambda's errors are
those that the real service gives; a function named `throttled` is so at its first call, one named `faulty` always
raises InternalError.
"""

import json
import os
import re
import sys
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from jsonata import Jsonata  # type: ignore[import-untyped]  # it ships no types
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.stepfunctions.parser.asl.jsonata import jsonata as engine
from werkzeug.serving import run_simple

from function.app import handler
from function.errors import InternalError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_INVOKE = re.compile(r"/2015-03-31/functions/(?P<name>[^/]+)/invocations")


def evaluate(expression: str) -> Any:
    """What the expression comes to, as `_eval_jsonata` of LocalStack's does."""
    compiled = Jsonata(expression)
    # Of Step Functions' own functions the one that the state machine uses.
    compiled.register_lambda("parse", json.loads)
    return compiled.evaluate(None)


class Lambda:
    """Answers Invoke with the handler, and hands every other request on."""

    def __init__(self, others: "WSGIApplication") -> None:
        self._others = others
        self._events: list[object] = []

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """WSGI."""
        path = environ["PATH_INFO"]
        if path == "/events":
            return _answer(start_response, "200 OK", self._events)
        if not (invoked := _INVOKE.fullmatch(path)):
            return self._others(environ, start_response)
        event = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        self._events.append(event)
        if invoked["name"] == "throttled" and len(self._events) == 1:
            error = [("x-amzn-ErrorType", "TooManyRequestsException")]
            return _answer(start_response, "429 Too Many Requests", {"message": "Rate Exceeded."}, error)
        try:
            if invoked["name"] == "faulty":
                raise InternalError("The request failed for a reason of ours.")
            return _answer(start_response, "200 OK", handler(event, None))
        except Exception as error:  # noqa: BLE001
            raised = {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": []}
            return _answer(start_response, "200 OK", raised, [("X-Amz-Function-Error", "Unhandled")])


def _answer(
    start_response: "StartResponse", status: str, document: object, headers: list[tuple[str, str]] | None = None
) -> list[bytes]:
    own = [("Content-Type", "application/json"), ("x-amzn-RequestId", str(uuid.uuid4()))]
    start_response(status, [*own, *(headers or [])])
    return [json.dumps(document).encode()]


if __name__ == "__main__":
    port = sys.argv[1]
    # Where moto's interpreter looks for S3 and Lambda.
    os.environ["MOTO_PORT"] = port
    engine._eval_jsonata = evaluate
    run_simple("127.0.0.1", int(port), Lambda(DomainDispatcherApplication(create_backend_app)), threaded=True)
