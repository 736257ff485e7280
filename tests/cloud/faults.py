"""What the proxy can do to a request."""

import json
import time
from collections.abc import Callable
from typing import Any

from tests.cloud.proxy import Action, Exchange, pass_on
from tests.cloud.requests_seen import Reply, error


def status(code: int) -> Action:
    """The service's error of that status; the request does not reach it."""
    return lambda exchange: exchange.answer(error(exchange.call, code))


def slow(bytes_per_second: float) -> Action:
    """The answer, at that pace."""
    return lambda exchange: exchange.answer(exchange.forward(), bytes_per_second=bytes_per_second)


def silent(seconds: float) -> Action:
    """No answer for so long, then a reset."""

    def act(exchange: Exchange) -> None:
        time.sleep(seconds)
        exchange.reset()

    return act


def short(share: float) -> Action:
    """The headers promise the whole body; that share of it comes, then the connection ends in order."""

    def act(exchange: Exchange) -> None:
        reply = exchange.forward()
        exchange.answer(reply, sent=int(len(reply.body) * share))

    return act


def break_off(share: float) -> Action:
    """That share of the body comes, then a TCP reset."""

    def act(exchange: Exchange) -> None:
        reply = exchange.forward()
        exchange.answer(reply, sent=int(len(reply.body) * share))
        # What was sent must have arrived: a reset throws away what the peer has not read yet.
        time.sleep(0.2)
        exchange.reset()

    return act


def reset(exchange: Exchange) -> None:
    """A TCP reset in place of the answer; the request does not reach the service."""
    exchange.reset()


def lost(exchange: Exchange) -> None:
    """The service does what is asked; its answer is lost in a TCP reset."""
    exchange.forward()
    exchange.reset()


def fail_after_doing(code: int) -> Action:
    """The service does what is asked, and an error comes back."""

    def act(exchange: Exchange) -> None:
        exchange.forward()
        exchange.answer(error(exchange.call, code))

    return act


def fail_inside_200(exchange: Exchange) -> None:
    """An error in the body of a 200, as CompleteMultipartUpload and CopyObject answer when they fail late."""
    exchange.answer(error(exchange.call, 500)._replace(status=200))


def answer_with(body: bytes) -> Action:
    """A 200 with that body in the place of the service's; the request does not reach it."""
    return lambda exchange: exchange.answer(Reply(200, {"content-type": "application/x-amz-json-1.0"}, body))


def corrupt(exchange: Exchange) -> None:
    """The answer with one byte of its body changed."""
    reply = exchange.forward()
    body = bytearray(reply.body)
    body[len(body) // 2] ^= 1
    exchange.answer(reply._replace(body=bytes(body)))


def wrong_checksum(exchange: Exchange) -> None:
    """The answer with a checksum that is another body's."""
    reply = exchange.forward()
    exchange.answer(reply._replace(headers={**reply.headers, "x-amz-checksum-crc32": "AAAAAA=="}))


def act_before(hook: Callable[[], object], then: Action = pass_on) -> Action:
    """Calls the hook, then does as `then` says."""

    def act(exchange: Exchange) -> None:
        hook()
        then(exchange)

    return act


def act_after(hook: Callable[[], object]) -> Action:
    """The service does what is asked, then the hook is called, then the answer is sent."""

    def act(exchange: Exchange) -> None:
        reply = exchange.forward()
        hook()
        exchange.answer(reply)

    return act


def partly(refuses: Callable[[Any], bool], *, delivered: bool = False) -> Action:
    """SendMessageBatch that fails for the entries (their JSON bodies) that it refuses; `delivered`: it only says so."""

    def act(exchange: Exchange) -> None:
        request = exchange.call.document
        failed = [entry for entry in request["Entries"] if refuses(json.loads(entry["MessageBody"]))]
        passed = [entry for entry in request["Entries"] if delivered or entry not in failed]
        document: dict[str, Any] = {"Successful": [], "Failed": []}
        reply = Reply(200, {"content-type": "application/x-amz-json-1.0"}, b"")
        if passed:
            reply = exchange.forward(json.dumps({**request, "Entries": passed}).encode())
            document |= json.loads(reply.body)
        ids = {entry["Id"] for entry in failed}
        document["Successful"] = [entry for entry in document["Successful"] if entry["Id"] not in ids]
        document["Failed"] = [
            {"Id": entry["Id"], "SenderFault": False, "Code": "InternalError", "Message": "made up by the proxy"}
            for entry in failed
        ]
        exchange.answer(reply._replace(body=json.dumps(document).encode()))

    return act
