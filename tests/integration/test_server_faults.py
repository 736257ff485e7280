"""What the server answers by itself, to requests that no route sees, over raw sockets. Touches loopback."""

import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from function.local.worker import SILENCE_SECONDS
from tests.integration.test_serve import serving

BODY = b'{"AreaSqft":1500,"NumBedrooms":3}'


class Answer(NamedTuple):
    """An answer as its bytes have it."""

    status: int
    headers: dict[str, str]
    body: bytes


@pytest.fixture(scope="module")
def port(houses_bundle: Path) -> Iterator[int]:
    with serving(houses_bundle) as address:
        yield int(address.rpartition(":")[2])


def exchange(port: int, request: bytes, timeout: float = 20) -> Answer:
    """All that comes until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while block := connection.recv(65536):
            received += block
    head, _, body = received.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Answer(int(status.split()[1]), headers, body)


def request(*headers: str, line: str = "POST /predict HTTP/1.1", body: bytes = BODY) -> bytes:
    return "\r\n".join([line, "Host: x", *headers, "", ""]).encode("latin-1") + body


LENGTH = f"Content-Length: {len(BODY)}"
CHUNKED = "Transfer-Encoding: chunked"
CHUNK = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
FAULTS: dict[str, tuple[bytes, int]] = {
    "unknown transfer coding": (request("Transfer-Encoding: xchunked"), 400),
    "chunked twice": (request("Transfer-Encoding: chunked, chunked", body=CHUNK), 400),
    "chunked with a length": (request(CHUNKED, LENGTH, body=CHUNK), 400),
    "chunk size": (request(CHUNKED, body=b"xyz\r\n" + BODY), 400),
    "chunk without an end": (request(CHUNKED, body=b"%x\r\n%s0\r\n\r\n" % (len(BODY), BODY)), 400),
    "length that is no number": (request("Content-Length: ten"), 400),
    "negative length": (request("Content-Length: -1"), 400),
    "two lengths": (request(LENGTH, "Content-Length: 3"), 400),
    "script name": (request(LENGTH, "SCRIPT_NAME: /elsewhere"), 400),
    "scheme headers": (request(LENGTH, "X-Forwarded-Proto: https", "X-Forwarded-Ssl: off"), 400),
    "two content types": (request(LENGTH, "Content-Type: text/csv", "Content-Type: application/json"), 400),
    "two hosts": (request(LENGTH, "Host: y"), 400),
    "header without a colon": (request(LENGTH, "nothing"), 400),
    "header with a space in its name": (request(LENGTH, "a b: c"), 400),
    "header with a null": (request(LENGTH, "a: \0"), 400),
    "folded header": (request(LENGTH, "a: b\r\n c"), 400),
    "too many headers": (request(LENGTH, *(f"a{index}: b" for index in range(200))), 431),
    "header that is too long": (request(LENGTH, "a: " + "b" * 20_000), 431),
    "request line that is too long": (request(line=f"GET /{'a' * 20_000} HTTP/1.1", body=b""), 414),
    "request line that does not end": (b"GET /" + b"a" * 20_000, 414),
    "version": (request(LENGTH, line="POST /predict HTTP/3.0"), 400),
    "no version": (request(LENGTH, line="POST /predict"), 400),
    "other protocol": (request(LENGTH, line="POST /predict SMTP/1.1"), 400),
    "method in small letters": (request(LENGTH, line="post /predict HTTP/1.1"), 400),
    "method of two letters": (request(LENGTH, line="GO /predict HTTP/1.1"), 400),
    "method with signs": (request(LENGTH, line="P@ST /predict HTTP/1.1"), 400),
    "path without a slash": (request(LENGTH, line="POST predict HTTP/1.1"), 400),
    "path with a letter that is not ASCII": (request(LENGTH, line="POST /é HTTP/1.1"), 400),
    "nothing but bytes": (b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n", 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "expectation": (request(LENGTH, "Expect: a-miracle"), 417),
}


@pytest.mark.parametrize(("sent", "status"), FAULTS.values(), ids=FAULTS)
def test_request_that_no_route_sees_gets_a_problem_document(sent: bytes, status: int, port: int) -> None:
    answer = exchange(port, sent)
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["connection"] == "close"
    assert int(answer.headers["content-length"]) == len(answer.body)
    problem = json.loads(answer.body)
    assert problem["status"] == status
    assert problem["code"] == ("too_large" if status in (414, 431) else "malformed_request")
    assert problem["detail"]
    assert "elsewhere" not in problem["detail"]


def test_server_answers_on_after_every_fault(port: int) -> None:
    for sent, _ in FAULTS.values():
        exchange(port, sent)
    answer = exchange(port, request(LENGTH, "Connection: close"))
    assert (answer.status, json.loads(answer.body)["prediction"]) == (200, 360000.0)


@pytest.mark.parametrize(
    "sent",
    [
        request("Content-Length: 100", "Content-Type: text/csv", body=b"AreaSqft,NumBedrooms\n1500,3\n"),
        request(CHUNKED, "Content-Type: text/csv", body=b"1d\r\nAreaSqft,NumBedrooms\n1500,3\n\r\n5\r\n1500"),
        request(CHUNKED, "Content-Type: text/csv", body=b"1d\r\nAreaSqft,NumBedrooms\n1500,3\n\r\n"),
    ],
    ids=["length", "in a chunk", "between chunks"],
)
def test_body_that_breaks_off_is_never_answered_with_a_part_of_the_rows(sent: bytes, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(65536)[:12] in (b"HTTP/1.1 400", b"")


@pytest.mark.parametrize(
    "begun",
    [request("Content-Length: 100"), b"POST /predict HTTP/1.1\r\nHost: x\r\n"],
    ids=["body", "headers"],
)
def test_silent_clients_hold_up_the_others_for_seconds_only(begun: bytes, port: int) -> None:
    silent = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(4)]
    for connection in silent:
        connection.sendall(begun)
    # As many as there are threads.
    answer = exchange(port, request(LENGTH, "Connection: close"), timeout=4 * SILENCE_SECONDS)
    assert answer.status == 200
    for connection in silent:
        said = connection.recv(65536)
        assert said == b"" if begun.endswith(b"x\r\n") else said.startswith(b"HTTP/1.1 400 ")
        connection.close()


@pytest.mark.parametrize("method", ["PATCH", "OPTIONS", "TRACE", "BREW", "PROPFIND"])
def test_method_that_no_route_takes_is_told_the_methods(method: str, port: int) -> None:
    answer = exchange(port, request(LENGTH, "Connection: close", line=f"{method} /predict HTTP/1.1"))
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert json.loads(answer.body)["code"] == "method_not_allowed"


HEADS = {
    "route": request("Connection: close", line="HEAD /health HTTP/1.1", body=b""),
    "no route": request("Connection: close", line="HEAD /nowhere HTTP/1.1", body=b""),
    "other method": request("Connection: close", line="HEAD /predict HTTP/1.1", body=b""),
    "old version": request("Connection: close", line="HEAD /health HTTP/1.0", body=b""),
    "transfer coding": request("Transfer-Encoding: xchunked", line="HEAD /health HTTP/1.1"),
    "chunk size": request(CHUNKED, line="HEAD /health HTTP/1.1", body=b"xyz\r\n"),
    "script name": request("SCRIPT_NAME: /elsewhere", line="HEAD /health HTTP/1.1", body=b""),
    "header": request("nothing", line="HEAD /health HTTP/1.1", body=b""),
    "headers": request(*(f"a{index}: b" for index in range(200)), line="HEAD /health HTTP/1.1", body=b""),
    "expectation": request("Expect: a-miracle", line="HEAD /health HTTP/1.1", body=b""),
    "version": request(line="HEAD /health HTTP/3.0", body=b""),
    "request line": request(line=f"HEAD /{'a' * 20_000} HTTP/1.1", body=b""),
    "request line without an end": b"HEAD /" + b"a" * 20_000,
}


@pytest.mark.parametrize("sent", HEADS.values(), ids=HEADS)
def test_answer_to_head_has_no_byte_of_a_body(sent: bytes, port: int) -> None:
    answer = exchange(port, sent)
    assert answer.body == b""
    assert 200 <= answer.status < 500


def test_connection_is_kept_after_head(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    for method in ("HEAD", "GET", "HEAD", "GET"):
        for path in ("/health", "/nowhere"):
            connection.request(method, path)
            answer = connection.getresponse()
            assert bool(answer.read()) == (method == "GET")
            assert answer.status == (200 if path == "/health" else 404)
    connection.close()


def test_proxy_may_say_what_the_path_is_below(port: int) -> None:
    sent = request(LENGTH, "Connection: close", "SCRIPT_NAME: /models/a", line="POST /models/a/predict HTTP/1.1")
    assert json.loads(exchange(port, sent).body)["prediction"] == 360000.0
