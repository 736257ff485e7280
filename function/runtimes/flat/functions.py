"""Functions of one number, by numpy's names, with numpy's answers where Python's `math` raises an exception.

A table calls them number by number as well: numpy's own ones may differ in the last bit.
"""

import math
from collections.abc import Callable
from math import copysign, inf, isfinite, nan

type Function = Callable[[float], float]

_SQRT_HALF = 0.7071067811865476


def _guard(function: Function) -> Function:
    """Return the function with numpy's answers for what `math` refuses: too large, or outside of its domain."""

    def compute(value: float) -> float:
        try:
            return function(value)
        except OverflowError:
            return inf
        except ValueError:
            return nan

    return compute


def _keep(function: Function) -> Function:
    return function


def _add_pole(function: Function) -> Function:
    """Return the function, which goes to minus infinity at zero."""
    guarded = _guard(function)
    return lambda value: guarded(value) if value else -inf


def _take_log1p(value: float) -> float:
    return -inf if value == -1 else math.log1p(value)


def _make_odd(function: Function) -> Function:
    """Return the function, which overflows to infinity of its argument's sign."""

    def compute(value: float) -> float:
        try:
            return function(value)
        except OverflowError:
            return copysign(inf, value)

    return compute


def _make_whole(function: Function) -> Function:
    """Return a function that rounds, and keeps the sign of a zero."""
    return lambda value: copysign(function(value), value) if isfinite(value) else value


def _find_sign(value: float) -> float:
    if value > 0:
        return 1.0
    if value < 0:
        return -1.0
    return 0.0 if value == 0 else nan


def _take_signed_square(value: float) -> float:
    return abs(value) * value


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


def find_normal_share(value: float) -> float:
    """Return the share of the standard normal distribution below the number."""
    return math.erfc(-value * _SQRT_HALF) / 2


def _take_log_plus_one(value: float) -> float:
    return math.log(value) + 1.0


# Those whose answers have the same bits everywhere: IEEE 754 says how they are rounded.
EXACT = frozenset(
    {"absolute", "fabs", "negative", "positive", "square", "signed_square", "sqrt", "sign", "reciprocal"}
    | {"floor", "ceil", "trunc", "rint"}
)
# Each function by its name, with what gives it numpy's answers.
FUNCTIONS: dict[str, tuple[Callable[[float], float], Callable[[Function], Function]]] = {
    "absolute": (abs, _keep),
    "fabs": (abs, _keep),
    "negative": (lambda value: -value, _keep),
    "positive": (lambda value: value, _keep),
    "square": (lambda value: value * value, _keep),
    "signed_square": (_take_signed_square, _keep),
    "sqrt": (math.sqrt, _guard),
    "sign": (_find_sign, _keep),
    "reciprocal": (_take_reciprocal, _keep),
    "floor": (math.floor, _make_whole),
    "ceil": (math.ceil, _make_whole),
    "trunc": (math.trunc, _make_whole),
    "rint": (round, _make_whole),
    "exp": (math.exp, _guard),
    "exp2": (math.exp2, _guard),
    "expm1": (math.expm1, _guard),
    "log": (math.log, _add_pole),
    "log_plus_one": (_take_log_plus_one, _add_pole),
    "log2": (math.log2, _add_pole),
    "log10": (math.log10, _add_pole),
    "log1p": (_take_log1p, _guard),
    "cbrt": (math.cbrt, _keep),
    "sin": (math.sin, _guard),
    "cos": (math.cos, _guard),
    "tan": (math.tan, _guard),
    "arcsin": (math.asin, _guard),
    "arccos": (math.acos, _guard),
    "arctan": (math.atan, _keep),
    "sinh": (math.sinh, _make_odd),
    "cosh": (math.cosh, _guard),
    "tanh": (math.tanh, _keep),
    "arcsinh": (math.asinh, _keep),
    "arccosh": (math.acosh, _guard),
    "arctanh": (_take_arctanh, _guard),
    "deg2rad": (math.radians, _keep),
    "radians": (math.radians, _keep),
    "rad2deg": (math.degrees, _keep),
    "degrees": (math.degrees, _keep),
    "normal_quantile": (find_normal_quantile, _keep),
    "normal_share": (find_normal_share, _keep),
    "erf": (math.erf, _keep),
}


def find_function(name: str) -> Function:
    """Return the function of this name. Raises KeyError, or TypeError for what is no name."""
    function, adapt = FUNCTIONS[name]
    return adapt(function)


def find_quick_function(name: str) -> Function:
    """Return a function that gives the same answers, but may raise OverflowError or ValueError instead."""
    function, adapt = FUNCTIONS[name]
    return adapt(function) if adapt is _make_whole else function


# Those that make 0 of 0, and the one that scikit-learn's TfidfTransformer applies to what a sparse matrix holds.
OF_STORED = frozenset(
    {"absolute", "fabs", "negative", "positive", "square", "signed_square", "sqrt", "sign", "rint", "floor", "ceil"}
    | {"trunc", "expm1", "log1p", "sin", "tan", "arcsin", "arctan", "sinh", "tanh", "arcsinh", "arctanh"}
    | {"deg2rad", "rad2deg", "log_plus_one"}
)

# Those that are NaN for NaN only.
NEVER_NAN = frozenset(
    {"absolute", "fabs", "negative", "positive", "square", "sign", "reciprocal", "floor", "ceil", "trunc", "rint"}
    | {"exp", "exp2", "expm1", "cbrt", "arctan", "sinh", "cosh", "tanh", "arcsinh"}
    | {"deg2rad", "radians", "rad2deg", "degrees", "normal_share", "erf"}
)
