"""The flat artifact, `model.flat`: an estimator's arrays in one little-endian file that is mapped, not loaded.

    bytes 0 to 7    MAGIC
    bytes 8 to 11   the header's length as uint32
    from byte 12    the header, JSON, padded with spaces up to a multiple of 8 bytes from the file's start
    behind it       the arrays, each at an offset (from the file's start) that is a multiple of 8

The header:

    kind      "trees" or "linear"
    features  how many numbers go in
    outputs   how many numbers each row has before `link`
    classes   how many classes, 0 for a regression
    means, scales    per feature, x becomes (x - mean) / scale (in float64); both absent where nothing is scaled
    float32   whether x is rounded to float32 after that, as scikit-learn's trees do; what does not fit is refused
    nulls     whether NaN is taken; else it is refused
    start     per output, what is added to
    link      what becomes of the outputs (LINKS)
    at_zero   the class (0 or 1) of a row whose single output is 0; above it is class 1, below it 0
    vector    (trees) whether a leaf holds `outputs` numbers, else one, which is added to output number tree % outputs
    arrays    name → [type code of Python's array module, offset, count]

Arrays of "linear": coefficients (d, outputs * features, row by row); they are multiplied and added in the features'
order, then `start` is added.

Arrays of "trees", the nodes of all trees one after another, each tree in pre-order, so that the left child of node n is
n + 1:

    roots (I)       each tree's first node
    skips (I)       the right child of node n is n + skips[n]; 0 marks a leaf. A walk thus goes only forward: whatever a
                    damaged file holds, it ends at a leaf or at the end of the array
    features (H)    which x the node looks at
    thresholds (d)  left where x <= threshold; at a leaf its number, or with `vector` the row of `leaves` that it is
    null_left (B)   1 where NaN goes left; absent where `nulls` is false
    leaves (d)      with `vector`: rows of `outputs` numbers

The trees' numbers are added in the trees' order, in float64, as scikit-learn does on one thread.
"""

import json
from typing import Any, NamedTuple

MAGIC = b"MLFLAT1\n"
TYPE_SIZES = {"B": 1, "H": 2, "I": 4, "d": 8}

# identity; mean: divided by the number of trees; exp; for classifiers (`mean` as well, of forests)
# sigmoid: [1 - p, p] with p = 1 / (1 + exp(-x)); sigmoid2: the same of 2 x (exponential loss); softmax;
# label: no probabilities, the label alone.
LINKS = ("identity", "mean", "exp", "sigmoid", "sigmoid2", "softmax", "label")


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
        """Whether a feature that overflows as it is scaled is taken: histogram gradient boosting alone takes it."""
        return self.kind == "trees" and not self.float32


def parse(view: memoryview) -> Flat:
    """The parts of a flat artifact. Raises ValueError, KeyError, TypeError and their like for anything else."""
    if bytes(view[:8]) != MAGIC:
        raise ValueError("no flat artifact")
    length = int.from_bytes(view[8:12], "little")
    header = json.loads(bytes(view[12 : 12 + length]))
    arrays = {name: _array(view, *place) for name, place in header.pop("arrays").items()}
    flat = Flat(**header, arrays=arrays)
    _check(flat)
    return flat


def _array(view: memoryview, code: str, offset: int, count: int) -> "memoryview[Any]":
    end = offset + TYPE_SIZES[code] * count
    if not 0 <= offset <= end <= len(view) or offset % 8:
        raise ValueError("an array lies outside of the file")
    return view[offset:end].cast(code)  # type: ignore[call-overload,no-any-return]


def _check(flat: Flat) -> None:
    """What the walks rely on beyond the arrays' own bounds, which Python holds."""
    arrays, width = flat.arrays, flat.features
    sizes = [flat.start, flat.means, flat.scales]
    wanted = [flat.outputs, width, width]
    if any(values is not None and len(values) != size for values, size in zip(sizes, wanted, strict=True)):
        raise ValueError("a list in the header has another length")
    if (flat.means is None) != (flat.scales is None) or flat.link not in LINKS or flat.outputs < 1:
        raise ValueError("a wrong header")
    numbers = flat.start + (flat.means or []) + (flat.scales or [])
    if not all(type(number) is float for number in numbers):
        raise ValueError("a list in the header holds something else than numbers")
    if flat.kind == "linear":
        if len(arrays["coefficients"]) != flat.outputs * width:
            raise ValueError("another number of coefficients")
        return
    nodes = len(arrays["skips"])
    if flat.kind != "trees" or not nodes or not len(arrays["roots"]):
        raise ValueError("no trees")
    if any(len(arrays[name]) != nodes for name in ("features", "thresholds", *(["null_left"] if flat.nulls else []))):
        raise ValueError("arrays of different lengths")
    if flat.vector and len(arrays["leaves"]) % flat.outputs:
        raise ValueError("a wrong number of leaves")
