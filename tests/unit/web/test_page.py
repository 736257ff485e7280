"""The page's document, without a browser: what it holds and what its policy allows."""

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from function.web.page import CONTENT_SECURITY_POLICY, render_page

MAX_BYTES = 50_000
# Ways from a text to markup or code.
SINKS = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "srcdoc")


class Reading(HTMLParser):
    """Collects a document's inline blocks and what a strict policy would refuse in it."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.blocks: dict[str, list[str]] = {"style": [], "script": []}
        self.refused: list[str] = []
        self._open = ""
        self.feed(document)
        self.close()
        for tag, sources in self.blocks.items():
            found = [word for word in SINKS if word in "".join(sources)]
            found += re.findall(r"@import|url\(|https?://|(?:^|;)\s*import\b|import\(", "".join(sources), re.MULTILINE)
            self.refused += [f"{tag}: {word}" for word in found]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = tag
        for name, value in attrs:
            is_asset = name in ("src", "href", "action", "srcset", "data") and not (value or "").startswith("data:")
            if name.startswith("on") or name == "style" or is_asset:
                self.refused.append(f"{tag} {name}")
        if tag in self.blocks:
            self.blocks[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open in self.blocks:
            self.blocks[self._open][-1] += data


def directives() -> dict[str, str]:
    return dict(directive.split(" ", 1) for directive in CONTENT_SECURITY_POLICY.split("; "))


@pytest.mark.parametrize("tag", ["style", "script"])
def test_the_policy_allows_the_one_inline_block_and_nothing_else(tag: str) -> None:
    (block,) = Reading(render_page()).blocks[tag]
    assert len(block) > 1000
    assert directives()[f"{tag}-src"] == f"'sha256-{b64encode(sha256(block.encode()).digest()).decode()}'"


def test_the_policy_refuses_whatever_it_does_not_name() -> None:
    others = {name: value for name, value in directives().items() if name not in ("style-src", "script-src")}
    assert others == {
        "default-src": "'none'",
        "connect-src": "'self'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }


def test_the_document_loads_nothing_and_turns_no_text_into_markup() -> None:
    assert Reading(render_page()).refused == []


@pytest.mark.parametrize(
    ("document", "refused"),
    [
        ('<script src="a.js"></script>', ["script src"]),
        ('<link rel="stylesheet" href="https://cdn.example/a.css">', ["link href"]),
        ('<p style="color: red">', ["p style"]),
        ('<button onclick="go()">', ["button onclick"]),
        ("<style>a { background: url(a.png) }</style>", ["style: url("]),
        ("<script>p.innerHTML = name</script>", ["script: innerHTML"]),
        ("<script>fetch('https://a.example')</script>", ["script: https://"]),
    ],
)
def test_what_the_page_must_not_hold_is_found(document: str, refused: list[str]) -> None:
    assert Reading(document).refused == refused


def test_the_page_is_small_and_made_once() -> None:
    assert len(render_page().encode()) < MAX_BYTES
    assert render_page() is render_page()


def test_the_policy_is_one_header_line() -> None:
    assert CONTENT_SECURITY_POLICY.isascii()
    assert "\n" not in CONTENT_SECURITY_POLICY


def test_every_element_that_the_script_asks_for_is_in_the_document() -> None:
    asked = set(re.findall(r'byId\("([^"]+)"\)', render_page()))
    assert asked
    assert asked <= set(re.findall(r' id="([^"]+)"', render_page()))
