"""Every error that the function raises on purpose; no HTTP and no AWS in here.

    DeployerError
    ├── BundleError        the model bundle cannot be loaded as it is
    ├── SettingError       an environment variable has a value that it cannot have
    ├── InternalError      a fault of ours; the log says more under the request's id
    ├── RetryLater         nothing is wrong with the input: another delivery of it may succeed
    ├── BucketNotAllowed   an event names an object in a bucket that is not the one that files are read from
    ├── UnknownEvent       no source matches the event
    └── RequestError       what the caller sent cannot be answered
        ├── MalformedInput     it cannot be read
        ├── InputTooLarge      it, or its answer, passes a cap
        └── InvalidInput       it can be read, and values in it are wrong

Each has a stable `code`; its text is one sentence for people that holds no value the caller sent.
"""

from typing import NamedTuple


class DeployerError(Exception):
    """The base of all of them."""

    code = "internal_error"
    counted = False
    """Whether function.telemetry.counts has it already."""


class BundleError(DeployerError):
    """The bundle fails one of the checks at load; `code` says which."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class SettingError(DeployerError):
    """An environment variable has a value that it cannot have."""

    code = "bad_setting"


class InternalError(DeployerError):
    """A fault of ours, told to the caller without anything of what happened."""


class RetryLater(DeployerError):
    """The input was not dealt with, by no fault of its own; Lambda delivers it again."""

    code = "retry_later"


class BucketNotAllowed(DeployerError):
    """The event names an object of another bucket than the one that files are read from."""

    code = "bucket_not_allowed"


class UnknownEvent(DeployerError):
    """The event comes from no source that the function serves."""

    code = "unknown_event"


class RequestError(DeployerError):
    """The base of what the caller can put right."""


class MalformedInput(RequestError):
    """The body cannot be read at all."""

    code = "malformed_body"


class InputTooLarge(RequestError):
    """The body, its rows or the answer to it pass a cap."""

    code = "too_large"


class Problem(NamedTuple):
    """One wrong value: where (an RFC 6901 JSON pointer into the body), what kind, and a sentence."""

    pointer: str
    code: str
    detail: str


MAX_SHOWN = 200


class InvalidInput(RequestError):
    """Values are missing, unknown, of the wrong type or refused by the model; `problems` lists every one."""

    code = "invalid_input"

    def __init__(self, problems: list[Problem]) -> None:
        first = problems[0]
        # An unknown field's name may be as long as the body.
        where = first.pointer if len(first.pointer) <= MAX_SHOWN else f"{first.pointer[:MAX_SHOWN]}…"
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{where or 'the body'}: {first.detail}{more}")
        self.problems = problems
