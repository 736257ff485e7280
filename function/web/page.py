"""The page at `GET /` and the policy that lets nothing run or load but what is in it.

Its sources are the files of `assets/`; what they show they ask of `GET /model` and `POST /predict`.
"""

from base64 import b64encode
from hashlib import sha256
from os.path import dirname, join

# One script, in this order; start.js is where it begins.
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
    # Text mode: browsers hash an inline block after they turned its line ends into LF, as it does.
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
    """The whole page as one document."""
    return _DOCUMENT
