"""The flat artifact, `model.flat`: an estimator's arrays in one little-endian file that is mapped, not loaded.

    bytes 0 to 7    MAGIC
    bytes 8 to 11   the header's length as uint32
    from byte 12    the header, JSON, padded with spaces up to a multiple of 8 bytes from the file's start
    behind it       the arrays, one after the other up to the file's end, each padded to a multiple of 8 bytes

The header:

    kind      "trees" or "linear"
    features  how many numbers go in
    outputs   how many numbers each row has before `link`
    classes   how many classes, 0 for a regression
    means, scales    per feature, x becomes (x - mean) / scale (in float64); both absent where nothing is scaled
    float32   whether x is rounded to float32 after that, as scikit-learn's trees do; x that does not fit is refused
    nulls     whether NaN is accepted; else it is refused
    start     per output, the number that the sum starts from
    link      how the outputs become predictions (LINKS)
    at_zero   the class (0 or 1) of a row whose single output is 0; above it is class 1, below it 0
    vector    (trees) whether a leaf holds `outputs` numbers, else one, which is added to output number tree % outputs
    arrays    name → [type code of Python's array module, offset from the file's start, count], in the file's order

Arrays of "linear": coefficients (d, outputs * features, row by row); they are multiplied and added in the features'
order, then `start` is added.

Arrays of "trees", the nodes of all trees one after another, each tree in pre-order, so that the left child of node n is
n + 1:

    roots (I)       each tree's first node
    skips (I)       the right child of node n is n + skips[n]; 0 marks a leaf. So a walk only goes forward: even in a
                    damaged file it ends at a leaf or at the end of the array
    features (H)    the place of the x that the node compares
    thresholds (d)  left where x <= threshold; at a leaf its number, or with `vector` the row of `leaves` that it is
    null_left (B)   1 where NaN goes left; absent where `nulls` is false
    leaves (d)      with `vector`: rows of `outputs` numbers

The trees' numbers are added in the trees' order, in float64, as scikit-learn does on one thread.
"""

import json
from itertools import pairwise
from math import isfinite
from typing import Any, NamedTuple

MAGIC = b"MLFLAT1\n"
TYPE_SIZES = {"B": 1, "H": 2, "I": 4, "d": 8}
_CODES = {
    "coefficients": "d",
    "roots": "I",
    "skips": "I",
    "features": "H",
    "thresholds": "d",
    "null_left": "B",
    "leaves": "d",
}

# identity; mean: divided by the number of trees; exp; for classifiers (`mean` as well, of forests)
# sigmoid: [1 - p, p] with p = 1 / (1 + exp(-x)); sigmoid2: the same of 2 x (exponential loss); softmax;
# label: no probabilities, the label alone.
LINKS = ("identity", "mean", "exp", "sigmoid", "sigmoid2", "softmax", "label")
_OF_TWO_CLASSES = ("sigmoid", "sigmoid2", "label")
_OF_CLASSES = ("mean", "softmax", "label")
_OF_NUMBERS = ("identity", "mean", "exp")

_LARGEST = 1.7976931348623157e308


class Flat(NamedTuple):
    """What the header says, and the arrays as typed views of the file."""

    kind: str
    features: int
    outputs: int
    classes: int
    means: list[float] | None
    scales: list[float] | None
    float32: bool
    nulls: bool
    start: list[float]
    link: str
    at_zero: int
    vector: bool
    arrays: dict[str, "memoryview[Any]"]

    @property
    def takes_infinity(self) -> bool:
        """Tell whether a feature may overflow when it is scaled: only histogram gradient boosting accepts that."""
        return self.kind == "trees" and not self.float32


def parse(view: memoryview) -> Flat:
    """Split a flat artifact into its parts, and check all but the nodes, of which there may be millions.

    Raises ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError or RecursionError for other bytes.
    """
    if bytes(view[:8]) != MAGIC:
        raise ValueError("no flat artifact")
    begin = 12 + int.from_bytes(view[8:12], "little")
    header = json.loads(bytes(view[12:begin]))
    flat = Flat(**{**header, "arrays": _slice_arrays(view, begin, header["arrays"])})
    _check_types(flat)
    _check_outputs(flat)
    _check_sizes(flat)
    return flat


def _slice_arrays(
    view: memoryview, begin: int, places: dict[str, tuple[str, int, int]]
) -> dict[str, "memoryview[Any]"]:
    """Slice the arrays, which follow one another from `begin` to the end of the file. Raises ValueError."""
    found: dict[str, memoryview[Any]] = {}
    for name, (code, offset, count) in places.items():
        if code != _CODES[name] or {type(offset), type(count)} != {int} or count < 0 or offset != begin:
            raise ValueError("an array is not where or what it must be")
        end = begin + TYPE_SIZES[code] * count
        if end > len(view):
            raise ValueError("an array lies outside of the file")
        found[name] = view[begin:end].cast(code)  # type: ignore[call-overload]
        begin = end + -end % 8
    if begin != len(view):
        raise ValueError("the file ends elsewhere than its last array")
    return found


def _check_types(flat: Flat) -> None:
    """Check the types of the header's values. Raises ValueError."""
    counts = (flat.features, flat.outputs, flat.classes, flat.at_zero)
    flags = (flat.float32, flat.nulls, flat.vector)
    if {*map(type, counts)} != {int} or {*map(type, flags)} != {bool}:
        raise ValueError("a wrong header")
    numbers = [*flat.start, *(flat.means or ()), *(flat.scales or ())]
    if not all(type(number) is float and isfinite(number) for number in numbers) or 0.0 in (flat.scales or ()):
        raise ValueError("a list in the header holds something else than numbers")


def _check_outputs(flat: Flat) -> None:
    """Check that the outputs, the classes and the link fit one another. Raises ValueError."""
    single = flat.outputs == 1
    if flat.classes == 0:
        fits = single and flat.link in _OF_NUMBERS
    elif single:
        fits = flat.classes == 2 and flat.link in _OF_TWO_CLASSES
    else:
        fits = flat.classes == flat.outputs > 1 and flat.link in _OF_CLASSES
    if flat.kind == "linear":
        fits = fits and flat.link != "mean" and not (flat.vector or flat.nulls)
    if not fits or flat.at_zero not in (0, 1) or (flat.vector and single):
        raise ValueError("outputs that do not fit")


def _check_sizes(flat: Flat) -> None:
    """Check the number and the lengths of lists and arrays. Raises ValueError."""
    arrays, width = flat.arrays, flat.features
    lists = [(flat.start, flat.outputs)]
    if flat.means is not None or flat.scales is not None:
        lists += [(flat.means or [], width), (flat.scales or [], width)]
    if width < 1 or any(len(values) != size for values, size in lists):
        raise ValueError("a list in the header has another length")
    if flat.kind == "linear":
        if arrays.keys() != {"coefficients"} or len(arrays["coefficients"]) != flat.outputs * width:
            raise ValueError("another number of coefficients")
        if not all(map(isfinite, arrays["coefficients"])):
            raise ValueError("a coefficient is not finite")
        return
    of_nodes = {"skips", "features", "thresholds", *(["null_left"] if flat.nulls else [])}
    if flat.kind != "trees" or arrays.keys() != of_nodes | {"roots", *(["leaves"] if flat.vector else [])}:
        raise ValueError("other arrays than trees have")
    nodes, roots = len(arrays["skips"]), [*arrays["roots"], len(arrays["skips"])]
    if any(len(arrays[name]) != nodes for name in of_nodes):
        raise ValueError("arrays of different lengths")
    if roots[0] != 0 or len(roots) < 2 or any(after <= before for before, after in pairwise(roots)):
        raise ValueError("the trees do not follow one another")
    if flat.vector and (not arrays["leaves"] or len(arrays["leaves"]) % flat.outputs):
        raise ValueError("a wrong number of leaves")
    if not flat.vector and (len(roots) - 1) % flat.outputs:
        raise ValueError("a wrong number of trees")


def check_nodes(flat: Flat) -> None:
    """Check that the nodes are trees in pre-order, whose nodes name features and whose leaves hold numbers.

    After that, every walk stays within its tree and ends at a leaf. Takes 150 ns per node. Raises ValueError.
    """
    if flat.kind == "linear":
        return
    arrays = flat.arrays
    ends = iter([*arrays["roots"], len(arrays["skips"])])
    next(ends)
    waiting: list[int] = []  # the right children that are still to come
    for behind, skip in enumerate(arrays["skips"], 1):
        if skip:
            waiting.append(behind - 1 + skip)
        elif (waiting.pop() if waiting else next(ends, 0)) != behind:
            raise ValueError("the nodes are no trees")
    if next(ends, 0) or waiting:
        raise ValueError("the last tree does not end")
    if max(arrays["features"]) >= flat.features or max(arrays.get("null_left", [0])) > 1:
        raise ValueError("a node is none of a tree's")
    low, high = (0, len(arrays["leaves"]) // flat.outputs - 1) if flat.vector else (-_LARGEST, _LARGEST)
    for skip, number in zip(arrays["skips"], arrays["thresholds"], strict=True):
        if not skip and (not low <= number <= high or (flat.vector and not number.is_integer())):
            raise ValueError("a leaf holds no number, or one of no row")
    if flat.vector and not all(map(isfinite, arrays["leaves"])):
        raise ValueError("a leaf holds no number")
