"""What must hold of who may call, how often, and what is written down of it. As in deliveries."""

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.template.expand import Template
from tests.template.reading import find_by_type, function_of, make_list, rights, target

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "x-amazon-apigateway-any-method")
# What a call may hold of a caller's data.
TELLING = re.compile(
    r"\$context\.(path|integrationErrorMessage|authorizer\.error|error\.message)|querystring|header|body"
)
SECRET = re.compile(r"(?i)secret|password|passwd|token|api_?key|access_?key|private|credential")
VALUE = re.compile(r"AKIA[0-9A-Z]{16}|-----BEGIN|ghp_[A-Za-z0-9]{20}|(?<![0-9a-f/])[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/=])")


def operations(template: Template) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """The name, the definition and the API's body of each operation of each HTTP API."""
    for name, properties in find_by_type(template, "AWS::ApiGatewayV2::Api", "AWS::ApiGateway::RestApi"):
        body = properties.get("Body", {})
        for path, methods in body.get("paths", {}).items():
            for method, operation in methods.items():
                if method.lower() in METHODS:
                    yield f"{name} {method} {path}", operation, body


def every_operation_asks_who_calls(template: Template) -> list[str]:
    """Each has a security scheme that there is: IAM, or tokens of an issuer for an audience. No way leads around it."""
    complaints = []
    for name, operation, body in operations(template):
        schemes = body.get("components", {}).get("securitySchemes", {})
        required = operation.get("security", body.get("security")) or []
        if not required or not all(required):
            complaints.append(f"{name}: anyone may call it")
        complaints += [f"{name}: {s}" for choice in required for s in choice if not _asks(schemes.get(s, {}))]
    if not list(operations(template)):
        complaints.append("there is no operation")
    for name, properties in find_by_type(template, "AWS::Lambda::Url", "AWS::ApiGatewayV2::Route"):
        if properties.get("AuthType", properties.get("AuthorizationType", "NONE")) == "NONE":
            complaints.append(f"{name}: anyone may call it")
    return complaints


def _asks(scheme: dict[str, Any]) -> bool:
    if scheme.get("x-amazon-apigateway-authtype") == "awsSigv4":
        return scheme.get("type") == "apiKey" and scheme.get("in") == "header" and scheme.get("name") == "Authorization"
    authorizer = scheme.get("x-amazon-apigateway-authorizer", {})
    tokens = authorizer.get("jwtConfiguration", {})
    return authorizer.get("type") == "jwt" and bool(tokens.get("issuer")) and bool("".join(tokens.get("audience", [])))


def warnings_of_the_api_stop_it(template: Template) -> list[str]:
    """A security scheme that API Gateway would leave out with a warning stops the deployment."""
    apis = find_by_type(template, "AWS::ApiGatewayV2::Api")
    return [f"{name}: FailOnWarnings" for name, p in apis if "Body" in p and p.get("FailOnWarnings") is not True]


def api_is_throttled(template: Template) -> list[str]:
    """Each stage bounds requests a second and at once."""
    complaints = []
    for name, properties in find_by_type(template, "AWS::ApiGatewayV2::Stage"):
        settings = [properties.get("DefaultRouteSettings", {}), *properties.get("RouteSettings", {}).values()]
        limits = ("ThrottlingRateLimit", "ThrottlingBurstLimit")
        complaints += [f"{name}: {limit}" for s in settings for limit in limits if not s.get(limit, 0) > 0]
    return complaints


def api_is_logged(template: Template) -> list[str]:
    """Each stage writes who asked for what, without what was in it, to a log group of the stack."""
    complaints = []
    for name, properties in find_by_type(template, "AWS::ApiGatewayV2::Stage"):
        settings = properties.get("AccessLogSettings", {})
        group = target(settings.get("DestinationArn", ""))
        if template["Resources"].get(group, {}).get("Type") != "AWS::Logs::LogGroup":
            complaints.append(f"{name}: no access log")
            continue
        try:
            fields = json.loads(settings["Format"]).values()
        except ValueError:
            complaints.append(f"{name}: the log's lines are no JSON")
            continue
        complaints += [
            f"{name}: {field} is not logged" for field in ("requestId", "status") if f"$context.{field}" not in fields
        ]
        complaints += [f"{name}: {field} may tell what was sent" for field in fields if TELLING.search(field)]
    return complaints


def origins_are_named_where_cookies_are_taken(template: Template) -> list[str]:
    """No page of anyone's calls the API with its visitor's cookies."""
    complaints = []
    for name, properties in find_by_type(template, "AWS::ApiGatewayV2::Api"):
        for cors in (
            properties.get("Body", {}).get("x-amazon-apigateway-cors", {}),
            properties.get("CorsConfiguration", {}),
        ):
            lower = {key.lower(): value for key, value in cors.items()}
            origins = make_list(lower.get("alloworigins", []))
            if str(lower.get("allowcredentials", False)).lower() == "true" and any("*" in o for o in origins):
                complaints.append(f"{name}: credentials from any origin")
    return complaints


def environment_holds_no_secret(template: Template) -> list[str]:
    """Secrets belong into Secrets Manager; whoever may describe a function reads its variables."""
    return [
        f"{function}: {name}"
        for function, properties in find_by_type(template, "AWS::Lambda::Function")
        for name, value in properties.get("Environment", {}).get("Variables", {}).items()
        if SECRET.search(name) or VALUE.search(str(value)) or "{{resolve:" in str(value)
    ]


def model_is_read_and_no_more(template: Template) -> list[str]:
    """With MODEL_URI there is a digest, and the right to read below that prefix; without it there is neither."""
    complaints = []
    for function, properties in find_by_type(template, "AWS::Lambda::Function"):
        variables = properties.get("Environment", {}).get("Variables", {})
        granted = {
            right for right in rights(template, function) if "${Place}" in right[1] or _is_place(right[1], template)
        }
        uri = variables.get("MODEL_URI")
        if not uri or "RELEASED_FUNCTIONS" in variables:
            complaints += [f"{function}: may {' '.join(right)}" for right in sorted(granted)]
            continue
        if not re.fullmatch(r"[0-9a-f]{64}", variables.get("MODEL_SHA256", "")):
            complaints.append(f"{function}: MODEL_SHA256")
        arn = f"arn:aws:s3:::{uri.removeprefix('s3://')}*"
        wanted = {("s3:GetObject", arn), ("s3:GetObjectVersion", arn)}
        if granted != wanted:
            complaints.append(f"{function}: its rights on the model are {sorted(granted)}")
    return complaints


def _is_place(arn: str, template: Template) -> bool:
    """Whether the ARN is of a bucket that is not the stack's own."""
    own = {p["BucketName"] for _, p in find_by_type(template, "AWS::S3::Bucket")}
    return arn.startswith("arn:aws:s3:::") and arn.removeprefix("arn:aws:s3:::").partition("/")[0] not in own


def list_fronted(template: Template) -> set[str]:
    """Functions that an API, a source or a mapping calls."""
    called = find_by_type(template, "AWS::Lambda::Permission", "AWS::Lambda::EventSourceMapping")
    return {function_of(template, properties["FunctionName"]) for _, properties in called}
