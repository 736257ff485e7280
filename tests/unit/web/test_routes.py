"""Every route with every method, and what each answers. Touches nothing."""

import json

import pytest

from function.aws import Clients
from function.model.runtime import Model
from function.service import Service
from function.settings import Settings
from function.web.request_response import Request, Response
from function.web.routes import ROUTES, respond
from tests.unit.small_models import regressor
from tests.unit.web.addresses import address, body

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "", "None", "é")
RECORD = b'{"size":3,"note":"a"}'


def ask(method: str, path: str, body: bytes = b"", *, model: Model | None = None, **headers: str) -> Response:
    service = Service(model or regressor(), Settings(model_path=""), Clients())
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return respond(service, Request(method, path, named, body, "request-1"))


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("method", METHODS)
def test_route_answers_its_methods_and_names_them_to_others(path: str, method: str) -> None:
    allowed = ("POST",) if ROUTES[path][0] == "POST" else ("GET", "HEAD")
    manifest = regressor().manifest
    response = ask(method, address(path, manifest), body(path, manifest))
    if method in allowed:
        assert response.status == 200
        return
    assert response.status == 405
    assert response.list_headers()["allow"] == ", ".join(allowed)
    if method == "HEAD":
        assert response.body == ""
        return
    problem = json.loads(response.body)
    assert (problem["code"], problem["title"]) == ("method_not_allowed", "Method Not Allowed")
    assert problem["detail"] == f"The route does not support this method: use {', '.join(allowed)}."


@pytest.mark.parametrize("path", [path for path, (method, _) in ROUTES.items() if method == "GET"])
def test_head_is_get_without_a_body(path: str) -> None:
    path = address(path, regressor().manifest)
    get, head = ask("GET", path), ask("HEAD", path)
    assert head == get._replace(body="")
    assert get.body


@pytest.mark.parametrize(
    "path",
    [
        "predict",
        "/predict/x/",
        "/Predict",
        "/predict?x=1",
        "/health/x",
        "/models",
        "/favicon.ico",
        "/../health",
        "/%70redict",
        "/é",
        "/\0",
        "/docs/{file}/x",
        "/v2/models",
        "/v2/models/small/infer/x",
    ],
)
def test_other_path_is_told_the_routes(path: str) -> None:
    for method in METHODS:
        response = ask(method, path)
        assert response.status == 404
        if method == "HEAD":
            assert response.body == ""
            continue
        problem = json.loads(response.body)
        assert problem["code"] == "not_found"
        for route, (takes, _) in ROUTES.items():
            assert f"{takes} {route}" in problem["detail"]
        assert "\0" not in problem["detail"]


@pytest.mark.parametrize("path", ROUTES)
def test_slash_at_the_end_says_nothing(path: str) -> None:
    method, manifest = ROUTES[path][0], regressor().manifest
    place = address(path, manifest)
    plain = ask(method, place, body(path, manifest))
    for slashes in ("/", "//"):
        answered = ask(method, place + slashes, body(path, manifest))
        assert answered.status == plain.status == 200
        if path not in ("/docs", "/openapi.json"):
            assert answered == plain


def test_addresses_of_a_document_below_a_slash_lead_to_the_same_places() -> None:
    for slashes, above in (("", ""), ("/", "../"), ("//", "../../")):
        page = ask("GET", f"/docs{slashes}").body
        assert f'src="{above}docs/start.js"' in page
        assert f'href="{above}docs/swagger-ui.min.css"' in page
        assert f'data-openapi="{above}openapi.json"' in page
        (server,) = json.loads(ask("GET", f"/openapi.json{slashes}").body)["servers"]
        assert server["url"] == (above.rstrip("/") or ".")


def test_routes_are_those_of_the_design() -> None:
    assert {path: method for path, (method, _) in ROUTES.items()} == {
        "/predict": "POST",
        "/health": "GET",
        "/model": "GET",
        "/openapi.json": "GET",
        "/docs": "GET",
        "/docs/{file}": "GET",
        "/": "GET",
        "/v2": "GET",
        "/v2/health/live": "GET",
        "/v2/health/ready": "GET",
        "/v2/models/{model}": "GET",
        "/v2/models/{model}/ready": "GET",
        "/v2/models/{model}/infer": "POST",
        "/v2/models/{model}/versions/{version}": "GET",
        "/v2/models/{model}/versions/{version}/ready": "GET",
        "/v2/models/{model}/versions/{version}/infer": "POST",
        "/invocations": "POST",
        "/ping": "GET",
        "/version": "GET",
    }


def test_health_names_the_model(houses: Model) -> None:
    response = ask("GET", "/health", model=houses)
    assert json.loads(response.body) == {"status": "ok", "model": houses.manifest.identity}
    assert response.content_type == "application/json"


def test_model_is_the_manifest(mixed: Model) -> None:
    assert json.loads(ask("GET", "/model", model=mixed).body) == mixed.manifest.document


def test_page_brings_its_policy() -> None:
    response = ask("GET", "/")
    assert response.list_headers()["content-type"] == "text/html; charset=utf-8"
    assert response.list_headers()["content-security-policy"].startswith("default-src 'none'")
    assert response.body.lower().startswith("<!doctype html>")


def test_prediction_is_json() -> None:
    response = ask("POST", "/predict", RECORD, content_type="application/json")
    assert response.content_type == "application/json"
    assert json.loads(response.body)["prediction"] == 3.0


def test_prediction_of_a_csv_is_a_csv() -> None:
    response = ask("POST", "/predict", b"size,note\n3,a\n", content_type="text/csv")
    assert response.list_headers()["content-type"] == "text/csv; charset=utf-8"
    assert response.body == "size,note,prediction,warnings\n3,a,3.0,\n"


def test_every_answer_is_kept_by_nobody_and_is_what_it_says() -> None:
    for path in (*ROUTES, "/x"):
        for method in ("GET", "POST"):
            headers = ask(method, path).list_headers()
            assert headers["cache-control"] == "no-store"
            assert headers["x-content-type-options"] == "nosniff"


def test_every_json_answer_is_ascii(mixed: Model) -> None:
    for path in ("/health", "/model", "/openapi.json", "/x"):
        assert ask("GET", path, model=mixed).body.isascii()


@pytest.mark.parametrize(
    "path",
    [
        "/v2/models/other",
        "/v2/models/{model}",
        "/v2/models/small/versions/1",
        "/v2/models/small/versions/1/infer",
        "/v2/models/other/versions/0123456789ab",
        "/docs/swagger-ui.css.map",
        "/docs/{file}",
        "/docs/..",
        "/docs/%2e%2e%2fhtml.py",
    ],
)
def test_other_name_in_a_path_is_not_found(path: str) -> None:
    response = ask("POST" if path.endswith("infer") else "GET", path, b"{}")
    assert (response.status, json.loads(response.body)["code"]) == (404, "not_found")


@pytest.mark.parametrize("written", ["a%20%C3%A9", "a é", "%61%20%c3%a9"])
def test_name_in_a_path_may_come_decoded_or_not(written: str) -> None:
    model = regressor()
    model = model._replace(manifest=model.manifest._replace(name="a é"))
    assert json.loads(ask("GET", f"/v2/models/{written}/ready", model=model).body) == {"name": "a é", "ready": True}


@pytest.mark.parametrize("name", ["swagger-ui.min.css", "swagger-ui-bundle.min.js", "start.js"])
def test_file_of_the_documentation_may_be_kept_for_a_day(name: str) -> None:
    response = ask("GET", f"/docs/{name}")
    assert response.status == 200
    assert f"docs/{name}" in ask("GET", "/docs").body
    assert response.list_headers()["cache-control"] == "private, max-age=86400"
