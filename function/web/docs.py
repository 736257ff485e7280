"""`GET /docs`: Swagger UI over `openapi.json`, from files inside the image; nothing is asked of another host.

The files lie in `assets/swagger/`; SOURCE.txt there says which release they are (docs/decisions/0010).
"""

from os.path import dirname, join

from function.web.problems import RouteNotFound
from function.web.request_response import HTML, Response

_FOLDER = join(dirname(__file__), "assets", "swagger")
# What a browser may keep for a day: they change with the image alone.
_KEPT = {"cache-control": "private, max-age=86400"}
_ASSETS = {"swagger-ui.min.css": "text/css", "swagger-ui-bundle.min.js": "text/javascript"}
_START = """\
const text = document.getElementById("description").dataset.openapi;
SwaggerUIBundle({ url: new URL(text, document.baseURI).href, dom_id: "#description", deepLinking: false,
  tryItOutEnabled: true, validatorUrl: null });
"""
_DOCUMENT = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.min.css">
</head>
<body>
<main><h1 hidden>API</h1><div id="description" data-openapi="openapi.json"></div></main>
<noscript>This page needs JavaScript. <a href="openapi.json">openapi.json</a> says the same.</noscript>
<script src="docs/swagger-ui-bundle.min.js"></script>
<script type="module" src="docs/start.js"></script>
</body>
</html>
"""

# Swagger UI writes style attributes and has its pictures as data; no script but these two files runs.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def show_page(above: str = "") -> Response:
    """The page; its addresses are relative, so that it works below any stage. `above` leads to where it belongs."""
    document = _DOCUMENT.replace('"docs/', f'"{above}docs/').replace('"openapi.json"', f'"{above}openapi.json"')
    return Response(200, HTML, document, {"content-security-policy": CONTENT_SECURITY_POLICY})


def serve_asset(name: str) -> Response:
    """Return a file of the page. Raises RouteNotFound."""
    if name == "start.js":
        return Response(200, "text/javascript", _START, _KEPT)
    if name not in _ASSETS:
        raise RouteNotFound("There is no such file: GET /docs names those that there are.")
    with open(join(_FOLDER, name), encoding="utf-8") as file:
        return Response(200, _ASSETS[name], file.read(), _KEPT)
