"""JSON in and out without what Python's parser lets through. Touches nothing."""

import json
import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function.errors import MalformedInput
from function.formats.strict_json import dumps, loads

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(VALUES)
def test_value_comes_back_as_it_went(value: object) -> None:
    assert loads(dumps(value).encode()) == value


@given(VALUES)
def test_value_in_utf_8_is_read_too(value: object) -> None:
    assert loads(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused_by_name(body: bytes) -> None:
    with suppress(MalformedInput):
        loads(body)


@given(st.text(alphabet='{}[]",:\\u0d8feE+-.1 nulltrueNaIfy', max_size=30))
def test_what_is_read_is_strict_json(text: str) -> None:
    try:
        value = loads(text.encode())
    except MalformedInput:
        return
    # Only a number too large for a float has no way back: the contract refuses it.
    if "e" not in text and "E" not in text:
        assert loads(dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"\xff", "The body is not UTF-8."),
        (b'{"a":1,"a":2}', "The body repeats a key within one object."),
        (b"[NaN]", "The body holds NaN, which is not JSON."),
        (b"-Infinity", "The body holds -Infinity, which is not JSON."),
        (b"[" * 100_000, "The body is nested too deeply."),
        (b'"\\ud800"', "The body holds half of a surrogate pair: it is not valid Unicode."),
        (b'{"a":\n}', "The body is not JSON: Expecting value (line 2, column 1)."),
        (b"", "The body is not JSON: Expecting value (line 1, column 1)."),
    ],
)
def test_refusal_says_why(body: bytes, sentence: str) -> None:
    with pytest.raises(MalformedInput) as raised:
        loads(body)
    assert str(raised.value) == sentence


@pytest.mark.parametrize("digits", [310, 400, 4300, 4301, 5000, 100_000])
def test_integer_past_a_float_becomes_infinity(digits: int) -> None:
    assert loads(b"9" * digits) == math.inf
    assert loads(b"-" + b"9" * digits) == -math.inf


def test_byte_order_mark_may_stand_first() -> None:
    assert loads(b'\xef\xbb\xbf{"a": "\xef\xbb\xbf"}') == {"a": "\ufeff"}
    for body in (b"\xef\xbb\xbf", b"\xef\xbb\xbf\xef\xbb\xbf{}", b"{}\xef\xbb\xbf", b"\xef\xbb{}"):
        with pytest.raises(MalformedInput):
            loads(body)


def test_integers_that_floats_hold_stay_exact() -> None:
    assert loads(str(2**63 + 1).encode()) == 2**63 + 1
    assert loads(b"1" + b"0" * 308) == 10**308


def test_refusal_holds_nothing_of_the_body() -> None:
    for body in ('{"a": canary}', '["\\canary"]', '{"canary":1,"canary":2}', '"canary', "canary"):
        with pytest.raises(MalformedInput) as raised:
            loads(body.encode())
        assert "canary" not in str(raised.value)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_json_cannot_say_is_not_written(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        dumps({"prediction": [number]})


def test_output_is_ascii() -> None:
    assert dumps({"é": "🏠\u2028"}).isascii()
