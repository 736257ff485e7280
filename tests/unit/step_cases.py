"""A right step of each operation, or several, for the programs of test_hostile_programs."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from tests.unit.small_flat import Arrays

# The blocks that a case may take: the record (two numbers and a text, which may be null), its first two values as they
# are, these as numbers, the text, whether the numbers are null, three numbers, and the numbers packed.
RECORD, RAW, NUMBERS, WORD, FLAGS, THREE, PACKED = 0, 1, 2, 3, 4, 5, 6
BEFORE: list[dict[str, Any]] = [
    {"op": "take", "inputs": [RECORD], "arrays": {"places": ("H", [0, 1])}},
    {"op": "number", "inputs": [RAW]},
    {"op": "take", "inputs": [RECORD], "arrays": {"places": ("H", [2])}},
    {"op": "is_null", "inputs": [RAW]},
    {"op": "take", "inputs": [NUMBERS], "arrays": {"places": ("H", [0, 1, 0])}},
    {"op": "pack", "inputs": [NUMBERS]},
]
MADE = len(BEFORE) + 1
"""The block of the case's step."""
NO_ARRAYS: Arrays = {}
NO_OPTIONS: dict[str, Any] = {}


class Case(NamedTuple):
    """A right step: its operation, the blocks that it takes, its arrays and its options."""

    op: str
    inputs: Sequence[int] = (NUMBERS,)
    arrays: Arrays = NO_ARRAYS
    options: dict[str, Any] = NO_OPTIONS


PER_COLUMN: Arrays = {"numbers": ("d", [0.5, -3.0])}
TREES: Arrays = {
    "roots": ("I", [0, 3]),
    "skips": ("I", [2, 0, 0, 2, 0, 0]),
    "features": ("H", [0, 0, 0, 1, 0, 0]),
    "thresholds": ("d", [0.1, 1.0, 2.0, 0.2, -4.0, 8.0]),
    "flags": ("B", [1, 0, 0, 0, 0, 0]),
}
SETS: Arrays = TREES | {
    "flags": ("B", [2, 0, 0, 3, 0, 0]),
    "thresholds": ("d", [0.0, 1.0, 2.0, 1.0, -4.0, 8.0]),
    "set_ends": ("I", [1, 3]),
    "sets": ("I", [5, 2**31, 1]),
}
ROWS_OF_LEAVES: Arrays = TREES | {
    "thresholds": ("d", [0.1, 0.0, 1.0, 0.2, 2.0, 3.0]),
    "leaves": ("d", [0.5, 1.5, -2.5, 3.0, 4.0, 5.0, 6.0, 7.0]),
}
LINEAR_LEAVES: Arrays = TREES | {
    "thresholds": ("d", [0.1, 0.0, 1.0, 0.2, 2.0, 3.0]),
    "constants": ("d", [1.0, 2.0, 3.0, 4.0]),
    "ends": ("I", [1, 2, 4, 4]),
    "places": ("H", [0, 1, 0, 1]),
    "coefficients": ("d", [0.5, -0.5, 2.0, 1.0]),
    "values": ("d", [9.0, 8.0, 7.0, 6.0]),
}
KNOWN: Arrays = {"rows": ("d", [0.0, 0.5, -2.0, 0.1, -0.2, 3.0])}
BOXES: Arrays = {
    "values": ("d", [1.0, 2.0, 3.0, 0.5, 0.25, 0.125]),
    "bounds": ("d", [-2.0, -0.2, 0.5, 3.0, 0.0, 0.1, 0.0, 0.1, -2.0, -0.2, 0.5, 3.0]),
}
BALLS: Arrays = {"values": ("B", [1, 0, 1]), "bounds": ("d", [-0.5, 1.0, 2.5, 0.0, 0.1, 0.0, -0.75, 1.4, 2.0])}
OPTIONS_OF_NEAREST: dict[str, Any] = {"metric": "squared", "count": 2, "first": 1, "shape": "boxes", "levels": 2}
OPTIONS_OF_TREES: dict[str, Any] = {"outputs": 1, "start": [0.5], "vector": False, "single": False}
OPTIONS_OF_VECTORS = OPTIONS_OF_TREES | {"vector": True, "outputs": 2, "start": [0.0, 1.0]}
SPLINES: Arrays = {
    "knots": ("d", [*map(float, range(-3, 5)), *map(float, range(-3, 5))]),
    "base": ("d", [0.0, 0.0, 1.0, 1.0]),
    "ends": ("d", [0.1 * place for place in range(32)]),
}
TERMS: dict[str, Any] = {"prepare": ["lower"], "split": "words", "pattern": r"(?u)\b\w+\b", "stop": ["c"]}
TERMS |= {"least": 1, "most": 2, "binary": False}
VOCABULARY: Arrays = {
    "text": ("B", list(b"abb a\xc3\xa9")),
    "ends": ("I", [1, 2, 5, 7]),
    "places": ("I", [3, 0, 1, 2]),
    "buckets": ("I", [0, 4]),
}
CASES: tuple[Case, ...] = (
    Case("take", arrays={"places": ("H", [1, 0, 1])}),
    Case("join", [NUMBERS, FLAGS]),
    Case("number", [RAW]),
    Case("fill", [RAW], options={"values": [0.5, None]}),
    Case("fill", [WORD], options={"values": ["a"]}),
    Case("is_null", [RECORD]),
    Case("replace_zeros", options={"size": 0.5, "by_null": True}),
    Case("round"),
    Case("refuse", options={"nan": True, "infinity": False}),
    Case("subtract", arrays=PER_COLUMN),
    Case("divide", arrays=PER_COLUMN),
    Case("multiply", arrays=PER_COLUMN),
    Case("add", arrays=PER_COLUMN),
    Case("apply", options={"function": "log1p"}),
    Case("apply", options={"function": "normal_quantile"}),
    Case("clip", options={"low": -0.5, "high": 0.25}),
    Case("clip", options={"low": -0.5, "high": None}),
    Case("sum", [NUMBERS, FLAGS]),
    Case("matrix", arrays={"numbers": ("d", [1.0, 0.0, 0.5, -2.0]), "start": ("d", [0.25, -1.0])}),
    Case(
        "code",
        [RECORD],
        {
            "bounds": ("I", [0, 2, 3, 5]),
            "codes": ("I", [0, 1, 0, 1, 0]),
            "ends": ("I", [1, 2]),
            "bytes": ("B", [97, 98]),
            "numbers": ("d", [0.0, 0.3, 1.0]),
        },
        {"kinds": ["number", "number", "text"], "nulls": [2, None, 0], "refuses": [False, False, False]},
    ),
    Case("map", [FLAGS], {"bounds": ("I", [0, 3, 6]), "numbers": ("d", [0.1, 0.2, 0.3, 1.0, 2.0, 3.0])}),
    Case("indicate", [FLAGS], {"bounds": ("I", [0, 3, 6]), "places": ("H", [1, 2, 0, 3, 4, 0])}, {"width": 4}),
    *(Case("normalize", options={"norm": norm, "least": 1e-9, "single": False}) for norm in ("l1", "l2", "max")),
    Case("normalize", options={"norm": "l2", "least": 1e-9, "single": True}),
    *(Case("power", arrays={"powers": ("d", [0.5, 2.0])}, options={"method": m}) for m in ("box-cox", "yeo-johnson")),
    Case("bins", arrays={"bounds": ("I", [0, 2, 3]), "edges": ("d", [0.0, 0.25, 0.1])}),
    Case(
        "interpolate",
        arrays={
            "values": ("d", [0.0, 0.5, 1.0]),
            "points": ("d", [-1.0, 0.2, 2.0, 0.0, 0.0, 1.0]),
            "lows": ("d", [-0.9, 0.1]),
            "highs": ("d", [1.9, 1.0]),
        },
    ),
    Case("products", arrays={"left": ("H", [0, 0, 1]), "right": ("H", [0, 1, 1])}),
    *(
        Case("splines", arrays=SPLINES, options={"splines": 4, "degree": 3, "beyond": beyond})
        for beyond in ("constant", "linear", "continue", "error")
    ),
    Case("splines", arrays=SPLINES, options={"splines": 3, "degree": 2, "beyond": "periodic"}),
    Case("erase", [RAW], options={"values": [0.3, None]}),
    Case("erase", [WORD], options={"values": ["a"]}),
    Case("refuse_null", [RAW]),
    Case("patch", [FLAGS, NUMBERS, FLAGS]),
    Case(
        "regress",
        [FLAGS, NUMBERS],
        {
            "columns": ("H", [0, 1, 0]),
            "factors": ("d", [0.0, 0.5, 1.5, 0.0, 0.0, 0.25]),
            "starts": ("d", [0.0, 1.0, 0.0]),
            "lows": ("d", [-math.inf, -1.0, 0.0]),
            "highs": ("d", [math.inf, 1.0, 9.0]),
        },
    ),
    Case(
        "regress",
        [FLAGS, NUMBERS],
        {
            "columns": ("H", [0]),
            "factors": ("d", [0.0, 0.0]),
            "starts": ("d", [0.0]),
            "lows": ("d", [-1.0]),
            "highs": ("d", [-0.0]),
        },
    ),
    Case(
        "neighbours",
        arrays={"rows": ("d", [0.0, 1.0, 2.0, math.nan, 0.1, 0.2]), "means": ("d", [0.5, 0.6])},
        options={"count": 2},
    ),
    Case("trees", arrays=TREES, options=OPTIONS_OF_TREES),
    Case("trees", arrays=TREES, options=OPTIONS_OF_TREES | {"single": True}),
    Case("trees", [NUMBERS, FLAGS], TREES, OPTIONS_OF_TREES | {"outputs": 2, "start": []}),
    Case("trees", arrays=SETS, options=OPTIONS_OF_TREES),
    Case("trees", arrays=ROWS_OF_LEAVES, options=OPTIONS_OF_VECTORS),
    Case("linear_trees", arrays=LINEAR_LEAVES, options=OPTIONS_OF_TREES | {"terms": 2}),
    Case("median", arrays={"weights": ("d", [1.0, 0.5])}),
    Case(
        "oblivious",
        arrays={
            "bounds": ("I", [0, 2, 3]),
            "borders": ("d", [0.0, 1.0, 0.5]),
            "levels": ("H", [0, 2, 1, 3]),
            "ends": ("I", [4, 6]),
            "leaves": ("d", [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        },
        options={"outputs": 1, "depth": 2},
    ),
    Case("hash", [FLAGS]),
    Case("hash", [WORD]),
    Case(
        "ctr",
        [FLAGS],
        {
            "places": ("H", [0, 1, 1]),
            "place_ends": ("I", [2, 3]),
            "keys": ("Q", [0, 5, 2**63]),
            "key_ends": ("I", [2, 3]),
            "widths": ("H", [1, 2]),
            "numbers": ("d", [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]),
        },
    ),
    Case(
        "ctr",
        arrays={
            "places": ("H", [1]),
            "place_ends": ("I", [1]),
            "keys": ("Q", [0]),
            "key_ends": ("I", [1]),
            "widths": ("H", [1]),
            "numbers": ("d", [0.1, 0.2]),
        },
    ),
    Case("sigmoid"),
    Case("logistic", options={"scale": 2.0}),
    Case("softmax"),
    Case("log_softmax"),
    Case("argmax"),
    Case("couple", [THREE], options={"classes": 3}),
    Case("sign", options={"above": 0.25, "equal": True}),
    Case("single", options={"null": 0.0}),
    Case("single_matrix", arrays={"numbers": ("d", [1.0, 0.0, 0.5, -2.0]), "start": ("d", [0.25, -1.0])}),
    *(Case(op) for op in ("single_exp", "single_sigmoid", "single_softmax", "single_complement")),
    *(
        Case(
            "curve",
            arrays={"bounds": ("I", [0, 3, 4]), "x": ("d", [0.0, 0.5, 1.0, 2.0]), "y": ("d", [1.0, 0.5, 4.0, 8.0])},
            options={"outside": outside, "single": single},
        )
        for outside, single in (("clip", False), ("nan", False), ("refuse", True), ("clip", True))
    ),
    Case("raise", arrays=PER_COLUMN),
    Case("share", options={"uniform": True}),
    Case("ratio", [NUMBERS, FLAGS]),
    *(
        Case("distances", arrays=KNOWN, options={"metric": metric})
        for metric in ("squared", "manhattan", "chebyshev", "chi2", "product")
    ),
    Case("distances", arrays=KNOWN, options={"metric": "minkowski", "p": 1.5}),
    Case("nearest", arrays=KNOWN | BOXES, options=OPTIONS_OF_NEAREST),
    *(
        Case("nearest", arrays=KNOWN | arrays, options=OPTIONS_OF_NEAREST | {"metric": "minkowski", "p": 3.0} | options)
        for arrays, options in ((BOXES, {}), (BALLS, {"shape": "balls", "metric": "chebyshev"}))
    ),
    Case("nearest", arrays=KNOWN | BALLS, options=OPTIONS_OF_NEAREST | {"shape": "balls"}),
    Case(
        "nearest",
        arrays=KNOWN | {"values": ("d", []), "bounds": ("d", [0.1, 0.2, 0.3])},
        options=OPTIONS_OF_NEAREST | {"metric": "product", "shape": "none", "levels": 1},
    ),
    Case("inverse", [FLAGS]),
    Case("terms", [WORD], VOCABULARY, TERMS),
    *(
        Case("terms", [WORD], VOCABULARY, TERMS | {"prepare": ["strip", prepare], "split": split, "stop": []})
        for prepare, split in (("ascii", "parts"), ("unicode", "characters"), ("lower", "inside words"))
    ),
    Case("hashed_terms", [WORD], options=TERMS | {"count": 3, "signs": True}),
    Case("hashed_terms", [WORD], options=TERMS | {"count": 3, "signs": False, "binary": True}),
    Case("pack"),
    *(Case("unpack", [PACKED], options={"by_null": by_null}) for by_null in (False, True)),
    Case("packed_apply", [PACKED], options={"function": "sqrt"}),
    Case("packed_multiply", [PACKED], PER_COLUMN),
    Case("packed_normalize", [PACKED], options={"norm": "l2", "least": 5e-324, "single": False}),
    Case("packed_refuse", [PACKED], options={"nan": True, "infinity": True}),
    Case("packed_round", [PACKED]),
    Case("packed_sign", [PACKED], options={"above": 0.25, "equal": False}),
    Case("packed_take", [PACKED], {"places": ("H", [1])}),
    Case("packed_join", [PACKED, PACKED]),
    Case("packed_matrix", [PACKED], {"numbers": ("d", [1.0, 0.0, 0.5, -2.0]), "start": ("d", [0.25, -1.0])}),
    Case("packed_matrix", [PACKED], {"numbers": ("d", [1.0, 0.5]), "start": ("d", [0.25])}),
)
MAKE_PACKED = frozenset({"terms", "hashed_terms", "pack", "packed_join", "packed_take"}) | {
    f"packed_{name}" for name in ("apply", "multiply", "normalize", "refuse", "round", "sign")
}
"""The operations that make packed blocks, which are no answers."""
