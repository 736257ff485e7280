"""Build the page for `GET /` and its content security policy, which allows only the page's own script and style.

The sources are the files in `assets/`; the script calls `GET /model` and `POST /predict`.
"""

from base64 import b64encode
from hashlib import sha256
from os.path import dirname, join

# These files form one script, in this order; start.js is the entry point.
_PARTS = (
    "shared.js",
    "api.js",
    "form.js",
    "request.js",
    "prediction.js",
    "table.js",
    "chart.js",
    "card.js",
    "start.js",
)


def _read_asset(name: str) -> str:
    # Text mode converts line ends to LF, as browsers do before they hash an inline block.
    with open(join(dirname(__file__), "assets", name), encoding="utf-8") as file:
        return file.read()


def _hash_block(block: str) -> str:
    return f"'sha256-{b64encode(sha256(block.encode()).digest()).decode()}'"


_STYLE, _SCRIPT = _read_asset("page.css"), "\n".join(map(_read_asset, _PARTS))
_DOCUMENT = (
    _read_asset("page.html")
    .replace("<style></style>", f"<style>{_STYLE}</style>")
    .replace('<script type="module"></script>', f'<script type="module">{_SCRIPT}</script>')
)

# https://www.w3.org/TR/CSP3/
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "connect-src 'self'",
        "img-src data:",  # the icon
        f"style-src {_hash_block(_STYLE)}",
        f"script-src {_hash_block(_SCRIPT)}",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


def render_page() -> str:
    """Return the page as one HTML document."""
    return _DOCUMENT
