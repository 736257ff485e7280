"""Functions of one number, by numpy's names, with numpy's answers where Python's `math` raises an exception.

A table calls them number by number as well: numpy's own ones may differ in the last bit.
"""

import math
from collections.abc import Callable
from math import copysign, inf, isfinite, nan

type Function = Callable[[float], float]


def _guard(function: Function, overflow: float = inf) -> Function:
    """Return the function with numpy's answers for what `math` refuses: too large, or outside of its domain."""

    def compute(value: float) -> float:
        try:
            return function(value)
        except OverflowError:
            return overflow
        except ValueError:
            return nan

    return compute


def _add_pole(function: Function, pole: float) -> Function:
    """Return the function, which goes to minus infinity at the pole."""
    guarded = _guard(function)
    return lambda value: -inf if value == pole else guarded(value)


def _make_odd(function: Function) -> Function:
    """Return the function, which overflows to infinity of its argument's sign."""

    def compute(value: float) -> float:
        try:
            return function(value)
        except OverflowError:
            return copysign(inf, value)

    return compute


def _make_whole(function: Callable[[float], int]) -> Function:
    """Return a function that rounds, and keeps the sign of a zero."""
    return lambda value: copysign(float(function(value)), value) if isfinite(value) else value


def _find_sign(value: float) -> float:
    if value > 0:
        return 1.0
    if value < 0:
        return -1.0
    return 0.0 if value == 0 else nan


def _take_reciprocal(value: float) -> float:
    return 1 / value if value else copysign(inf, value)


def _take_arctanh(value: float) -> float:
    return copysign(inf, value) if abs(value) == 1 else math.atanh(value)


# The normal distribution's quantile function, of M. J. Wichura, "Algorithm AS 241", Applied Statistics 37 (1988): the
# quotients of two polynomials near the middle, in the tails and far out: pairs of factors, of the highest power first.
_MIDDLE = (
    (2509.0809287301227, 5226.495278852854),
    (33430.57558358813, 28729.085735721943),
    (67265.7709270087, 39307.89580009271),
    (45921.95393154987, 21213.794301586597),
    (13731.69376550946, 5394.196021424751),
    (1971.5909503065513, 687.1870074920579),
    (133.14166789178438, 42.31333070160091),
    (3.3871328727963665, 1.0),
)
_TAIL = (
    (0.0007745450142783414, 1.0507500716444169e-09),
    (0.022723844989269184, 0.0005475938084995345),
    (0.2417807251774506, 0.015198666563616457),
    (1.2704582524523684, 0.14810397642748008),
    (3.6478483247632045, 0.6897673349851),
    (5.769497221460691, 1.6763848301838038),
    (4.630337846156546, 2.053191626637759),
    (1.4234371107496835, 1.0),
)
_FAR_TAIL = (
    (2.0103343992922881e-07, 2.0442631033899397e-15),
    (2.7115555687434876e-05, 1.421511758316446e-07),
    (0.0012426609473880784, 1.8463183175100548e-05),
    (0.026532189526576124, 0.0007868691311456133),
    (0.29656057182850487, 0.014875361290850615),
    (1.7848265399172913, 0.1369298809227358),
    (5.463784911164114, 0.599832206555888),
    (6.657904643501103, 1.0),
)


def _divide_polynomials(pairs: tuple[tuple[float, float], ...], at: float) -> float:
    above, below = 0.0, 0.0
    for one, other in pairs:
        above, below = above * at + one, below * at + other
    return above / below


def find_normal_quantile(share: float) -> float:
    """Return the number below which the standard normal distribution has this share."""
    if not 0 < share < 1:
        return -inf if share == 0 else inf if share == 1 else nan
    offset = share - 0.5
    if abs(offset) <= 0.425:
        return offset * _divide_polynomials(_MIDDLE, 0.180625 - offset * offset)
    distance = math.sqrt(-math.log(share if offset < 0 else 1.0 - share))
    far = distance > 5
    return copysign(_divide_polynomials(_FAR_TAIL if far else _TAIL, distance - (5.0 if far else 1.6)), offset)


# Those whose answers have the same bits everywhere: IEEE 754 says how they are rounded.
EXACT: dict[str, Function] = {
    "absolute": abs,
    "fabs": abs,
    "negative": lambda value: -value,
    "positive": lambda value: value,
    "square": lambda value: value * value,
    "signed_square": lambda value: abs(value) * value,
    "sqrt": _guard(math.sqrt),
    "sign": _find_sign,
    "reciprocal": _take_reciprocal,
    "floor": _make_whole(math.floor),
    "ceil": _make_whole(math.ceil),
    "trunc": _make_whole(math.trunc),
    "rint": _make_whole(round),
}
FUNCTIONS: dict[str, Function] = {
    **EXACT,
    "exp": _guard(math.exp),
    "exp2": _guard(math.exp2),
    "expm1": _guard(math.expm1),
    "log": _add_pole(math.log, 0.0),
    "log2": _add_pole(math.log2, 0.0),
    "log10": _add_pole(math.log10, 0.0),
    "log1p": _add_pole(math.log1p, -1.0),
    "cbrt": math.cbrt,
    "sin": _guard(math.sin),
    "cos": _guard(math.cos),
    "tan": _guard(math.tan),
    "arcsin": _guard(math.asin),
    "arccos": _guard(math.acos),
    "arctan": math.atan,
    "sinh": _make_odd(math.sinh),
    "cosh": _guard(math.cosh),
    "tanh": math.tanh,
    "arcsinh": math.asinh,
    "arccosh": _guard(math.acosh),
    "arctanh": _guard(_take_arctanh),
    "deg2rad": math.radians,
    "radians": math.radians,
    "rad2deg": math.degrees,
    "degrees": math.degrees,
    "normal_quantile": find_normal_quantile,
}
# Those that are NaN for NaN only.
NEVER_NAN = frozenset(
    {"absolute", "fabs", "negative", "positive", "square", "sign", "reciprocal", "floor", "ceil", "trunc", "rint"}
    | {"exp", "exp2", "expm1", "cbrt", "arctan", "sinh", "cosh", "tanh", "arcsinh"}
    | {"deg2rad", "radians", "rad2deg", "degrees"}
)
