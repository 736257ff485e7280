"""UBJSON is read as XGBoost writes it, and what is no UBJSON is refused. Touches nothing."""

import json
import random
import struct
from typing import Any

import numpy
import pytest
import xgboost

from training.compile.ubjson import parse_ubjson

ERRORS = (ValueError, IndexError, KeyError, struct.error)
DOCUMENT = (
    b"{i\x01aZi\x01b[TFN]i\x01c[$l#i\x02\0\0\0\x01\xff\xff\xff\xfei\x01d{#i\x01i\x01eSi\x02\xc3\xbci\x01fCx"
    b"i\x01gD\x3f\xf8\0\0\0\0\0\0i\x01hI\x01\0}"
)


def make_model() -> Any:
    values = numpy.random.default_rng(2).normal(size=(80, 3))
    return xgboost.XGBRegressor(n_estimators=3, max_depth=3, n_jobs=1).fit(values, values[:, 0] * 2).get_booster()


def list_numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: list_numbers(member) for key, member in value.items()}
    if isinstance(value, (list, numpy.ndarray)):
        return [list_numbers(member) for member in value]
    return pytest.approx(float(value), rel=1e-6) if isinstance(value, (float, numpy.floating)) else value


def test_a_model_is_what_its_json_says() -> None:
    booster = make_model()

    assert json.loads(booster.save_raw("json")) == list_numbers(parse_ubjson(bytes(booster.save_raw("ubj"))))


def test_each_kind_of_value_is_read() -> None:
    document = parse_ubjson(DOCUMENT)

    assert document.pop("c").tolist() == [1, -2]
    assert document == {"a": None, "b": [True, False], "d": {"e": "ü"}, "f": "x", "g": 1.5, "h": 256}


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"N", b"x", b"[", b"{", b"Si\xff", b"SL\x7f\xff\xff\xff\xff\xff\xff\xff", b"[#L\x7f" + b"\xff" * 7),
        *(b"[$Z#i\x7f", b"[$d#L\x7f" + b"\xff" * 7, b"[$d", b"[" * 5_000, b"Zx", b"{i\x01a", b"[#i\xfe", b"{#S"),
    ],
    ids=repr,
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ERRORS):
        parse_ubjson(data)


def test_damaged_documents_end() -> None:
    generator = random.Random(4)
    whole = [DOCUMENT, bytes(make_model().save_raw("ubj"))]
    for data in whole:
        for _ in range(400):
            damaged = bytearray(data[: generator.randrange(len(data)) if generator.random() < 0.3 else len(data)])
            for _ in range(generator.randrange(4)):
                damaged[generator.randrange(len(damaged) or 1) : 1] = bytes([generator.randrange(256)])
            try:
                parse_ubjson(bytes(damaged))
            except ERRORS:
                continue
