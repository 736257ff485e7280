"""Every route with every method, and what each answers. Touches nothing."""

import json

import pytest

from function.model import Model
from function.service import Service
from function.settings import Settings
from function.web.messages import Request, Response
from function.web.routes import ROUTES, respond
from tests.unit.small_models import regressor

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "", "None", "é")
RECORD = b'{"size":3,"note":"a"}'


def ask(method: str, path: str, body: bytes = b"", *, model: Model | None = None, **headers: str) -> Response:
    service = Service(model or regressor(), Settings(model_path=""))
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return respond(service, Request(method, path, named, body, "request-1"))


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("method", METHODS)
def test_route_answers_its_methods_and_names_them_to_others(path: str, method: str) -> None:
    allowed = ("POST",) if ROUTES[path][0] == "POST" else ("GET", "HEAD")
    response = ask(method, path, RECORD)
    if method in allowed:
        assert response.status == 200
        return
    assert response.status == 405
    assert response.all_headers()["allow"] == ", ".join(allowed)
    problem = json.loads(response.body)
    assert (problem["code"], problem["title"]) == ("method_not_allowed", "Method Not Allowed")
    assert problem["detail"] == f"This route takes {', '.join(allowed)}."


@pytest.mark.parametrize("path", [path for path, (method, _) in ROUTES.items() if method == "GET"])
def test_head_is_get_without_a_body(path: str) -> None:
    get, head = ask("GET", path), ask("HEAD", path)
    assert head == get._replace(body="")
    assert get.body


@pytest.mark.parametrize(
    "path",
    [
        "",
        "predict",
        "/predict/",
        "/Predict",
        "/predict?x=1",
        "/health/x",
        "/models",
        "/favicon.ico",
        "/../health",
        "/%70redict",
        "/é",
        "/\0",
    ],
)
def test_other_path_is_told_the_routes(path: str) -> None:
    for method in METHODS:
        response = ask(method, path)
        assert response.status == 404
        problem = json.loads(response.body)
        assert problem["code"] == "not_found"
        for route, (takes, _) in ROUTES.items():
            assert f"{takes} {route}" in problem["detail"]
        assert "\0" not in problem["detail"]


def test_routes_are_those_of_the_design() -> None:
    assert {path: method for path, (method, _) in ROUTES.items()} == {
        "/predict": "POST",
        "/health": "GET",
        "/model": "GET",
        "/openapi.json": "GET",
        "/": "GET",
    }


def test_health_names_the_model(houses: Model) -> None:
    response = ask("GET", "/health", model=houses)
    assert json.loads(response.body) == {"status": "ok", "model": houses.manifest.identity}
    assert response.content_type == "application/json"


def test_model_is_the_manifest(mixed: Model) -> None:
    assert json.loads(ask("GET", "/model", model=mixed).body) == mixed.manifest.document


def test_page_brings_its_policy() -> None:
    response = ask("GET", "/")
    assert response.all_headers()["content-type"] == "text/html; charset=utf-8"
    assert response.all_headers()["content-security-policy"].startswith("default-src 'none'")
    assert response.body.lower().startswith("<!doctype html>")


def test_prediction_is_json() -> None:
    response = ask("POST", "/predict", RECORD, content_type="application/json")
    assert response.content_type == "application/json"
    assert json.loads(response.body)["prediction"] == 3.0


def test_prediction_of_a_csv_is_a_csv() -> None:
    response = ask("POST", "/predict", b"size,note\n3,a\n", content_type="text/csv")
    assert response.all_headers()["content-type"] == "text/csv; charset=utf-8"
    assert response.body == "size,note,prediction,warnings\n3,a,3.0,\n"


def test_every_answer_is_kept_by_nobody_and_is_what_it_says() -> None:
    for path in (*ROUTES, "/x"):
        for method in ("GET", "POST"):
            headers = ask(method, path).all_headers()
            assert headers["cache-control"] == "no-store"
            assert headers["x-content-type-options"] == "nosniff"


def test_every_json_answer_is_ascii(mixed: Model) -> None:
    for path in ("/health", "/model", "/openapi.json", "/x"):
        assert ask("GET", path, model=mixed).body.isascii()
