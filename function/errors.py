"""The errors that the function raises, and their codes. This module must not know HTTP or AWS.

    DeployerError
    ├── BundleError        the model bundle cannot be loaded as it is
    ├── SettingError       an environment variable has a wrong value
    ├── InternalError      an error in this program; the log has more under the request id
    ├── RetryLater         the input was not processed, and nothing is wrong with it; deliver it again
    ├── BucketNotAllowed   an event names an object in another bucket than INPUT_BUCKET
    ├── UnknownEvent       the event comes from no source that the function serves
    └── RequestError       the caller can correct it
        ├── MalformedInput     the body cannot be read
        ├── InputTooLarge      the body, its records or the answer exceed a limit
        └── InvalidInput       the body can be read, and values in it are wrong

Each error has a stable `code`. Its text is one sentence for people; it holds no value that the caller sent.
"""

from typing import Final, NamedTuple

# The request.
MALFORMED_BODY: Final = "malformed_body"
MALFORMED_REQUEST: Final = "malformed_request"
NOT_FOUND: Final = "not_found"
METHOD_NOT_ALLOWED: Final = "method_not_allowed"
NOT_ACCEPTABLE: Final = "not_acceptable"
TOO_LARGE: Final = "too_large"
UNSUPPORTED_MEDIA_TYPE: Final = "unsupported_media_type"
INVALID_INPUT: Final = "invalid_input"
INTERNAL_ERROR: Final = "internal_error"
UNKNOWN_EVENT: Final = "unknown_event"
BUCKET_NOT_ALLOWED: Final = "bucket_not_allowed"
RETRY_LATER: Final = "retry_later"

# A value.
WRONG_TYPE: Final = "wrong_type"
MISSING: Final = "missing"
NULL: Final = "null"
UNKNOWN_FIELD: Final = "unknown_field"
REPEATED: Final = "repeated"
REPEATED_COLUMN: Final = "repeated_column"
RESERVED_COLUMN: Final = "reserved_column"
RESERVED_MEMBER: Final = "reserved_member"
UNCLEAR_HEADER: Final = "unclear_header"
ROW_LENGTH: Final = "row_length"
COLUMN_LENGTH: Final = "column_length"
SHAPE_MISMATCH: Final = "shape_mismatch"
DATATYPE_MISMATCH: Final = "datatype_mismatch"
UNSUPPORTED: Final = "unsupported"
OTHER_MODEL: Final = "other_model"
OUT_OF_RANGE: Final = "out_of_range"
UNSEEN_CATEGORY: Final = "unseen_category"
NOT_PREDICTABLE: Final = "not_predictable"
NOT_FINITE: Final = "not_finite"

# The bundle and the settings.
MODEL_MISSING: Final = "model_missing"
MODEL_UNREACHABLE: Final = "model_unreachable"
MANIFEST_INVALID: Final = "manifest_invalid"
FORMAT_UNSUPPORTED: Final = "format_unsupported"
ARTIFACT_MISSING: Final = "artifact_missing"
ARTIFACT_UNREADABLE: Final = "artifact_unreadable"
DIGEST_MISMATCH: Final = "digest_mismatch"
VERSION_MISMATCH: Final = "version_mismatch"
GOLDEN_MISMATCH: Final = "golden_mismatch"
RUNTIME_UNSUPPORTED: Final = "runtime_unsupported"
RELEASE_REFUSED: Final = "release_refused"
BAD_SETTING: Final = "bad_setting"

CODES: Final = {
    MALFORMED_BODY: "the-request",
    MALFORMED_REQUEST: "the-request",
    NOT_FOUND: "the-request",
    METHOD_NOT_ALLOWED: "the-request",
    NOT_ACCEPTABLE: "the-request",
    TOO_LARGE: "the-request",
    UNSUPPORTED_MEDIA_TYPE: "the-request",
    INVALID_INPUT: "the-request",
    INTERNAL_ERROR: "the-request",
    UNKNOWN_EVENT: "the-request",
    BUCKET_NOT_ALLOWED: "the-request",
    RETRY_LATER: "the-request",
    WRONG_TYPE: "a-value",
    MISSING: "a-value",
    NULL: "a-value",
    UNKNOWN_FIELD: "a-value",
    REPEATED: "a-value",
    REPEATED_COLUMN: "a-value",
    RESERVED_COLUMN: "a-value",
    RESERVED_MEMBER: "a-value",
    UNCLEAR_HEADER: "a-value",
    ROW_LENGTH: "a-value",
    COLUMN_LENGTH: "a-value",
    SHAPE_MISMATCH: "a-value",
    DATATYPE_MISMATCH: "a-value",
    UNSUPPORTED: "a-value",
    OTHER_MODEL: "a-value",
    OUT_OF_RANGE: "a-value",
    UNSEEN_CATEGORY: "a-value",
    NOT_PREDICTABLE: "a-value",
    NOT_FINITE: "a-value",
    MODEL_MISSING: "the-bundle-and-the-settings",
    MODEL_UNREACHABLE: "the-bundle-and-the-settings",
    MANIFEST_INVALID: "the-bundle-and-the-settings",
    FORMAT_UNSUPPORTED: "the-bundle-and-the-settings",
    ARTIFACT_MISSING: "the-bundle-and-the-settings",
    ARTIFACT_UNREADABLE: "the-bundle-and-the-settings",
    DIGEST_MISMATCH: "the-bundle-and-the-settings",
    VERSION_MISMATCH: "the-bundle-and-the-settings",
    GOLDEN_MISMATCH: "the-bundle-and-the-settings",
    RUNTIME_UNSUPPORTED: "the-bundle-and-the-settings",
    RELEASE_REFUSED: "the-bundle-and-the-settings",
    BAD_SETTING: "the-bundle-and-the-settings",
}
"""Each code with the anchor of the section in docs/troubleshooting.md that explains it. Add a code here and there."""


class DeployerError(Exception):
    """The base class of these errors."""

    code: str = INTERNAL_ERROR


class BundleError(DeployerError):
    """The bundle cannot be loaded; `code` names the check that failed."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class SettingError(DeployerError):
    """An environment variable has a wrong value."""

    code = BAD_SETTING


class InternalError(DeployerError):
    """An error in this program; the answer says nothing about its cause."""


class RetryLater(DeployerError):
    """The input was not processed, and nothing is wrong with it; Lambda delivers it again."""

    code = RETRY_LATER


class BucketNotAllowed(DeployerError):
    """The event names an object in another bucket than INPUT_BUCKET."""

    code = BUCKET_NOT_ALLOWED


class UnknownEvent(DeployerError):
    """The event comes from no source that the function serves."""

    code = UNKNOWN_EVENT


class RequestError(DeployerError):
    """The base class of errors that the caller can correct."""


class MalformedInput(RequestError):
    """The body cannot be read."""

    code = MALFORMED_BODY


class InputTooLarge(RequestError):
    """The body, its records or the answer exceed a limit."""

    code = TOO_LARGE


class Problem(NamedTuple):
    """A wrong value: its JSON pointer (RFC 6901) into the body, a code of CODES, and a sentence."""

    pointer: str
    code: str
    detail: str


def format_pointer(*keys: str) -> str:
    """Return the RFC 6901 JSON pointer of nested keys."""
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)


def parse_pointer(pointer: str) -> list[str]:
    """Return the nested keys of a JSON pointer: the inverse of `format_pointer`."""
    return [key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:]]


MAX_SHOWN = 200


class InvalidInput(RequestError):
    """Values are missing, unknown, of the wrong type or refused by the model; `problems` lists all of them."""

    code = INVALID_INPUT

    def __init__(self, problems: list[Problem]) -> None:
        first = problems[0]
        # An unknown field's name may be as long as the body.
        where = first.pointer if len(first.pointer) <= MAX_SHOWN else f"{first.pointer[:MAX_SHOWN]}…"
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{where or 'the body'}: {first.detail}{more}")
        self.problems = problems
