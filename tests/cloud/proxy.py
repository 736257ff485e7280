"""A proxy of faults in front of moto: it does to a request what a rule says, and forwards the others as they came.

It speaks plain HTTP/1.1 and reads bodies whole (a length, chunks, `Expect: 100-continue`); what is inside aws-chunked
bodies it leaves alone. It has no TLS, so a broken TLS session is not among its faults.
"""

import http.client
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, override
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.cloud.requests_seen import Call, Reply

_NOT_FORWARDED = {"connection", "keep-alive", "transfer-encoding", "expect", "content-length"}
_LARGE = 64 * 1024


class Exchange:
    """One request, and the ways to end it. Exactly one of `answer` and `reset` ends it."""

    def __init__(self, handler: BaseHTTPRequestHandler, call: Call, proxy: "Proxy") -> None:
        self.call = call
        self._handler = handler
        self._proxy = proxy

    def forward(self, body: bytes | None = None) -> Reply:
        """Moto's reply to the request, or to this body in its place."""
        data = self.call.body if body is None else body
        connection = http.client.HTTPConnection(self._proxy.upstream, timeout=60)
        try:
            connection.putrequest(self.call.method, self.call.target, skip_host=True, skip_accept_encoding=True)
            for name, value in self.call.headers.items():
                if name not in _NOT_FORWARDED:
                    connection.putheader(name, value)
            connection.putheader("content-length", str(len(data)))
            connection.endheaders(data)
            response = connection.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            reply = Reply(response.status, headers, response.read())
        finally:
            connection.close()
        if self._proxy.after_each is not None:
            self._proxy.after_each(self.call)
        return reply

    def answer(self, reply: Reply, *, sent: int | None = None, bytes_per_second: float | None = None) -> None:
        """Sends the reply; of its body only the first `sent` bytes, after which the connection ends."""
        handler = self._handler
        handler.send_response_only(reply.status)
        length = reply.headers.get("content-length") if self.call.method == "HEAD" else None
        for name, value in reply.headers.items():
            if name not in _NOT_FORWARDED:
                handler.send_header(name, value)
        if reply.status != 204:
            handler.send_header("content-length", length or str(len(reply.body)))
        handler.end_headers()
        body = reply.body[:sent]
        if bytes_per_second is None:
            handler.wfile.write(body)
        else:
            step = max(1, int(bytes_per_second / 10))
            for start in range(0, len(body), step):
                handler.wfile.write(body[start : start + step])
                time.sleep(step / bytes_per_second)
        if sent is not None:
            handler.close_connection = True

    def reset(self) -> None:
        """Ends the connection with a TCP reset."""
        self._handler.close_connection = True
        self._handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._handler.connection.close()


type Action = Callable[[Exchange], None]


class Rule:
    """What happens to the requests that it matches, from the one after the first `skip`, `times` times."""

    def __init__(self, matches: Callable[[Call], bool], action: Action, times: int | None, skip: int) -> None:
        self._matches = matches
        self.action = action
        self._skip = skip
        self._left = times
        self.hits = 0

    def takes(self, call: Call) -> bool:
        """Whether this request is one of them; counts it."""
        if not self._matches(call) or self._left == 0:
            return False
        if self._skip:
            self._skip -= 1
            return False
        if self._left is not None:
            self._left -= 1
        self.hits += 1
        return True


class Proxy:
    """The rules, the requests seen, and what is called when moto has answered one, before its answer is passed on."""

    def __init__(self, upstream: str) -> None:
        self.url = ""
        self.calls: list[Call] = []
        self.after_each: Callable[[Call], None] | None = None
        self._rules: list[Rule] = []
        self.upstream = urlsplit(upstream).netloc
        self._lock = threading.Lock()

    def on(
        self,
        operation: str,
        action: Action,
        *,
        times: int | None = 1,
        skip: int = 0,
        where: Callable[[Call], bool] = lambda _: True,
    ) -> Rule:
        """Does the action to requests of that operation (`*` is any); without `times`, to every one."""
        rule = Rule(lambda call: operation in ("*", call.operation) and where(call), action, times, skip)
        self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """Forgets rules and requests."""
        self._rules.clear()
        self.calls.clear()
        self.after_each = None

    def operations(self) -> list[str]:
        """The names of the operations seen, in their order."""
        return [call.operation for call in self.calls]

    def serve(self, handler: BaseHTTPRequestHandler, call: Call) -> None:
        """Ends one request."""
        with self._lock:
            self.calls.append(call._replace(body=b"") if len(call.body) > _LARGE else call)
            action = next((rule.action for rule in self._rules if rule.takes(call)), pass_on)
        action(Exchange(handler, call, self))


def pass_on(exchange: Exchange) -> None:
    """Answers as moto does."""
    exchange.answer(exchange.forward())


@contextmanager
def run_in_front_of(endpoint: str) -> Iterator[Proxy]:
    """A proxy on a port of its own."""
    proxy = Proxy(endpoint)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def handle_any(self) -> None:
            body = b"".join(_chunks(self.rfile)) if _is_chunked(self) else self.rfile.read(_length(self))
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            headers = {name.lower(): value for name, value in self.headers.items()}
            proxy.serve(self, Call(self.command, self.path, unquote(parts.path), query, headers, body))

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_any  # noqa: N815  # http.server's names

        @override
        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        @override
        def handle_error(self, request: Any, client_address: Any) -> None:
            # A client that was killed, or gave up, is the point of some tests.
            if not isinstance(sys.exception(), ConnectionError):
                super().handle_error(request, client_address)

    server = Server(("127.0.0.1", 0), Handler)
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _is_chunked(handler: BaseHTTPRequestHandler) -> bool:
    return "chunked" in handler.headers.get("transfer-encoding", "")


def _length(handler: BaseHTTPRequestHandler) -> int:
    return int(handler.headers.get("content-length", 0))


def _chunks(stream: Any) -> Iterator[bytes]:
    """The chunks of a body (RFC 9112, 7.1)."""
    while size := int(stream.readline().split(b";")[0], 16):
        yield stream.read(size)
        stream.readline()
    while stream.readline().strip():
        pass
