"""What each route answers."""

from collections.abc import Callable

from function.errors import DeployerError
from function.formats import strict_json
from function.model.prediction import predict_body
from function.service import Service
from function.web.content_negotiation import choose_request_type, read_header_parameter
from function.web.problems import STATUS, MethodNotAllowed, RouteNotFound, UnsupportedMediaType, make_problem_response
from function.web.request_response import CSV, HTML, Request, Response, make_json_response

type Route = Callable[[Service, Request], Response]


def handle_predict(service: Service, request: Request) -> Response:
    """`POST /predict`: one record, or instances, or a CSV."""
    empty = "The body is empty: send a record as JSON, or a CSV with a header line."
    strict = service.settings.strict_inputs
    if choose_request_type(request, empty) == CSV:
        from function.formats import csv_table

        if read_header_parameter(request) is False:
            raise UnsupportedMediaType("The CSV needs a header line here: POST /invocations takes one without.")
        text, predictions = csv_table.add_predictions(service.model, request.body, strict=strict)
        return Response(200, CSV, text, outcome=predictions)
    document, predictions = predict_body(service.model, strict_json.loads(request.body), strict=strict)
    return make_json_response(document, predictions)


def handle_health(service: Service, _: Request) -> Response:
    """`GET /health`."""
    return make_json_response({"status": "ok", "model": service.model.manifest.identity})


def handle_model(service: Service, _: Request) -> Response:
    """`GET /model`: the manifest."""
    return make_json_response(service.model.manifest.document)


def handle_openapi(service: Service, request: Request) -> Response:
    """`GET /openapi.json`."""
    from function.web.openapi.document import make_document

    strict = service.settings.strict_inputs
    return make_json_response(make_document(service.model.manifest, strict=strict, above=request.above))


def handle_page(service: Service, _: Request) -> Response:
    """`GET /`: the page for people."""
    from function.web.page import CONTENT_SECURITY_POLICY, render_page

    return Response(200, HTML, render_page(), {"content-security-policy": CONTENT_SECURITY_POLICY})


def handle_docs(_: Service, request: Request) -> Response:
    """`GET /docs` and its files: the OpenAPI document for people."""
    from function.web import docs

    return docs.serve_asset(request.names["file"]) if "file" in request.names else docs.show_page(request.above)


def handle_open_inference(service: Service, request: Request) -> Response:
    """`/v2`: the Open Inference Protocol."""
    from function.web.protocols import open_inference

    return open_inference.respond(service, request)


def handle_invocations(service: Service, request: Request) -> Response:
    """`POST /invocations`: MLflow's and SageMaker's."""
    from function.web.protocols import mlflow

    return mlflow.handle_invocations(service, request)


def handle_ping(service: Service, request: Request) -> Response:
    """`GET /ping`: MLflow's and SageMaker's."""
    from function.web.protocols import mlflow

    return mlflow.handle_ping(service, request)


def handle_version(service: Service, request: Request) -> Response:
    """`GET /version`: MLflow's."""
    from function.web.protocols import mlflow

    return mlflow.handle_version(service, request)


# A name in braces stands for one part of the path.
ROUTES: dict[str, tuple[str, Route]] = {
    "/predict": ("POST", handle_predict),
    "/health": ("GET", handle_health),
    "/model": ("GET", handle_model),
    "/openapi.json": ("GET", handle_openapi),
    "/docs": ("GET", handle_docs),
    "/docs/{file}": ("GET", handle_docs),
    "/": ("GET", handle_page),
    "/v2": ("GET", handle_open_inference),
    "/v2/health/live": ("GET", handle_open_inference),
    "/v2/health/ready": ("GET", handle_open_inference),
    "/v2/models/{model}": ("GET", handle_open_inference),
    "/v2/models/{model}/ready": ("GET", handle_open_inference),
    "/v2/models/{model}/infer": ("POST", handle_open_inference),
    "/v2/models/{model}/versions/{version}": ("GET", handle_open_inference),
    "/v2/models/{model}/versions/{version}/ready": ("GET", handle_open_inference),
    "/v2/models/{model}/versions/{version}/infer": ("POST", handle_open_inference),
    "/invocations": ("POST", handle_invocations),
    "/ping": ("GET", handle_ping),
    "/version": ("GET", handle_version),
}


def respond(service: Service, request: Request) -> Response:
    """The response to any request; never raises, and what goes wrong unforeseen is a 500 that tells nothing."""
    response = _handle(service, request)
    return response._replace(body="") if request.method == "HEAD" else response


def find_route(path: str) -> tuple[str, dict[str, str]] | None:
    """The route of the path, as ROUTES has it, and what stands for its names; a slash at the end says nothing."""
    path = path.rstrip("/") or "/"
    if path in ROUTES and "{" not in path:
        return path, {}
    from urllib.parse import unquote  # costs 5 ms, which /predict does not pay

    # Some front doors decode the path, others do not.
    parts = [unquote(part) for part in path.split("/")]
    for route in ROUTES:
        pattern = route.split("/")
        if "{" in route and len(pattern) == len(parts):
            named = [(name[1:-1], part) for name, part in zip(pattern, parts, strict=True) if name.startswith("{")]
            if all(name == part or name.startswith("{") for name, part in zip(pattern, parts, strict=True)):
                return route, dict(named)
    return None


def _handle(service: Service, request: Request) -> Response:
    try:
        found = find_route(request.path)
        if found is None:
            routes = ", ".join(f"{method} {path}" for path, (method, _) in ROUTES.items())
            raise RouteNotFound(f"There is no such route; the routes are {routes}.")
        method, route = ROUTES[found[0]]
        # HEAD is GET without the body.
        if request.method != method and (request.method, method) != ("HEAD", "GET"):
            raise MethodNotAllowed(method if method != "GET" else "GET, HEAD")
        return route(service, request._replace(route=found[0], names=found[1]))
    except Exception as error:  # noqa: BLE001
        problem = _hide_details(error, request.request_id)
    return make_problem_response(problem, request.request_id, request.path)


def _hide_details(error: Exception, request_id: str) -> DeployerError:
    """The error itself where callers are told of it; else, such as for a damaged bundle, what hides it."""
    if isinstance(error, DeployerError) and type(error) in STATUS:
        return error
    from function.telemetry.unexpected_errors import report_error

    return report_error(error, request_id)
