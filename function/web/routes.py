"""What each route answers."""

from collections.abc import Callable

from function import prediction, strict_json
from function.errors import DeployerError, InputTooLarge, MalformedInput
from function.service import Service
from function.web.messages import CSV, HTML, JSON, Request, Response, json_response
from function.web.problems import (
    MethodNotAllowed,
    RouteNotFound,
    UnsupportedMediaType,
    problem_response,
)

# What Lambda itself takes in one synchronous call (AWS, "Lambda quotas").
MAX_BODY_BYTES = 6 * 1024 * 1024
# curl -d sends the form type without being told; people mean JSON by it.
_READ_AS_JSON = ("", JSON, "application/x-www-form-urlencoded", "text/plain")


type Route = Callable[[Service, Request], Response]


def predict(service: Service, request: Request) -> Response:
    """`POST /predict`: one record, or instances, or a CSV."""
    media_type = _media_type(request)
    if len(request.body) > MAX_BODY_BYTES:
        raise InputTooLarge("The body is larger than 6 MB: send it in several calls.")
    if not request.body:
        raise MalformedInput("The body is empty: send a record as JSON, or a CSV with a header line.")
    strict = service.settings.strict_inputs
    if media_type == CSV:
        from function import csv_table

        return Response(200, CSV, csv_table.answer(service.model, request.body, strict=strict, seen=service.seen))
    body = strict_json.loads(request.body)
    return json_response(prediction.answer(service.model, body, strict=strict, seen=service.seen))


def _media_type(request: Request) -> str:
    """The body's media type, once its charset and encoding are known to be ones that are read."""
    media_type, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    media_type = media_type.strip()
    charset = parameters.partition("charset=")[2].partition(";")[0].strip(' "')
    if charset not in ("", "utf-8", "utf8", "us-ascii"):
        raise UnsupportedMediaType("The body's charset must be UTF-8.")
    if request.headers.get("content-encoding", "").lower() not in ("", "identity"):
        raise UnsupportedMediaType("The body must not be compressed: send it without Content-Encoding.")
    if media_type != CSV and media_type not in _READ_AS_JSON and not media_type.endswith("+json"):
        raise UnsupportedMediaType(f"Send {JSON} or {CSV}.")
    return media_type


def health(service: Service, _: Request) -> Response:
    """`GET /health`."""
    return json_response({"status": "ok", "model": service.model.manifest.identity})


def model_card(service: Service, _: Request) -> Response:
    """`GET /model`: the manifest."""
    return json_response(service.model.manifest.document)


def openapi(service: Service, _: Request) -> Response:
    """`GET /openapi.json`."""
    from function.web.openapi import document

    return json_response(document(service.model.manifest))


def page(service: Service, _: Request) -> Response:
    """`GET /`: the page for people."""
    from function.web.page import CONTENT_SECURITY_POLICY, html

    return Response(200, HTML, html(), {"content-security-policy": CONTENT_SECURITY_POLICY})


ROUTES: dict[str, tuple[str, Route]] = {
    "/predict": ("POST", predict),
    "/health": ("GET", health),
    "/model": ("GET", model_card),
    "/openapi.json": ("GET", openapi),
    "/": ("GET", page),
}


def respond(service: Service, request: Request) -> Response:
    """The response to any request; never raises, and what goes wrong unforeseen is a 500 that tells nothing."""
    try:
        return _route(request)(service, request)
    except DeployerError as error:
        problem = error
    except Exception as error:  # noqa: BLE001
        from function.failures import report

        problem = report(error, request.request_id)
    service.seen.refused(problem)
    return problem_response(problem, request.request_id)


def _route(request: Request) -> Route:
    if request.path not in ROUTES:
        routes = ", ".join(f"{method} {path}" for path, (method, _) in ROUTES.items())
        raise RouteNotFound(f"There is no such route; the routes are {routes}.")
    method, route = ROUTES[request.path]
    if request.method == "HEAD" and method == "GET":
        return lambda service, request: route(service, request)._replace(body="")
    if request.method != method:
        raise MethodNotAllowed(method if method != "GET" else "GET, HEAD")
    return route
