"""Serve Swagger UI for `openapi.json` at `GET /docs`, from files in the image; no other host is contacted.

The files are in `assets/swagger/`, compressed; SOURCE.txt there names their release (docs/decisions/0010).
"""

from os.path import dirname, join

from function.web.problems import RouteNotFound
from function.web.request_response import HTML, Response

_FOLDER = join(dirname(__file__), "assets", "swagger")
# Browsers may cache the files for a day, because they change only with the image.
_CACHE_HEADERS = {"cache-control": "private, max-age=86400"}
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
<noscript>This page needs JavaScript. <a href="openapi.json">openapi.json</a> has the same content.</noscript>
<script src="docs/swagger-ui-bundle.min.js"></script>
<script type="module" src="docs/start.js"></script>
</body>
</html>
"""

# Swagger UI sets style attributes and embeds its images as data URLs. Only scripts served by this API may run.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def show_page(root: str = "") -> Response:
    """Return the page. `root` is the relative address of `/`; relative links work under any stage's prefix."""
    document = _DOCUMENT.replace('"docs/', f'"{root}docs/').replace('"openapi.json"', f'"{root}openapi.json"')
    return Response(200, HTML, document, {"content-security-policy": CONTENT_SECURITY_POLICY})


def serve_asset(name: str) -> Response:
    """Return a file of the page. Raises RouteNotFound."""
    if name == "start.js":
        return Response(200, "text/javascript", _START, _CACHE_HEADERS)
    if name not in _ASSETS:
        raise RouteNotFound("There is no such file: open /docs, which links to the existing files.")
    import gzip

    with gzip.open(join(_FOLDER, f"{name}.gz"), "rt", encoding="utf-8") as file:
        return Response(200, _ASSETS[name], file.read(), _CACHE_HEADERS)
