"""Route requests to their handlers and convert errors to responses."""

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
    """Handle `POST /predict`: predict one record, several instances, or a CSV."""
    empty_message = "The body is empty: send a record as JSON, or a CSV with a header line."
    strict = service.settings.strict_inputs
    if choose_request_type(request, empty_message) == CSV:
        from function.formats import csv_table

        if read_header_parameter(request) is False:
            raise UnsupportedMediaType(
                "The CSV has no header line, which /predict needs: add one, or send the CSV to /invocations."
            )
        text, predictions = csv_table.add_predictions(service.model, request.body, strict=strict)
        return Response(200, CSV, text, outcome=predictions)
    document, predictions = predict_body(service.model, strict_json.loads(request.body), strict=strict)
    return make_json_response(document, predictions)


def handle_health(service: Service, _: Request) -> Response:
    """Handle `GET /health`: name the loaded model."""
    return make_json_response({"status": "ok", "model": service.model.manifest.identity})


def handle_model(service: Service, _: Request) -> Response:
    """Handle `GET /model`: return the manifest."""
    return make_json_response(service.model.manifest.document)


def handle_openapi(service: Service, request: Request) -> Response:
    """Handle `GET /openapi.json`: return the OpenAPI document."""
    from function.web.openapi.document import make_document

    strict = service.settings.strict_inputs
    return make_json_response(make_document(service.model.manifest, strict=strict, root=request.root))


def handle_page(service: Service, _: Request) -> Response:
    """Handle `GET /`: return the web page."""
    from function.web.page import CONTENT_SECURITY_POLICY, render_page

    return Response(200, HTML, render_page(), {"content-security-policy": CONTENT_SECURITY_POLICY})


def handle_docs(_: Service, request: Request) -> Response:
    """Handle `GET /docs` and its files: show the OpenAPI document in Swagger UI."""
    from function.web import docs

    file = request.path_parameters.get("file")
    return docs.show_page(request.root) if file is None else docs.serve_asset(file)


def handle_open_inference(service: Service, request: Request) -> Response:
    """Handle every route under `/v2`: the Open Inference Protocol."""
    from function.web.protocols import open_inference

    return open_inference.respond(service, request)


def handle_invocations(service: Service, request: Request) -> Response:
    """Handle `POST /invocations` of MLflow and SageMaker."""
    from function.web.protocols import mlflow

    return mlflow.handle_invocations(service, request)


def handle_ping(service: Service, request: Request) -> Response:
    """Handle `GET /ping` of MLflow and SageMaker."""
    from function.web.protocols import mlflow

    return mlflow.handle_ping(service, request)


def handle_version(service: Service, request: Request) -> Response:
    """Handle `GET /version` of MLflow."""
    from function.web.protocols import mlflow

    return mlflow.handle_version(service, request)


# The method and the handler of each path. A name in braces matches any one part of the path.
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
    """Return the response to any request. Never raises: an unexpected error becomes a 500 without details."""
    response = _handle(service, request)
    return response._replace(body="") if request.method == "HEAD" else response


def find_route(path: str) -> tuple[str, dict[str, str]] | None:
    """Return the key of ROUTES that matches the path and its decoded path parameters. Ignores trailing slashes."""
    path = path.rstrip("/") or "/"
    if path in ROUTES and "{" not in path:
        return path, {}
    from urllib.parse import unquote  # imported here because it takes 5 ms, and /predict does not need it

    # Some event sources decode the path, others do not.
    parts = [unquote(part) for part in path.split("/")]
    for route in ROUTES:
        pattern = route.split("/")
        if "{" in route and len(pattern) == len(parts):
            pairs = list(zip(pattern, parts, strict=True))
            if all(name == part or name.startswith("{") for name, part in pairs):
                return route, {name[1:-1]: part for name, part in pairs if name.startswith("{")}
    return None


def _handle(service: Service, request: Request) -> Response:
    try:
        match = find_route(request.path)
        if match is None:
            routes = ", ".join(f"{method} {path}" for path, (method, _) in ROUTES.items())
            raise RouteNotFound(f"There is no such route: use one of {routes}.")
        route, path_parameters = match
        method, handle = ROUTES[route]
        # HEAD is GET without the body.
        if request.method != method and (request.method, method) != ("HEAD", "GET"):
            raise MethodNotAllowed(method if method != "GET" else "GET, HEAD")
        return handle(service, request._replace(route=route, path_parameters=path_parameters))
    except Exception as error:  # noqa: BLE001
        problem = _hide_details(error, request.request_id)
    return make_problem_response(problem, request.request_id, request.path)


def _hide_details(error: Exception, request_id: str) -> DeployerError:
    """Return the error if it has an HTTP status; else, such as for a damaged bundle, report it and hide its text."""
    if isinstance(error, DeployerError) and type(error) in STATUS:
        return error
    from function.telemetry.unexpected_errors import report_error

    return report_error(error, request_id)
